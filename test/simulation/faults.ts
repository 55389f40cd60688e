import type { Call, Strike, Trouble } from "../world/trouble.ts";
import type { ActOf, Fault } from "./acts.ts";
import type { Random } from "./random.ts";

/** Ports of the store whose writes may fail. */
const STORES: ReadonlySet<string> = new Set(["store", "webhookRecords", "mailRecords"]);
const WRITES: ReadonlySet<string> = new Set(["update", "plan", "changeDelivery", "changeEndpoint", "settle"]);

interface Waiting {
  readonly service: ActOf<"fault">["service"];
  readonly kind: Fault;
  left: number;
}

/** The faults that were called for, each waiting for the calls that it befalls; beside them some calls are slow. */
export class Faults {
  #waiting: Waiting[] = [];
  readonly #random: Random;
  /** Tokens of which Google told an old state. */
  readonly stale = new Set<string>();

  readonly #justChanged: (token: string) => boolean;
  readonly #pace: number;

  /**
   * @param justChanged Whether a purchase has changed so lately that Google may still tell its old state.
   * @param pace How long waits are, where time is real: 1 as they are, less is shorter.
   */
  constructor(random: Random, justChanged: (token: string) => boolean, pace: number) {
    this.#random = random;
    this.#justChanged = justChanged;
    this.#pace = pace;
  }

  add({ service, kind, count }: ActOf<"fault">): void {
    this.#waiting.push({ service, kind, left: count });
  }

  clear(): void {
    this.#waiting = [];
  }

  readonly trouble: Trouble = (call) => {
    const service = STORES.has(call.service) ? "store" : call.service;
    const fault = this.#waiting.find((one) => one.service === service && this.#fits(one.kind, call));
    if (fault === undefined)
      return this.#random.chance(0.15)
        ? { kind: "slow", ms: this.#pace * this.#random.between(1, 400) }
        : null;
    fault.left -= 1;
    if (fault.left === 0) this.#waiting = this.#waiting.filter((one) => one !== fault);
    if (fault.kind === "stale") this.stale.add(tokenIn(call.what));
    return strikeOf(fault.kind, this.#random, this.#pace);
  };

  /** Reads may be stale for a while, writes to the store refused or unheard; all else befalls any call. */
  #fits(kind: Fault, { service, what }: Call): boolean {
    if (kind === "stale") return what.startsWith("GET ") && this.#justChanged(tokenIn(what));
    return !STORES.has(service) || WRITES.has(what);
  }
}

function strikeOf(kind: Fault, random: Random, pace: number): Strike {
  switch (kind) {
    case "status_503":
      return { kind: "status", status: 503 };
    case "status_429":
      return { kind: "status", status: 429, retryAfterSeconds: random.between(1, 30) };
    case "hangs":
      return { kind: "lost", afterMs: pace * 8_000 };
    case "lost":
    case "unheard":
      return { kind, afterMs: pace * random.pick([0, 50, 3_000]) };
    case "stale":
      return { kind: "stale" };
  }
}

function tokenIn(path: string): string {
  return decodeURIComponent(path.split("/tokens/")[1] ?? "");
}
