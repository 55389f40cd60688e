import type { ActionInput, BuyInput } from "../../sandbox/play/inputs.ts";
import type { Purchase } from "../../sandbox/play/model.ts";
import { AppError } from "../../src/domain/errors.ts";
import { asCustomerId, type CustomerId } from "../../src/domain/ids.ts";
import { purchaseView } from "../../src/http/views.ts";
import { giveGrant } from "../../src/use-cases/admin/give-grant.ts";
import { revokeGrant } from "../../src/use-cases/admin/revoke-grant.ts";
import type { VerifiedPurchase } from "../../src/use-cases/verify-purchase.ts";
import { ON_TIME } from "../world/notices.ts";
import type { Replica } from "../world/replica.ts";
import { catalog as parsedCatalog } from "../world/shop.ts";
import { inMemory, type StorageKind } from "../world/storage.ts";
import { createWorld, type World } from "../world/world.ts";
import type { Act, ActOf, Channel } from "./acts.ts";
import { Audience } from "./audience.ts";
import { Faults } from "./faults.ts";
import { Google } from "./google.ts";
import { mayHaveEnded } from "./invariants.ts";
import { Ledger, purchaseIdOf } from "./ledger.ts";
import { Random } from "./random.ts";
import { catalogFile, PACKAGE } from "./shop.ts";
import { Tellings } from "./tellings.ts";

/** What is the same for a whole life. */
export interface Regime {
  readonly accountIds: "uid" | "hmac" | "none";
  readonly testPurchases: "grant" | "ignore";
  readonly verifyFreshMs: number;
  /** `PURCHASE_TRANSFER=allow`. */
  readonly transfers: boolean;
}

export function regimeOf(random: Random): Regime {
  return {
    accountIds: random.weighted({ uid: 6, hmac: 2, none: 2 }),
    testPurchases: random.weighted({ grant: 3, ignore: 1 }),
    verifyFreshMs: random.pick([0, 30_000]),
    transfers: random.chance(0.3),
  };
}

export interface StageOptions {
  readonly seed: string;
  readonly customers: number;
  readonly storage?: StorageKind;
  readonly note: (line: string) => void;
}

/** Where time is real nobody waits eight seconds for a call that hangs. */
const REAL_PACE = 0.02;

/** How long Google may tell an old state after a change. */
const STALE_MS = 5 * 60_000;

/** The world that a life is played in, with names for its purchases and a record of what the outside could see. */
export class Stage {
  readonly world: World;
  readonly regime: Regime;
  readonly google: Google;
  readonly ledger = new Ledger();
  readonly faults: Faults;
  readonly audience: Audience;
  readonly tellings: Tellings;
  readonly customers: readonly string[];
  /** Tokens by name, in the order of their making. */
  readonly tokens = new Map<string, string>();
  /** What went wrong while things happened. */
  readonly violations: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #messages = new Map<string, string>();
  readonly #terms = new WeakMap<Purchase, string>();
  /** When access ends if nothing happens, by token. */
  readonly #ends = new Map<string, number>();
  readonly #answers = new Map<string, { readonly etag: string; readonly at: number }>();
  /** Messages that will come, and of which nothing has come yet. */
  readonly #awaited = new Set<string>();
  readonly #told = new Map<string, number>();
  readonly #frozenSince = new Map<Replica, number>();
  readonly #sleeps = new Map<Replica, number>();
  readonly #random: Random;
  readonly #note: (line: string) => void;
  #channel: Channel = { lost: 0, doubled: 0, late: 0 };

