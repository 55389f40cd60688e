import type { OneTimePurchase, Purchase, Subscription } from "../../sandbox/play/model.ts";
import type { Doing } from "./acts.ts";
import type { Random } from "./random.ts";

export interface Picked {
  readonly action: string;
  readonly input: Doing;
}

/** How likely each action of the sandbox is, where the purchase's state allows it. What isn't named doesn't happen. */
const WEIGHTS: Readonly<Record<string, number>> = {
  pay: 40,
  cancel: 8,
  restart: 10,
  renew: 5,
  grace: 3,
  hold: 5,
  recover: 14,
  pause: 4,
  resume: 14,
  expire: 2,
  revoke: 2,
  refund: 4,
  chargeback: 1,
  change_plan: 12,
  decline: 9,
  accept: 14,
  defer: 2,
  schedule_pause: 4,
  unschedule_pause: 2,
  price_change: 2,
  step_up: 1,
  accept_price: 4,
  withdraw_price: 1,
  add_item: 4,
  remove_item: 5,
  revoke_item: 4,
};

/** What happens to a purchase at Google; null where nothing can. */
export function pickAction(random: Random, purchase: Purchase, possible: readonly string[]): Picked | null {
  const weights = Object.fromEntries(
    possible.flatMap((action) => (WEIGHTS[action] === undefined ? [] : [[action, WEIGHTS[action]]])),
  );
  if (Object.keys(weights).length === 0) return null;
  const action = random.weighted(weights);
  const input =
    purchase.type === "subscription"
      ? subscriptionInput(random, purchase, action)
      : productInput(random, purchase, action);
  return input === null ? null : { action, input };
}

function productInput(random: Random, purchase: OneTimePurchase, action: string): Doing | null {
  if (action === "pay" || action === "cancel") return {};
  // There is nothing else that can happen to it; most are kept.
  if (random.chance(0.7)) return null;
  if (action === "revoke") return {};
  const reason = { reason: random.pick([0, 1, 5, 7]) };
  const { refundableQuantity: left } = purchase;
  if (left > 1 && random.chance(0.6)) return { ...reason, quantity: random.between(1, left - 1) };
  // The void is told first, and the state follows.
  if (random.chance(0.2)) return { ...reason, keepState: true };
  return reason;
}

/** What makes sense only while something goes on at the end of its period. */
const OF_RENEWAL: ReadonlySet<string> = new Set(["pause", "schedule_pause", "grace", "hold", "decline"]);

function subscriptionInput(random: Random, purchase: Subscription, action: string): Doing | null {
  if (OF_RENEWAL.has(action) && !purchase.items.some(({ autoRenew }) => autoRenew)) return null;
  switch (action) {
    case "cancel":
      return { by: random.pick(["user", "system", "developer"] as const) };
    case "grace":
    case "pause":
    case "schedule_pause":
    case "defer":
    case "price_change":
    case "step_up":
      return { days: random.between(1, 20) };
    case "decline":
      return {
        silentHours: random.pick([0, 12, 24, 48]),
        graceDays: random.pick([0, 3, 7]),
        holdDays: random.pick([0, 5, 30]),
        ...(random.chance(0.3) ? itemOf(random, purchase) : {}),
      };
    case "add_item":
      return { productId: random.pick(["cloud", "basic"]), basePlanId: "monthly" };
    case "remove_item":
    case "revoke_item":
      return purchase.items.length > 1 ? itemOf(random, purchase) : null;
    case "accept_price":
    case "withdraw_price":
      return purchase.items.some(({ priceChange, stepUp }) => priceChange ?? stepUp) ? {} : null;
    case "refund":
      return refundInput(random, purchase);
    case "change_plan":
      return planInput(random, purchase);
    default:
      return {};
  }
}

function itemOf(random: Random, { items }: Subscription): Doing {
  return items.length > 1 ? { productId: random.pick(items).productId } : {};
}

/** The order that pays now, an older one, or money back while access stays. */
function refundInput(random: Random, { orderIds, state }: Subscription): Doing | null {
  if (orderIds.length === 0) return null;
  const reason = { reason: random.pick([0, 1, 5, 7]) };
  if (orderIds.length > 1 && random.chance(0.5)) {
    return { ...reason, order: random.between(0, orderIds.length - 2) };
  }
  if (random.chance(0.25)) return { ...reason, revoke: false };
  return state === "EXPIRED" ? reason : { ...reason, source: random.pick([0, 1, 2]) };
}

function planInput(random: Random, purchase: Subscription): Doing | null {
  if (purchase.prepaid) {
    const pending = random.chance(0.25) ? { pending: true, pendingDays: random.pick([1, 3]) } : {};
    return { periodDays: random.pick([3, 7, 30]), ...pending };
  }
  if (purchase.items.length > 1) return null;
  const now = purchase.items[0]?.productId;
  const productId = random.pick(["basic", "plus", "max"]);
  const plan = { productId, basePlanId: productId === "basic" && random.chance(0.3) ? "team" : "monthly" };
  if (productId !== now && random.chance(0.3)) return { ...plan, mode: "DEFERRED" };
  const mode = random.pick(["WITH_TIME_PRORATION", "CHARGE_PRORATED_PRICE", "WITHOUT_PRORATION"]);
  const pending = random.chance(0.15) ? { pending: true } : {};
  return { ...plan, mode, periodDays: random.pick([7, 30]), ...pending };
}
