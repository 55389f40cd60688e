import type { Purchase } from "../../sandbox/play/model.ts";
import type { AccountChoice, Act, Purchased } from "./acts.ts";
import { pickAction } from "./google-acts.ts";
import type { Random } from "./random.ts";
import { pickTrouble } from "./troubles.ts";

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
    const kind = this.#random.weighted({ buy: 22, google: 46, verify: 14, restore: 4, trouble: 14 });
    if (kind === "buy" || sight.purchases.size === 0) return this.#buy(sight, at);
    if (kind === "verify") return this.#verify(sight, at);
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
    return { at, do: "buy", customer, purchase, what: this.#wares(sight, customer) };
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

  #account(): AccountChoice {
    return this.#random.chance(0.75) ? "own" : "none";
  }

  #wares(sight: Sight, customer: string): Purchased {
    const random = this.#random;
    const account = this.#account();
    const test = random.chance(0.05) ? { test: true } : {};
    const pending = random.chance(0.2) ? { pending: true } : {};
    const common = { account, ...test };
    const expired = [...sight.purchases].filter(
      ([, one]) => one.type === "subscription" && one.state === "EXPIRED" && one.uid === customer,
    );
    if (expired.length > 0 && random.chance(0.2)) {
      const [name, old] = random.pick(expired);
      const item = old.type === "subscription" ? old.items[0] : undefined;
      if (item !== undefined) {
        return {
          account: "none",
          productId: item.productId,
          basePlanId: item.basePlanId,
          resubscribes: name,
        };
      }
    }
    switch (
      random.weighted({ once: 26, seats: 10, coins: 8, film: 8, plan: 34, addons: 6, prepaid: 10, stray: 2 })
    ) {
      case "once": {
        const promo = random.chance(0.2) ? { promo: true } : pending;
        return { ...common, ...promo, productId: "lifetime", type: "one_time" };
      }
      case "seats":
        return {
          ...common,
          ...pending,
          productId: "seats",
          type: "one_time",
          quantity: random.between(1, 4),
        };
      case "coins":
        return {
          ...common,
          ...pending,
          productId: "coins",
          type: "one_time",
          quantity: random.between(1, 3),
        };
      case "film":
        return { ...common, ...pending, productId: "film", type: "one_time", rental: true };
      case "addons":
        return { ...common, productId: "plus", basePlanId: "monthly", items: addOns(random.pick([7, 30])) };
      case "prepaid": {
        const periodDays = random.pick([3, 7, 30]);
        const productId = random.pick(["basic", "plus"]);
        return { ...common, ...pending, productId, basePlanId: "prepaid", autoRenewing: false, periodDays };
      }
      case "stray":
        return { ...common, productId: "stray", type: "one_time" };
      default: {
        const productId = random.pick(["basic", "plus", "max"]);
        const basePlanId = productId === "basic" && random.chance(0.4) ? "team" : "monthly";
        return { ...common, productId, basePlanId, periodDays: random.pick([7, 30]) };
      }
    }
  }

  #verify(sight: Sight, at: number): Act {
    const [purchase, { uid }] = this.#random.pick(recent(sight));
    // Sometimes a second customer wants the same purchase.
    const customer = this.#random.chance(0.85) ? uid : this.#random.pick(sight.customers);
    return { at, do: "verify", customer, purchase, replica: this.#replica(sight), copies: this.#copies() };
  }

  #google(sight: Sight, at: number): Act {
    for (let tries = 0; tries < 8; tries += 1) {
      const [name, purchase] = this.#random.pick(recent(sight));
      const picked = pickAction(this.#random, purchase, sight.possible(purchase));
      if (picked === null) continue;
      const act = { at, do: "google", purchase: name, ...picked } as const;
      if (picked.action !== "change_plan") return act;
      const makes = this.#name();
      this.#promiseVerify(sight, purchase.uid, makes, at);
      return { ...act, makes };
    }
    return this.#buy(sight, at);
  }
}

/** What was bought lately is more eventful. */
function recent(sight: Sight): [string, Purchase][] {
  return [...sight.purchases].slice(-4 * sight.customers.length);
}

function addOns(periodDays: number) {
  return [
    { productId: "plus", basePlanId: "monthly", periodDays },
    { productId: "cloud", basePlanId: "monthly", periodDays },
  ];
}
