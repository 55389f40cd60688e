import { DAY } from "../clock.ts";
import { retireLinked } from "./change-plan.ts";
import { chargeAgain, startSubscription } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import { renewing, stop } from "./line-items.ts";
import type { LineItem, Subscription } from "./model.ts";
import { subscriptionNotice } from "./notices.ts";
import { type Outcome, one } from "./outcome.ts";
import { Conflict, change, type World } from "./world.ts";

/** A pending payment went through; only now does the purchase it replaces end (facts rule 7). */
export function pay(world: World, purchase: Subscription): Outcome {
  const retired = retireLinked(world, purchase);
  change(world, purchase, () => startSubscription(world, purchase, retired.carriedOver));
  return { notices: [...retired.notices, subscriptionNotice(purchase, "PURCHASED", world.now())] };
}

/** The renewal date stays: a period is added to what is paid, also when it comes late, in grace. */
export function renew(world: World, purchase: Subscription): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan does not renew: change_plan tops it up");
  change(world, purchase, () => {
    const at = world.now();
    const due = renewing(purchase);
    for (const item of due) item.paidUntil = nextEnd(item, at);
    const switched = switchDeferred(purchase, at);
    if (due.length + switched.length === 0) throw new Conflict("no item of this purchase renews");
    chargeAgain(world, purchase, [...due, ...switched]);
    purchase.state = "ACTIVE";
  });
  return one(world, purchase, "RENEWED");
}

function nextEnd(item: LineItem, at: number): number {
  const end = (item.paidUntil ?? at) + item.periodMs;
  return end > at ? end : at + item.periodMs;
}

/** A DEFERRED plan change takes effect at a renewal: the new item starts where the old one ends. */
function switchDeferred(purchase: Subscription, at: number): LineItem[] {
  return purchase.items.flatMap((old) => {
    const next = purchase.items.find((item) => item.paidUntil === null && item.productId === old.becomes);
    if (next === undefined) return [];
    old.becomes = null;
    old.expiresAt = Math.min(old.expiresAt ?? at, at);
    next.paidUntil = at + next.periodMs;
    return [next];
  });
}

/** Google pushes the expiry forward, again and again and without a word, and keeps auto-renew on. */
export function grace(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan has no grace period");
  const further = purchase.state === "IN_GRACE_PERIOD";
  change(world, purchase, () => {
    purchase.state = "IN_GRACE_PERIOD";
    for (const item of renewing(purchase)) {
      const from = Math.max((further ? item.expiresAt : item.paidUntil) ?? 0, world.now());
      item.expiresAt = from + (input.days ?? 3) * DAY;
    }
  });
  return further ? { notices: [] } : one(world, purchase, "IN_GRACE_PERIOD");
}

export function hold(world: World, purchase: Subscription): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan is never on hold");
  change(world, purchase, () => stop(purchase, "ON_HOLD", world.now()));
  return one(world, purchase, "ON_HOLD");
}

/** Out of hold the billing date is today; out of grace it stays, which is a late renewal. */
export function recover(world: World, purchase: Subscription): Outcome {
  if (purchase.state === "IN_GRACE_PERIOD") return renew(world, purchase);
  return resume(world, purchase);
}

/** Not cancelled: auto-renew stays true while paused. */
export function pause(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan cannot be paused");
  change(world, purchase, () => {
    purchase.resumesAt = world.now() + (input.days ?? 30) * DAY;
    stop(purchase, "PAUSED", world.now());
  });
  return one(world, purchase, "PAUSED");
}

export function resume(world: World, purchase: Subscription): Outcome {
  change(world, purchase, () => {
    const items = renewing(purchase);
    for (const item of items) item.paidUntil = world.now() + item.periodMs;
    chargeAgain(world, purchase, items);
    purchase.state = "ACTIVE";
    purchase.resumesAt = null;
  });
  return one(world, purchase, "RECOVERED");
}
