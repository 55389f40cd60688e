import type { Purchase } from "../../sandbox/play/model.ts";
import type { Purchased } from "./acts.ts";
import type { Random } from "./random.ts";

/** What a customer buys: of everything that the shop sells, in every way in which Play sells it. */
export function pickWares(random: Random, owned: ReadonlyMap<string, Purchase>): Purchased {
  const again = random.chance(0.2) ? resubscription(random, owned) : null;
  if (again !== null) return again;
  const account = random.chance(0.75) ? "own" : "none";
  const common = { account, ...(random.chance(0.05) ? { test: true } : {}) } as const;
  const later = random.chance(0.25) ? payment(random) : {};
  const kind = random.weighted({ once: 26, many: 18, film: 8, plan: 34, addons: 8, prepaid: 10, stray: 2 });
  switch (kind) {
    case "once": {
      const promo = random.chance(0.2) ? { promo: true } : later;
      return { ...common, ...promo, productId: "lifetime", type: "one_time" };
    }
    case "many": {
      const productId = random.pick(["seats", "coins"]);
      return { ...common, ...later, productId, type: "one_time", quantity: random.between(1, 4) };
    }
    case "film":
      return { ...common, ...later, productId: "film", type: "one_time", rental: true };
    case "addons":
      return { ...common, productId: "plus", basePlanId: "monthly", items: addOns(random.pick([7, 30])) };
    case "prepaid": {
      const productId = random.pick(["basic", "plus"]);
      const plan = { basePlanId: "prepaid", autoRenewing: false, periodDays: random.pick([3, 7, 30]) };
      return { ...common, ...later, productId, ...plan };
    }
    case "stray":
      return { ...common, productId: "stray", type: "one_time" };
    case "plan":
      return { ...common, ...plan(random) };
  }
}

/** Cash or a QR that is paid later or never, or a product that comes out later. */
function payment(random: Random): Partial<Purchased> {
  if (random.chance(0.25)) return { preorderDays: random.between(1, 15) };
  return { pending: true, pendingDays: random.pick([0.5, 3]) };
}

function plan(random: Random): Pick<Purchased, "productId"> & Partial<Purchased> {
  const productId = random.pick(["basic", "plus", "max"]);
  const basePlanId = productId === "basic" && random.chance(0.4) ? "team" : "monthly";
  const common = { productId, basePlanId, periodDays: random.pick([7, 30]) };
  switch (random.weighted({ plain: 7, trial: 2, introductory: 1, instalments: 1 })) {
    case "trial":
      return { ...common, offer: { offerId: "trial", freeTrialDays: random.pick([3, 7]) } };
    case "introductory":
      return { ...common, offer: { offerId: "intro", introductory: { price: 49, cycles: 2 } } };
    case "instalments":
      return { ...common, installments: random.between(2, 3) };
    default:
      return common;
  }
}

/** In the Play app, after its end: a token of its own, with a word on the one before until it is acknowledged. */
function resubscription(random: Random, owned: ReadonlyMap<string, Purchase>): Purchased | null {
  const expired = [...owned].flatMap(([name, one]) =>
    one.type === "subscription" && one.state === "EXPIRED" && !one.prepaid
      ? [{ name, items: one.items }]
      : [],
  );
  if (expired.length === 0) return null;
  const { name, items } = random.pick(expired);
  const item = items[0];
  if (item === undefined) return null;
  return { account: "none", productId: item.productId, basePlanId: item.basePlanId, resubscribes: name };
}

function addOns(periodDays: number) {
  return [
    { productId: "plus", basePlanId: "monthly", periodDays },
    { productId: "cloud", basePlanId: "monthly", periodDays },
  ];
}