  constructor({ seed, customers, storage = inMemory, note }: StageOptions) {
    this.#random = new Random(seed);
    this.#note = note;
    this.regime = regimeOf(this.#random.fork("regime"));
    const justChanged = (token: string) => this.now - this.#lookAt(token) < STALE_MS;
    this.faults = new Faults(this.#random.fork("faults"), justChanged, storage === inMemory ? 1 : REAL_PACE);
    this.customers = Array.from({ length: customers }, (_, index) => `customer-${index + 1}`);
    const { accountIds, testPurchases, verifyFreshMs, transfers } = this.regime;
    const catalog = catalogFile(testPurchases);
    this.world = createWorld({
      seed: this.#random.fork("world").between(1, 2 ** 31),
      storage,
      accountIds,
      catalog,
      settings: {
        verifyFreshMs,
        policy: { catalog: parsedCatalog(catalog), renewalLeewayHours: 72, transfers },
      },
      automatic: true,
      mail: true,
    });
    this.audience = new Audience(this.world, this.#random.fork("audience"), storage === inMemory);
    this.tellings = new Tellings(this.world);
    this.google = new Google(this.world.sandbox.play.world, testPurchases);
    this.world.trouble = this.faults.trouble;
    this.world.notices.manner = (notice) => this.#mannerOf(notice.messageId, notice.purchaseToken);
  }

  /** Before anything happens: who hears of it. */
  async begin(): Promise<void> {
    await this.audience.open(this.customers);
  }

  get now(): number {
    return this.world.clock.now();
  }

  name(purchase: Purchase): string {
    return this.#names.get(purchase.purchaseToken) ?? "a nameless purchase";
  }

  /** Whom an account id names; null: nobody, or ids aren't looked at. */
  named(accountId: string | null): string | null {
    if (accountId === null || this.regime.accountIds === "none") return null;
    return this.ledger.accounts.get(accountId) ?? null;
  }

  purchases(): Map<string, Purchase> {
    const { purchases } = this.world.sandbox.play.world;
    const entries = [...this.tokens].flatMap(([name, token]): [string, Purchase][] => {
      const purchase = purchases.get(token);
      return purchase === undefined ? [] : [[name, purchase]];
    });
    return new Map(entries);
  }

  /** Something happens, together with all that is due at that moment. What the world refuses doesn't happen. */
  async perform(act: Act): Promise<void> {
    this.#wake();
    this.#noteEnds();
    const tasks = await this.#start(act);
    for (const copy of this.world.notices.due(this.now)) {
      const bring = async () => {
        const handled = await this.world.deliver(copy.notice, this.replica(this.#random.between(0, 9)));
        if (handled === "retry") this.world.notices.again(copy, this.now);
      };
      tasks.push(bring());
    }
    await Promise.all(tasks);
    this.drain();
  }

  async pass(ms: number): Promise<void> {
    this.#wake();
    this.replica(0);
    await this.world.pass(ms, undefined);
    this.drain();
  }

  /** Trouble ends, what was late comes, and time passes until every period was over once. */
  async heal(ms: number): Promise<void> {
    this.faults.clear();
    this.world.trouble = null;
    this.world.notices.manner = (notice) => {
      this.#hearOf(notice.messageId, notice.purchaseToken);
      return ON_TIME(notice);
    };
    for (const replica of this.world.replicas) replica.thaw();
    await this.world.settle();
    await this.world.pass(ms);
    await this.world.settle();
    this.violations.push(...this.tellings.check());
    this.tellings.inOrder = false;
    this.violations.push(...(await this.audience.heal()));
    this.drain();
    for (const id of this.#awaited) {
      this.violations.push(`a notice about ${this.#names.get(this.#messages.get(id) ?? "")} came to nothing`);
    }
  }

  /** Two at least are alive at any time; who died is replaced. */
  replica(index: number): Replica {
    const alive = () => this.world.replicas.filter(({ state }) => state === "alive");
    while (alive().length < 2) this.world.start();
    const list = alive();
    const replica = list[index % list.length];
    if (replica === undefined) throw new Error("no replica is alive");
    return replica;
  }

  /** What has ended or changed by now, though only for a while: of what renews late nothing tells afterwards. */
  #noteEnds(): void {
    for (const purchase of this.google.all()) {
      const token = purchase.purchaseToken;
      if (this.now >= (this.#ends.get(token) ?? Number.POSITIVE_INFINITY)) this.ledger.ended.add(token);
      if (mayHaveEnded(purchase, this.google, this.now)) this.ledger.ended.add(token);
      const shares = this.google.shares(purchase, this.now);
      for (const { expiresAt } of shares) this.ledger.promise(token, expiresAt ?? 0);
      const ends = shares.flatMap(({ accessUntil }) => accessUntil ?? []);
      this.#ends.set(token, Math.min(...ends));
      this.#lookAt(token);
      this.#compareTerms(purchase);
    }
  }

  /** Google moves the end of a grace period without a word: what we were told isn't all then. */
  #compareTerms(purchase: Purchase): void {
    if (purchase.type === "one_time") return;
    const terms = `${purchase.state} ${purchase.items.map(({ expiresAt }) => expiresAt).join(" ")}`;
    if (this.#terms.get(purchase) !== terms) this.ledger.change(purchase.purchaseToken);
    this.#terms.set(purchase, terms);
  }

  /** When Google's answer about a purchase was seen to be a new one. */
  #lookAt(token: string): number {
    const etag = this.google.get(token)?.etag ?? "";
    const last = this.#answers.get(token);
    if (last?.etag === etag) return last.at;
    this.#answers.set(token, { etag, at: this.now });
    return this.now;
  }

  #wake(): void {
    for (const replica of this.world.replicas) {
      if (replica.state !== "frozen") continue;
      const since = this.#frozenSince.get(replica) ?? this.now;
      this.#frozenSince.set(replica, since);
      if (this.now < since + (this.#sleeps.get(replica) ?? 0)) continue;
      this.#frozenSince.delete(replica);
      this.#note(`${replica.name} thaws`);
      replica.thaw();
    }
  }

  async #start(act: Act): Promise<Promise<unknown>[]> {
    const { play } = this.world.sandbox;
    switch (act.do) {
      case "buy":
        await this.#buy(act);
        return [];
      case "google":
        this.#google(act);
        return [];
      case "verify":
        return this.#verify(act);
      case "restore":
        return [this.#restore(act.customer, this.replica(act.replica))];
      case "app_acknowledges": {
        const token = this.tokens.get(act.purchase);
        if (token === undefined) return [];
        this.ledger.appAcknowledged.add(token);
        play.acknowledge(token);
        return [];
      }
      case "fault":
        this.faults.add(act);
        return [];
      case "misfortune": {
        const replica = this.replica(act.replica);
        replica.strike(act.what.kind, act.what.calls);
        this.#sleeps.set(replica, act.what.minutes * 60_000);
        return [];
      }
      case "channel":
        this.#channel = act.channel;
        return [];
      case "admin_revoke":
        return [this.#revoke(act)];
      case "gift":
        return [this.#give(act)];
    }
  }

  async #buy({ customer, purchase, what }: ActOf<"buy">): Promise<void> {
    const { account, resubscribes, ...rest } = what;
    const before = resubscribes === undefined ? undefined : this.tokens.get(resubscribes);
    if (resubscribes !== undefined && before === undefined) return;
    const accountId = account === "own" ? await this.world.clock.run(this.#accountOf(customer)) : null;
    const input: BuyInput = {
      ...rest,
      uid: customer,
      packageName: PACKAGE,
      obfuscatedAccountId: accountId,
      ...(before === undefined ? {} : { resubscribes: before }),
    };
    this.#attempt(() => {
      const { purchaseToken } = this.world.sandbox.play.buy(input);
      this.#call(purchase, purchaseToken);
    });
  }

  /** As the app gets it from `GET /v1/account`; whose it is will be known from then on. */
  async #accountOf(customer: string): Promise<string | null> {
    const id = await this.world.accountIds.give(this.#customerId(customer));
    if (id !== null) this.ledger.accounts.set(id, customer);
    return id;
  }

  #customerId(customer: string): CustomerId {
    const id = asCustomerId(customer);
    if (id === null) throw new Error("no customer has such a name");
    return id;
  }

  #google({ purchase, action, input, makes }: ActOf<"google">): void {
    const token = this.tokens.get(purchase);
    if (token === undefined) return;
    const { order, ...rest } = input;
    const known = this.google.get(token)?.orderIds ?? [];
    const orderId = order === undefined ? undefined : known[order];
    if (order !== undefined && orderId === undefined) return;
    const full: ActionInput = { ...rest, ...(orderId === undefined ? {} : { orderId }) };
    this.#attempt(() => {
      const made = this.world.sandbox.play.act(token, action, full);
      this.ledger.change(token);
      if (makes !== undefined) this.#call(makes, made.purchaseToken);
    });
  }

  #call(name: string, token: string): void {
    this.tokens.set(name, token);
    this.#names.set(token, name);
    this.ledger.change(token);
  }

  /** What Google doesn't allow just doesn't happen: acts that were left out may have been what allowed it. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "Conflict") throw error;
      this.#note(`  Google refuses: ${error.message}`);
    }
  }

  #verify({ customer, purchase, replica, copies }: ActOf<"verify">): Promise<unknown>[] {
    const token = this.tokens.get(purchase);
    const bought = this.google.get(token ?? null);
    if (token === undefined || bought === null) return [];
    const productId = bought.type === "one_time" ? bought.productId : bought.items[0]?.productId;
    if (productId === undefined) return [];
    return Array.from({ length: copies }, (_, copy) =>
      this.#verifyOnce(customer, productId, token, this.replica(replica + copy)),
    );
  }

  async #verifyOnce(customer: string, productId: string, token: string, by: Replica): Promise<void> {
    const outcome = await this.world
      .verify(customer, productId, token, by)
      .then((answer) => this.#checkAnswer(token, answer), outcomeOf);
    this.ledger.verifies.push({ token, customer, at: this.now, outcome });
    this.#note(`  verify of ${this.#names.get(token)} by ${customer} at ${by.name}: ${outcome}`);
  }

  /** An answer about a purchase is true at its moment, unless it may be half a minute old or Google told an old one. */
  #checkAnswer(token: string, answer: VerifiedPurchase | undefined): string {
    if (answer === undefined) return "unknown";
    const { purchase } = answer;
    // Of a void Google tells us by a notice or the list, while its answer may stay as it was.
    const untold = this.#isVoided(token) && !this.ledger.isUpToDate(token);
    const sure = this.regime.verifyFreshMs === 0 && !this.faults.stale.has(token) && !untold;
    const bought = this.google.get(token);
    if (!sure || bought === null) return "ok";
    const access = purchaseView(purchase, this.world.settings.policy, this.now)?.access;
    if (access !== this.google.hasAccess(bought, this.now)) {
      this.violations.push(`verify of ${this.name(bought)} says access: ${access}, and Google doesn't`);
    }
    return "ok";
  }

