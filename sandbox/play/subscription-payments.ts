import { DAY, HOUR } from "../clock.ts";
import { retireLinked } from "./change-plan.ts";
import { startSubscription } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import { decliningOf, testPause } from "./lengths.ts";
import { goingOn, renewing, started, stop } from "./line-items.ts";
import type { Subscription } from "./model.ts";
import { subscriptionNotice } from "./notices.ts";
import { type Outcome, one } from "./outcome.ts";
import { chargeDue, type Renewal } from "./renewal.ts";
import { Conflict, change, type World } from "./world.ts";

/** A pending payment went through; only now does the purchase it replaces end (facts rule 7). */
export function pay(world: World, purchase: Subscription): Outcome {
  const retired = retireLinked(world, purchase);
  change(world, purchase, () => startSubscription(world, purchase, retired.carriedOver));
  return { notices: [...retired.notices, subscriptionNotice(purchase, "PURCHASED", world.now())] };
}

export function renew(world: World, purchase: Subscription, how: Renewal = {}): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan does not renew: change_plan tops it up");
  change(world, purchase, () => chargeDue(world, purchase, how));
  return one(world, purchase, "RENEWED");
}

/** From now on each charge is refused; what follows comes with time. One item alone, or all. */
export function decline(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan has no charge to refuse");
  const { productId, silentHours, graceDays, holdDays } = input;
  const item = goingOn(purchase).find((candidate) => candidate.productId === productId);
  if (productId !== undefined && item === undefined) throw new Conflict(`${productId} does not renew`);
  change(world, purchase, () => {
    if (item !== undefined) item.declined = true;
    purchase.declining = decliningOf(purchase, {
      silentMs: silentHours === undefined ? undefined : silentHours * HOUR,
      graceMs: graceDays === undefined ? undefined : graceDays * DAY,
      holdMs: holdDays === undefined ? undefined : holdDays * DAY,
    });
  });
  return { notices: [] };
}

/** The payment method works again: what is owed is charged at once. */
export function accept(world: World, purchase: Subscription): Outcome {
  const overdue = goingOn(purchase).some((item) => (item.paidUntil ?? 0) <= world.now());
  const late = purchase.state === "ACTIVE" && purchase.declining !== null && overdue;
  if (purchase.state === "ON_HOLD" || purchase.state === "IN_GRACE_PERIOD") return recover(world, purchase);
  if (late) return renew(world, purchase, { upTo: world.now() });
  change(world, purchase, () => {
    purchase.declining = null;
    for (const item of purchase.items) item.declined = false;
  });
  return { notices: [] };
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
    purchase.declining ??= decliningOf(purchase);
    purchase.graceUntil = Math.max(...started(purchase).map((item) => item.expiresAt ?? 0));
  });
  return further ? { notices: [] } : one(world, purchase, "IN_GRACE_PERIOD");
}

/** Where one item alone was refused, the others keep the end of what is paid, and are on hold all the same. */
export function hold(world: World, purchase: Subscription): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan is never on hold");
  const at = world.now();
  const spares = purchase.items.some((item) => item.declined);
  change(world, purchase, () => {
    stop(purchase, "ON_HOLD", at, (item) => !spares || (item.paidUntil ?? 0) <= at);
    purchase.declining ??= decliningOf(purchase);
    purchase.graceUntil = null;
    purchase.holdUntil = at + purchase.declining.holdMs;
  });
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
  return beginPause(world, purchase, pauseLength(purchase, input));
}

export function beginPause(world: World, purchase: Subscription, lengthMs: number): Outcome {
  change(world, purchase, () => {
    purchase.pausesFor = null;
    purchase.resumesAt = world.now() + lengthMs;
    stop(purchase, "PAUSED", world.now());
  });
  return one(world, purchase, "PAUSED");
}

/** The customer asks for a pause, which begins with the next period; no field of the answer tells it. */
export function schedulePause(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan cannot be paused");
  change(world, purchase, () => {
    purchase.pausesFor = pauseLength(purchase, input);
  });
  return one(world, purchase, "PAUSE_SCHEDULE_CHANGED");
}

export function unschedulePause(world: World, purchase: Subscription): Outcome {
  if (purchase.pausesFor === null) throw new Conflict("no pause is scheduled");
  change(world, purchase, () => {
    purchase.pausesFor = null;
  });
  return one(world, purchase, "PAUSE_SCHEDULE_CHANGED");
}

function pauseLength(purchase: Subscription, { days = 30 }: ActionInput): number {
  return purchase.test ? testPause(days * DAY) : days * DAY;
}

export function resume(world: World, purchase: Subscription): Outcome {
  change(world, purchase, () => chargeDue(world, purchase, { fromNow: true }));
  return one(world, purchase, "RECOVERED");
}
