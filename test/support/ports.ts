import { randomBytes } from "node:crypto";
import { createUidAccountIds } from "../../src/adapters/account-ids/account-ids.ts";
import { createLocalSecretBox } from "../../src/adapters/crypto/local-secret-box.ts";
import { createMemoryStore, type MemoryStore } from "../../src/adapters/memory/memory-store.ts";
import { createJoin } from "../../src/adapters/shared/single-flight.ts";
import type { Policy } from "../../src/domain/desired-grants.ts";
import type { Queue } from "../../src/domain/effect.ts";
import type { CustomerFile } from "../../src/domain/entitlements.ts";
import { emptyCustomerFile } from "../../src/domain/entitlements.ts";
import type { CustomerId } from "../../src/domain/ids.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createDeliveries, type Deliveries } from "../../src/integrations/registry.ts";
import type {
  AccountIds,
  Background,
  Clock,
  Log,
  LogFields,
  Ports,
  PurchaseStore,
  RecentAsks,
  SecretBox,
  Settings,
} from "../../src/ports.ts";
import { runDueEffects, startEffects } from "../../src/use-cases/run-effects.ts";
import { FakeLicenses } from "../use-cases/support/fake-licenses.ts";
import { FakePlay } from "../use-cases/support/fake-play.ts";
import { VirtualClock } from "../use-cases/support/virtual-clock.ts";
import { NOW, POLICY } from "./builders.ts";
import { type Fate, Life } from "./life.ts";

export type { Fate } from "./life.ts";

/** Every port, and what effects need beside them. */
export type AllPorts = Ports & { readonly deliveries: Deliveries };

export interface WorldOptions {
  readonly now?: Instant;
  readonly policy?: Policy;
  readonly settings?: Partial<Settings>;
  readonly accountIds?: AccountIds;
  /** The owner's systems and mail, where a test is about them. */
  readonly outside?: Outside;
}

type Outside = Partial<Pick<Ports, "webhooks" | "mailer" | "accounts">>;

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
  readonly error: unknown;
}

/**
 * The outside and the store: what stays when a process dies. Processes of ours come and go in it, all on one virtual
 * clock.
 */
export interface World {
  readonly clock: VirtualClock;
  readonly memory: MemoryStore;
  readonly play: FakePlay;
  readonly licenses: FakeLicenses;
  readonly secretBox: SecretBox;
  readonly log: LogLine[];
  readonly settings: Settings;
  process(options?: ProcessOptions): Process;
  /** The outcome of something; time passes whenever all waits for it. */
  run<T>(promise: Promise<T>): Promise<T>;
  customer(id: CustomerId): CustomerFile;
}

export interface ProcessOptions {
  /** What a commit sets going runs `at_once`, when told (`manual`), or not at all: there is no room (`full`). */
  readonly background?: "at_once" | "manual" | "full";
  readonly fate?: Fate;
  /** The answer to every commit is lost, and the database's client sends it again by itself. */
  readonly repeatsCommits?: boolean;
}

export interface Process {
  readonly ports: AllPorts;
  /** Calls to the outside and the store, by name, as they went out. */
  readonly calls: readonly string[];
  /** Whether its fate has met it. */
  readonly struck: () => boolean;
  thaw(): void;
  /** Starts what waits in a manual background. */
  flush(): void;
  /** Runs what is due, again and again, time passing, until the outbox is empty. */
  settle(): Promise<void>;
}

const KEYS = [{ id: "k1", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }];

export function createWorld(options: WorldOptions = {}): World {
  const clock = new VirtualClock(options.now ?? NOW);
  const settings: Settings = {
    policy: options.policy ?? POLICY,
    verifyFreshMs: 30_000,
    verifyWaitMs: 5_000,
    leaseMs: 30_000,
    refundReviewDefault: null,
    ...options.settings,
  };
  let leases = 0;
  const newLease = () => {
    leases += 1;
    return `lease-${leases}`;
  };
  const memory = createMemoryStore({ clock, chance: () => 0.5, leaseMs: settings.leaseMs, newLease });
  const world: World = {
    clock,
    memory,
    settings,
    play: new FakePlay(),
    licenses: new FakeLicenses(),
    secretBox: createLocalSecretBox(KEYS),
    log: [],
    process: (how) =>
      createProcess(world, options.accountIds ?? createUidAccountIds(), options.outside ?? {}, how),
    run: (promise) => clock.run(promise),
    customer: (id) => memory.tables.customers.get(id)?.value ?? emptyCustomerFile(id),
  };
  return world;
}

function createProcess(
  world: World,
  accountIds: AccountIds,
  outside: Outside,
  options: ProcessOptions = {},
): Process {
  const { clock, memory, settings, secretBox } = world;
  const life = new Life(options.fate ?? null);
  const background = createBackground(options.background ?? "at_once", clock);
  const { webhooks, mailer, accounts } = outside;
  const ports = assemblePorts({
    settings,
    clock,
    accountIds,
    secretBox,
    background,
    play: life.guard("play", world.play),
    store: life.guard("store", options.repeatsCommits === true ? repeating(memory.store) : memory.store),
    outbox: life.guard("outbox", memory.outbox),
    records: life.guard("records", memory.records),
    adminRecords: life.guard("adminRecords", memory.adminRecords),
    sweepRecords: life.guard("sweepRecords", memory.sweepRecords),
    desk: life.guard("desk", memory.desk),
    intake: life.guard("intake", memory.intake),
    webhookRecords: life.guard("webhookRecords", memory.webhookRecords),
    mailRecords: life.guard("mailRecords", memory.mailRecords),
    ...(webhooks === undefined ? {} : { webhooks: life.guard("webhooks", webhooks) }),
    ...(mailer == null ? {} : { mailer: life.guard("mailer", mailer) }),
    ...(accounts === undefined ? {} : { accounts: life.guard("accounts", accounts) }),
    licenses: life.guard("licenses", world.licenses),
    log: createLog(world.log),
  });
  return {
    ports,
    calls: life.calls,
    struck: () => life.struck,
    thaw: () => life.thaw(),
    flush: () => background.flush(),
    settle: () => settleOutbox(world, ports),
  };
}

