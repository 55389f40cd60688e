import { possibleActions } from "../../sandbox/play/actions.ts";
import type { Purchase } from "../../sandbox/play/model.ts";
import type { StorageKind } from "../world/storage.ts";
import { type Act, describeAct } from "./acts.ts";
import { checkInvariants } from "./invariants.ts";
import { Life, type Sight } from "./life.ts";
import { observe, type Snapshot } from "./observed.ts";
import { checkOwners } from "./owners.ts";
import { Random } from "./random.ts";
import { compare, compareAccess, type Reference } from "./reference.ts";
import { ENTITLEMENTS } from "./shop.ts";
import { Stage } from "./stage.ts";

export interface SimulateOptions {
  readonly seed: number;
  readonly customers: number;
  readonly storage?: StorageKind;
  /** Plays these acts in place of a life made up from the seed. */
  readonly acts?: readonly Act[];
  /** Invariants are checked at every so many acts (1); reading all that is stored takes long on an emulator. */
  readonly checkEvery?: number;
}

export interface Report {
  readonly seed: number;
  /** What was played: played again it comes out the same. */
  readonly acts: readonly Act[];
  /** What is wrong; empty: nothing. */
  readonly problems: readonly string[];
  /** What happened, a line each, in order. */
  readonly trace: readonly string[];
}

const ACTS_PER_CUSTOMER = 14;
/** Longer than every period, hold and leeway of this shop: by then every purchase was due once. */
const HEALING_MS = 45 * 86_400_000;

/** Plays one life and compares it with the reference; stops at the first thing that is wrong. */
export async function simulate(options: SimulateOptions): Promise<Report> {
  const run = new Run(options);
  try {
    await run.play();
  } catch (error) {
    run.problems.push(`it broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    await run.stage.world.close();
  }
  const { acts, problems, trace } = run;
  return { seed: options.seed, acts, problems, trace };
}

class Run {
  readonly acts: Act[] = [];
  readonly problems: string[] = [];
  readonly trace: string[] = [];
  readonly stage: Stage;
  readonly #options: SimulateOptions;
  readonly #start: number;
  #before: Snapshot | null = null;

  constructor(options: SimulateOptions) {
    const { seed, customers, storage } = options;
    this.#options = options;
    const note = (line: string) => this.#note(line);
    this.stage = new Stage({ seed: String(seed), customers, note, ...(storage && { storage }) });
    this.#start = this.stage.now;
    this.#note(`regime ${JSON.stringify(this.stage.regime)}`);
  }

  async play(): Promise<void> {
    await this.stage.begin();
    for (const act of this.#acts()) {
      this.acts.push(act);
      await this.stage.pass(Math.max(0, this.#start + act.at - this.stage.now));
      this.#note(describeAct(act));
      await this.stage.perform(act);
      if (this.acts.length % (this.#options.checkEvery ?? 1) === 0) await this.#check();
      if (this.problems.length > 0) return;
    }
    this.#note("all trouble ends");
    await this.stage.heal(HEALING_MS);
    await this.#check();
    if (this.problems.length > 0) return;
    this.#compare();
    this.problems.push(...this.stage.tellings.checkAll(await this.stage.world.dump()));
  }

  /** The acts given, or a life made up as it goes. */
  *#acts(): Generator<Act> {
    const { acts, seed, customers } = this.#options;
    if (acts !== undefined) {
      yield* acts;
      return;
    }
    const life = new Life(new Random(`${seed}/life`));
    for (let count = 0; count < ACTS_PER_CUSTOMER * customers; count += 1) yield life.next(this.#sight());
  }

  #sight(): Sight {
    return {
      now: this.stage.now - this.#start,
      customers: this.stage.customers,
      replicas: 2,
      purchases: this.stage.purchases(),
      possible: (purchase) => possibleActions(this.stage.world.sandbox.play.world, purchase),
    };
  }

  async #check(): Promise<void> {
    const now = await this.#observe();
    const { google, ledger } = this.stage;
    const reference = this.#reference(now);
    const { owner, name } = reference;
    this.#noteEntitled(reference);
    this.problems.push(
      ...this.stage.violations,
      ...this.stage.tellings.check(),
      ...this.stage.customers.flatMap((customer) => compareAccess(reference, customer, ENTITLEMENTS)),
      ...checkInvariants({ google, ledger, now, before: this.#before, owner, name }),
    );
    this.#before = now;
  }

  /** Since when each purchase has had access and a customer: from then on it has to be acknowledged. */
  #noteEntitled({ google, ledger, owner, snapshot }: Reference): void {
    for (const purchase of google.all()) {
      const token = purchase.purchaseToken;
      const entitled = owner(purchase) !== null && google.hasAccess(purchase, snapshot.at);
      // What was taken back has had its chance.
      if (entitled && !ledger.entitledSince.has(token)) ledger.entitledSince.set(token, snapshot.at);
      if (!entitled && !google.isTakenBack(purchase)) ledger.entitledSince.delete(token);
    }
  }

  #compare(): void {
    const reference = this.#reference(this.#before);
    const { google, ledger, owner, known, name } = reference;
    const named = (accountId: string | null) => this.stage.named(accountId);
    this.problems.push(
      ...checkOwners(
        { google, ledger, named, bound: owner, transfers: this.stage.regime.transfers },
        known,
        name,
      ),
      ...compare(reference, this.stage.customers, ENTITLEMENTS),
      ...this.#orphans(reference.snapshot),
    );
  }

  /** A live licence whose key nobody holds is an orphan, and a person has to be told. */
  #orphans({ licences }: Snapshot): string[] {
    return licences.flatMap(({ licence, held, reported }) => {
      const live = licence.status !== "revoked";
      if (held) return reported ? [`licence ${licence.id} is held and reported as an orphan`] : [];
      return live && !reported ? [`licence ${licence.id} is nobody's, lives, and isn't reported`] : [];
    });
  }

  async #observe(): Promise<Snapshot> {
    const { world } = this.stage;
    const { licences } = world.sandbox.keythai;
    return observe(await world.dump(), licences, world.settings.policy, this.stage.now);
  }

  #reference(snapshot: Snapshot | null): Reference {
    if (snapshot === null) throw new Error("nothing was observed yet");
    const { google, ledger } = this.stage;
    const records = new Map(
      [...snapshot.purchases.values()].map((record) => [google.byId(record.id), record] as const),
    );
    return {
      google,
      ledger,
      snapshot,
      owner: (purchase: Purchase) => records.get(purchase)?.customer ?? null,
      known: (purchase: Purchase) => records.get(purchase)?.view != null,
      name: (purchase: Purchase) => this.stage.name(purchase),
    };
  }

  #note(line: string): void {
    const at = this.stage === undefined ? "" : new Date(this.stage.now).toISOString();
    this.trace.push(`${at} ${line}`);
  }
}
