import type { Sweep } from "../../src/use-cases/sweep.ts";
import { type Fate, Life } from "../support/life.ts";
import { type AllPorts, assemblePorts, createBackground, createLog, type LogLine } from "../support/ports.ts";
import type { Outside } from "./outside.ts";
import type { Storage } from "./storage.ts";
import { createWorldSweeps } from "./sweeps.ts";
import { type StorePort, type Trouble, troubled } from "./trouble.ts";

/** One process of the service: ports of its own over the world's store and outside. */
export interface Replica {
  readonly name: string;
  readonly ports: AllPorts;
  /** Its worker's sweeps; effects are run apart from them. */
  readonly sweeps: readonly Sweep[];
  /** Calls to the outside and the store as they went out: `play.getPurchase`. */
  readonly calls: readonly string[];
  readonly state: "alive" | "frozen" | "dead";
  /** Something befalls it `calls` calls from now (1: the next). */
  strike(kind: Fate["kind"], calls?: number): void;
  /** Dies now. */
  die(): void;
  /** A frozen one goes on where it stood, as if no time had passed. */
  thaw(): void;
  /** Resolves when it dies or freezes. */
  readonly stopped: Promise<void>;
}

export interface ReplicaParts {
  readonly storage: Storage;
  readonly outside: Outside;
  readonly common: Pick<AllPorts, "settings" | "clock" | "chance" | "accountIds" | "secretBox">;
  readonly log: LogLine[];
  readonly trouble: () => Trouble | null;
  /** Whether letters are sent. */
  readonly mail: boolean;
}

export function createReplica(
  name: string,
  { storage, outside, common, log, trouble, mail }: ReplicaParts,
): Replica {
  const life = new Life(null);
  const how = { clock: common.clock, trouble };
  const adapters = outside.connect(name);
  const kept = <K extends StorePort>(port: K) => life.guard(port, troubled(storage[port], port, name, how));
  const ports = assemblePorts({
    ...common,
    background: createBackground("at_once", common.clock),
    play: life.guard("play", adapters.play),
    licenses: life.guard("licenses", adapters.licenses),
    store: kept("store"),
    outbox: kept("outbox"),
    records: kept("records"),
    adminRecords: kept("adminRecords"),
    sweepRecords: kept("sweepRecords"),
    desk: kept("desk"),
    webhookRecords: kept("webhookRecords"),
    mailRecords: kept("mailRecords"),
    webhooks: life.guard("webhooks", outside.receivers),
    mailer: mail ? life.guard("mailer", outside.mailbox) : null,
    accounts: life.guard("accounts", {
      email: async (customer: string) => outside.addresses.get(customer) ?? null,
    }),
    intake: kept("intake"),
    log: createLog(log),
  });
  return {
    name,
    ports,
    sweeps: createWorldSweeps(),
    calls: life.calls,
    get state() {
      return life.state;
    },
    strike: (kind, calls) => life.strike(kind, calls),
    die: () => life.die(),
    thaw: () => life.thaw(),
    get stopped() {
      return life.stopped;
    },
  };
}