  #isVoided(token: string): boolean {
    return this.google.view.voids.some(({ purchaseToken }) => purchaseToken === token);
  }

  /** All that the customer has; which of it the app presented is known of what came back alone. */
  async #restore(customer: string, by: Replica): Promise<void> {
    const restored = await this.world.restore(customer, by).catch((error: unknown) => {
      outcomeOf(error);
      return undefined;
    });
    const ok = new Set(
      restored?.results.flatMap((one) => (one instanceof AppError ? [] : [String(one.purchase.id)])),
    );
    for (const { uid, purchaseToken: token } of this.google.all()) {
      if (uid !== customer) continue;
      const outcome = ok.has(purchaseIdOf(token)) ? "ok" : "unknown";
      this.ledger.verifies.push({ token, customer, at: this.now, outcome });
    }
  }

  /** One of the customer's open grants is taken away; of an answer that got lost it is tried until it is certain. */
  async #revoke({ customer, pick }: ActOf<"admin_revoke">): Promise<void> {
    // What becomes of it when the purchase moves to somebody else is said nowhere.
    if (this.regime.transfers) return;
    const { grants } = await this.world.dump();
    const open = grants.filter((grant) => grant.customerId === customer && grant.status === "Delivered");
    const grant = open[pick % Math.max(1, open.length)];
    if (grant === undefined) return;
    const { status } = await this.#insist((by) => revokeGrant(by.ports, grant.id, "simulation"));
    if (status !== "Revoked")
      this.violations.push(`grant ${grant.id} is ${status} after it was revoked by hand`);
    if (grant.purchaseId === null) this.ledger.takeGift(customer, grant.entitlementId);
    else this.ledger.manualRevokes.add(grant.id);
    this.#note(`  ${grant.entitlementId} of ${customer} is taken away by hand`);
  }

  async #give({ customer, entitlement, days }: ActOf<"gift">): Promise<void> {
    const expiresAt = days === null ? null : Math.floor(this.now) + days * 86_400_000;
    const customerId = this.#customerId(customer);
    const request = { customerId, entitlementId: entitlement, expiresAt, note: null };
    await this.#insist((by) => giveGrant(by.ports, request, "simulation"));
    this.ledger.give({ customer, entitlement, expiresAt });
  }

  /** People try again until it is done. */
  async #insist<T>(work: (by: Replica) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const by = this.replica(tries);
      const stopped = by.stopped.then(() => "stopped" as const);
      try {
        const done = await this.world.clock.run(
          Promise.race([work(by).then((result) => ({ result })), stopped]),
        );
        if (done !== "stopped") return done.result;
      } catch (error) {
        if (by.state === "alive" && outcomeOf(error) !== "unknown") throw error;
      }
      if (tries > 50) throw new Error("what a person does by hand never succeeds");
    }
  }

  #mannerOf(messageId: string, token: string | null): readonly number[] {
    this.#hearOf(messageId, token);
    const { lost, doubled, late } = this.#channel;
    const count = (this.#told.get(token ?? "") ?? 0) + 1;
    this.#told.set(token ?? "", count);
    const random = this.#random.fork(`notice ${this.#names.get(token ?? "") ?? ""} ${count}`);
    if (random.chance(lost)) return [];
    this.#awaited.add(messageId);
    const delay = () => (random.chance(late) ? random.between(1, 3 * 3_600_000) : 0);
    return random.chance(doubled) ? [delay(), delay()] : [delay()];
  }

  #hearOf(messageId: string, token: string | null): void {
    this.drain();
    this.#noteEnds();
    if (token === null) return;
    this.#messages.set(messageId, token);
    this.ledger.change(token);
  }

  /** Takes note of what was handled since. */
  drain(): void {
    for (const { event, fields } of this.world.log.splice(0)) {
      if (event !== "notification") continue;
      const token = this.#messages.get(String(fields.message_id));
      this.#awaited.delete(String(fields.message_id));
      if (token === undefined) continue;
      const outcome = String(fields.outcome);
      if (outcome.startsWith("synced")) {
        this.ledger.notified.add(token);
        if (!this.faults.stale.has(token)) this.ledger.hear(token, this.ledger.mark());
      } else if (outcome !== "dead letter: product_not_in_catalog" && outcome !== "expired token") {
        this.violations.push(`a notice about ${this.#names.get(token)} ended as ${outcome}`);
      }
    }
    for (const token of this.faults.stale) this.ledger.doubt(token);
    this.faults.stale.clear();
  }
}

/** What is worth trying again may have been done or not. */
function outcomeOf(error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  return error.retryable ? "unknown" : error.code;
}