/** What comes of a commit that went through unheard and was sent again: a conflict with itself, so it is decided anew. */
function repeating(store: PurchaseStore): PurchaseStore {
  return {
    load: store.load,
    update: async (ids, decide, { basis, ...options } = {}) => {
      const first = await store.update(ids, decide, basis === undefined ? options : { ...options, basis });
      const wrote = first.after !== basis && first.after.file !== basis?.file;
      return wrote ? store.update(ids, decide, options) : first;
    },
  };
}

type Given =
  | "settings"
  | "clock"
  | "accountIds"
  | "secretBox"
  | "background"
  | "play"
  | "store"
  | "outbox"
  | "records"
  | "adminRecords"
  | "sweepRecords"
  | "desk"
  | "intake"
  | "licenses"
  | "log";

type MayBeGiven =
  | "chance"
  | "entropy"
  | "webhookRecords"
  | "webhooks"
  | "mailRecords"
  | "mailer"
  | "accounts";

/** All ports of a process: those given, what lives in the process itself, and an owner who wants to hear of nothing. */
export function assemblePorts(given: Pick<Ports, Given> & Partial<Pick<Ports, MayBeGiven>>): AllPorts {
  const { clock, licenses, secretBox } = given;
  const { webhookRecords, mailRecords } = createMemoryStore({
    clock,
    chance: () => 0.5,
    leaseMs: given.settings.leaseMs,
    newLease: () => "",
  });
  const ports: AllPorts = {
    chance: () => 0.5,
    entropy: randomBytes,
    webhookRecords,
    webhooks: {
      timeoutMs: 1_000,
      send: async () => unused("webhooks"),
      refusal: async () => unused("webhooks"),
    },
    mailRecords,
    mailer: null,
    accounts: { email: async () => null },
    ...given,
    deliveries: createDeliveries({ licenses, secretBox, clock }),
    identity: { verify: async () => unused("identity") },
    pushIdentity: { verify: async () => unused("pushIdentity") },
    effects: { start: (leased) => startEffects(ports, leased) },
    join: createJoin(),
    recentAsks: createRecentAsks(clock),
  };
  return ports;
}

function unused(port: string): never {
  throw new Error(`no test of use cases asks ${port}`);
}

async function settleOutbox({ clock, memory, settings }: World, ports: AllPorts): Promise<void> {
  const { outbox } = memory.tables;
  for (let round = 0; outbox.size > 0; round += 1) {
    if (round > 500) throw new Error(`the outbox never empties: ${[...outbox.keys()].join(", ")}`);
    if ((await clock.run(runDueEffects(ports, 100))) > 0) continue;
    const next = [...outbox.values()].map(({ value }) => {
      const freeIn = value.lease === null ? 0 : value.leasedAt + settings.leaseMs - clock.monotonic();
      return Math.max(value.dueAt, clock.now() + freeIn);
    });
    // What ran in the background has ended meanwhile.
    if (next.length === 0) return;
    clock.advanceTo(Math.max(clock.now() + 1, Math.min(...next)));
  }
}

/** @param clock Says how long a queue stays paused; without it none ever is. */
export function createBackground(
  mode: "at_once" | "manual" | "full",
  clock?: Pick<Clock, "monotonic">,
): Background & { flush(): void } {
  const waiting: (() => Promise<void>)[] = [];
  const pausedUntil = new Map<Queue, number>();
  const isPaused = (queue: Queue) => (clock?.monotonic() ?? 0) < (pausedUntil.get(queue) ?? 0);
  return {
    hasRoom: (queue = "core") => mode !== "full" && !isPaused(queue),
    run: (task) => {
      if (mode === "at_once") void task();
      else waiting.push(task);
    },
    pause: (queue, ms) => {
      if (clock !== undefined) pausedUntil.set(queue, clock.monotonic() + ms);
    },
    flush: () => {
      for (const task of waiting.splice(0)) void task();
    },
  };
}

export function createLog(lines: LogLine[]): Log {
  const write =
    (level: LogLine["level"]) =>
    (event: string, fields: LogFields = {}, error: unknown = null) =>
      void lines.push({ level, event, fields, error });
  return { info: write("info"), warn: write("warn"), error: write("error") };
}

function createRecentAsks(clock: Clock): RecentAsks {
  const asked = new Map<string, { revision: number; at: number }>();
  return {
    note: (id, revision) => void asked.set(id, { revision, at: clock.monotonic() }),
    ageMs: (id, revision) => {
      const last = asked.get(id);
      return last?.revision === revision ? clock.monotonic() - last.at : null;
    },
  };
}
