import type { Purchase } from "../../sandbox/play/model.ts";
import type { Act } from "./acts.ts";
import { pickAction } from "./google-acts.ts";
import type { Random } from "./random.ts";
import { ENTITLEMENTS } from "./shop.ts";
import { pickTrouble } from "./troubles.ts";
import { pickWares } from "./wares.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What the generator may look at: the world as it has become so far. */
export interface Sight {
  readonly now: number;
  readonly customers: readonly string[];
  readonly replicas: number;
  /** By the names given in the acts, oldest first. */
  readonly purchases: ReadonlyMap<string, Purchase>;
  readonly possible: (purchase: Purchase) => readonly string[];
}

/**
 * Makes up a life, act by act, from chance and from what the world has become. The acts are plain data: the same list
 * played again, or with some left out, needs no generator.
 */
export class Life {
  readonly #random: Random;
  /** Promised acts, the next first: the app that verifies a moment after buying, and the like. */
  readonly #agenda: Act[] = [];
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(sight: Sight): Act {
    const at = sight.now + this.#pause();
    const promised = this.#agenda[0];
    if (promised !== undefined && promised.at <= at) {
      this.#agenda.shift();
      return { ...promised, at: Math.max(promised.at, sight.now) };
    }
    const kind = this.#random.weighted({
      buy: 22,
      google: 45,
      verify: 13,
      restore: 4,
      trouble: 14,
      admin: 2,
    });
    if (kind === "buy" || sight.purchases.size === 0) return this.#buy(sight, at);
    if (kind === "verify") return this.#verify(sight, at);
    if (kind === "admin") return this.#admin(sight, at);
    if (kind === "trouble") return pickTrouble(this.#random, sight, at);
    if (kind === "restore") {
      return {
        at,
        do: "restore",
        customer: this.#random.pick(sight.customers),
        replica: this.#replica(sight),
      };
    }
    return this.#google(sight, at);
  }

  /** Many things come in one breath, some hours later, few after days. */
  #pause(): number {
    const random = this.#random;
    switch (random.weighted({ breath: 45, minutes: 15, hours: 28, days: 12 })) {
      case "breath":
        return random.between(0, 20 * SECOND);
      case "minutes":
        return random.between(1, 90) * MINUTE;
      case "hours":
        return random.between(1, 30) * HOUR;
      default:
        return random.between(30, 150) * HOUR;
    }
  }

  #buy(sight: Sight, at: number): Act {
    const customer = this.#random.pick(sight.customers);
    const purchase = this.#name();
    this.#promiseVerify(sight, customer, purchase, at);
    const owned = new Map([...sight.purchases].filter(([, { uid }]) => uid === customer));
    return { at, do: "buy", customer, purchase, what: pickWares(this.#random, owned) };
  }

  #name(): string {
    this.#names += 1;
    return `p${this.#names}`;
  }

  /** Most apps verify at once; some are killed before, and some of those come back days later. */
  #promiseVerify(sight: Sight, customer: string, purchase: string, at: number): void {
    const random = this.#random;
    const after = random.weighted({ at_once: 60, soon: 12, later: 8, never: 20 });
    if (after === "never") return;
    const wait = {
      at_once: random.between(0, 3) * SECOND,
      soon: random.between(1, 60) * MINUTE,
      later: random.between(3, 60) * HOUR,
    };
    const verify = {
      do: "verify",
      customer,
      purchase,
      replica: this.#replica(sight),
      copies: this.#copies(),
    } as const;
    this.#promise({ at: at + wait[after], ...verify });
  }

  #promise(act: Act): void {
    this.#agenda.push(act);
    this.#agenda.sort((a, b) => a.at - b.at);
  }

  #copies(): number {
    return this.#random.chance(0.15) ? this.#random.between(2, 6) : 1;
  }

  #replica(sight: Sight): number {
    return this.#random.between(0, sight.replicas - 1);
  }

  #verify(sight: Sight, at: number): Act {
    const [purchase, { uid }] = this.#random.pick(recent(sight));
    // Sometimes a second customer wants the same purchase.
    const customer = this.#random.chance(0.85) ? uid : this.#random.pick(sight.customers);
    return { at, do: "verify", customer, purchase, replica: this.#replica(sight), copies: this.#copies() };
  }

  /** What people do by hand. */
  #admin(sight: Sight, at: number): Act {
    const random = this.#random;
    const customer = random.pick(sight.customers);
    if (random.chance(0.6)) return { at, do: "admin_revoke", customer, pick: random.between(0, 9) };
    const days = random.chance(0.3) ? null : random.between(1, 40);
    return { at, do: "gift", customer, entitlement: random.pick(ENTITLEMENTS), days };
  }

  #google(sight: Sight, at: number): Act {
    for (let tries = 0; tries < 8; tries += 1) {
      const [name, purchase] = this.#random.pick(recent(sight));
      // Little happens to what is over.
      if (purchase.state === "EXPIRED" && this.#random.chance(0.9)) continue;
      const picked = pickAction(this.#random, purchase, sight.possible(purchase));
      if (picked === null || (picked.action === "change_plan" && hasHeir(sight, purchase))) continue;
      const act = { at, do: "google", purchase: name, ...picked } as const;
      if (picked.action !== "change_plan") return act;
      const makes = this.#name();
      this.#promiseVerify(sight, purchase.uid, makes, at);
      return { ...act, makes };
    }
    return this.#buy(sight, at);
  }
}

/** A change of plan is under way: Play has one of them at a time. */
function hasHeir({ purchases }: Sight, { purchaseToken }: Purchase): boolean {
  return [...purchases.values()].some(
    (one) =>
      one.type === "subscription" && one.state === "PENDING" && one.linkedPurchaseToken === purchaseToken,
  );
}

/** What was bought lately is more eventful. */
function recent(sight: Sight): [string, Purchase][] {
  return [...sight.purchases].slice(-4 * sight.customers.length);
}
