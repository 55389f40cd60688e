import { z } from "zod";
import { cryptoRandom, type Random } from "./random.ts";
import { realSleep, type Sleep } from "./timers.ts";

const ONLY: Record<string, readonly string[]> = {
  stale: ["play"],
  broken_json: ["play", "keythai", "webhooks"],
  lose: ["rtdn"],
  double: ["rtdn"],
  delay: ["rtdn"],
  shuffle: ["rtdn"],
};

/** A fault asked for by the control API. `count: null` lasts until it is cleared. */
export const faultInput = z
  .strictObject({
    service: z.enum(["play", "keythai", "smtp", "webhooks", "rtdn"]),
    kind: z.enum([
      "status_503",
      "status_429",
      "status_500",
      "status_401",
      "status_403",
      "hang",
      "slow",
      "cut_before",
      "cut_after",
      "broken_json",
      "stale",
      "lose",
      "double",
      "delay",
      "shuffle",
    ]),
    count: z.number().int().positive().nullable().optional(),
    delayMs: z.number().nonnegative().optional(),
    /** Only requests whose `METHOD /path` contains this. */
    path: z.string().optional(),
    /** Strikes by chance, for the crash test; a request that it spares does not count. */
    probability: z.number().min(0).max(1).optional(),
    /** The error code or reason told with a status, in place of the usual one (`QUOTA_EXCEEDED`). */
    code: z.string().optional(),
    retryAfterSeconds: z.number().int().nonnegative().optional(),
  })
  .superRefine(({ kind, service }, context) => {
    const services = ONLY[kind] ?? ["play", "keythai", "smtp", "webhooks"];
    if (services.includes(service)) return;
    context.addIssue(`${kind} is a fault of ${services.join(", ")}, not of ${service}`);
  });

export type FaultInput = z.input<typeof faultInput>;
export type Service = FaultInput["service"];
export type FaultKind = FaultInput["kind"];

export type Fault = FaultInput & { id: number; left: number | null; struck: number };

export type Faults = {
  /** How a slow or delayed one waits. */
  readonly sleep: Sleep;
  add(input: FaultInput): Fault;
  /** Those of one service, or all. */
  clear(service?: Service): void;
  list(): Fault[];
  /** The fault that strikes this request, used up by it. */
  take(service: Service, request: string): Fault | null;
};

/** Faults wait in the order in which they were asked for; the first that fits a request strikes. */
export function createFaults(random: Random = cryptoRandom(), sleep: Sleep = realSleep): Faults {
  let faults: Fault[] = [];
  let nextId = 1;
  return {
    sleep,
    add(input) {
      const parsed = faultInput.parse(input);
      const left = parsed.count === undefined ? 1 : parsed.count;
      const fault = { ...parsed, id: nextId++, left, struck: 0 };
      faults.push(fault);
      return fault;
    },
    clear(service) {
      faults = service === undefined ? [] : faults.filter((fault) => fault.service !== service);
    },
    list: () => [...faults],
    take(service, request) {
      if (faults.length === 0) return null;
      const fault = faults.find((candidate) => strikes(candidate, service, request, random));
      if (fault === undefined) return null;
      fault.struck += 1;
      if (fault.left !== null && --fault.left === 0) faults = faults.filter((other) => other !== fault);
      return fault;
    },
  };
}

function strikes(fault: Fault, service: Service, request: string, random: Random): boolean {
  if (fault.service !== service) return false;
  if (fault.path !== undefined && !request.includes(fault.path)) return false;
  if (fault.kind === "stale" && !request.startsWith("GET ")) return false;
  return fault.probability === undefined || random() < fault.probability;
}
