import { DAY } from "../clock.ts";
import { changePlan, retireLinked } from "./change-plan.ts";
import { chargeAgain, startSubscription } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import type { LineItem, Purchase, Subscription, SubscriptionState } from "./model.ts";
import { type Notice, subscriptionNotice as notice } from "./notices.ts";
import { refund } from "./refunds.ts";
import { Conflict, change, type World } from "./world.ts";

export type Outcome = { notices: Notice[]; purchase?: Purchase };

type Act = (world: World, purchase: Subscription, input: ActionInput) => Outcome;
type Action = { from: readonly SubscriptionState[]; act: Act };

const LIVE = ["ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED", "CANCELED"] as const;

/** Which state allows what, and what it does: the notices are those of facts section 3. */
export const subscriptionActions: Record<string, Action> = {
  pay: { from: ["PENDING"], act: pay },
  cancel: { from: ["PENDING", "ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED"], act: cancel },
  restart: { from: ["CANCELED"], act: restart },
  renew: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: renew },
  grace: { from: ["ACTIVE"], act: grace },
  hold: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: hold },
  recover: { from: ["ON_HOLD", "IN_GRACE_PERIOD"], act: recover },
  pause: { from: ["ACTIVE"], act: pause },
  resume: { from: ["PAUSED"], act: resume },
  expire: { from: LIVE, act: expire },
  revoke: {
    from: LIVE,
    act: (world, purchase, input) => ({ notices: refund(world, purchase, { source: 1, ...input }) }),
  },
  refund: {
    from: [...LIVE, "EXPIRED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, input) }),
  },
  change_plan: { from: ["ACTIVE", "IN_GRACE_PERIOD", "CANCELED"], act: changePlan },
};

const one = (world: World, purchase: Subscription, type: Parameters<typeof notice>[1]): Outcome => ({
  notices: [notice(purchase, type, world.now())],
});

/** A pending payment went through; only now does the purchase it replaces end (facts rule 7). */
function pay(world: World, purchase: Subscription): Outcome {
  const retired = retireLinked(world, purchase);
  change(world, purchase, () => startSubscription(world, purchase, retired.carriedOver));
  return { notices: [...retired.notices, notice(purchase, "PURCHASED", world.now())] };
}

/** Access stays until expiry; in hold or pause that has passed already, and `expire` follows. */
function cancel(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.state === "PENDING") {
    change(world, purchase, () => {
      purchase.state = "PENDING_PURCHASE_CANCELED";
    });
    return one(world, purchase, "PENDING_PURCHASE_CANCELED");
  }
  if (purchase.prepaid) throw new Conflict("a prepaid plan cannot be cancelled: it ends by itself (expire)");
  change(world, purchase, () => {
    const { by = "user" } = input;
    purchase.state = "CANCELED";
    purchase.cancellation = by === "user" ? { by, at: world.now() } : { by };
    for (const item of purchase.items) item.autoRenew = false;
  });
  return one(world, purchase, "CANCELED");
}

/** Same token, nothing to acknowledge. */
function restart(world: World, purchase: Subscription): Outcome {
  if (!purchase.items.some((item) => (item.expiresAt ?? 0) > world.now())) {
    throw new Conflict("the paid period is over: a cancelled subscription can be restarted before it only");
  }
  change(world, purchase, () => {
    purchase.state = "ACTIVE";
    purchase.cancellation = null;
    for (const item of purchase.items) item.autoRenew = item.becomes === null;
  });
  return one(world, purchase, "RESTARTED");
}

/** The renewal date stays: a period is added to what is paid, also when it comes late, in grace. */
function renew(world: World, purchase: Subscription): Outcome {
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

/** Google pushes the expiry forward and keeps auto-renew on. */
function grace(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan has no grace period");
  change(world, purchase, () => {
    purchase.state = "IN_GRACE_PERIOD";
    for (const item of renewing(purchase)) {
      item.expiresAt = Math.max(item.paidUntil ?? 0, world.now()) + (input.days ?? 3) * DAY;
    }
  });
  return one(world, purchase, "IN_GRACE_PERIOD");
}

function hold(world: World, purchase: Subscription): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan is never on hold");
  change(world, purchase, () => stop(purchase, "ON_HOLD", world.now()));
  return one(world, purchase, "ON_HOLD");
}

/** Out of hold the billing date is today; out of grace it stays, which is a late renewal. */
function recover(world: World, purchase: Subscription): Outcome {
  if (purchase.state === "IN_GRACE_PERIOD") return renew(world, purchase);
  return resume(world, purchase);
}

/** Not cancelled: auto-renew stays true while paused. */
function pause(world: World, purchase: Subscription, input: ActionInput): Outcome {
  if (purchase.prepaid) throw new Conflict("a prepaid plan cannot be paused");
  change(world, purchase, () => {
    purchase.resumesAt = world.now() + (input.days ?? 30) * DAY;
    stop(purchase, "PAUSED", world.now());
  });
  return one(world, purchase, "PAUSED");
}

function resume(world: World, purchase: Subscription): Outcome {
  change(world, purchase, () => {
    const items = renewing(purchase);
    for (const item of items) item.paidUntil = world.now() + item.periodMs;
    chargeAgain(world, purchase, items);
    purchase.state = "ACTIVE";
    purchase.resumesAt = null;
  });
  return one(world, purchase, "RECOVERED");
}

/** Lapses now. What was not cancelled before is cancelled by the system first: 3 and 13 in one burst. */
function expire(world: World, purchase: Subscription): Outcome {
  const notices: Notice[] = [];
  const told = purchase.state === "CANCELED" || purchase.prepaid;
  if (!told) notices.push(notice(purchase, "CANCELED", world.now()));
  change(world, purchase, () => {
    if (!told) purchase.cancellation = { by: "system" };
    for (const item of purchase.items) item.autoRenew = false;
    stop(purchase, "EXPIRED", world.now());
  });
  return { notices: [...notices, notice(purchase, "EXPIRED", world.now())] };
}

function started(purchase: Subscription): LineItem[] {
  return purchase.items.filter((item) => item.paidUntil !== null);
}

function renewing(purchase: Subscription): LineItem[] {
  return started(purchase).filter((item) => item.autoRenew);
}

/** Hold, pause and expiry all show an expiry that has passed. */
function stop(purchase: Subscription, state: SubscriptionState, at: number): void {
  purchase.state = state;
  for (const item of started(purchase)) item.expiresAt = Math.min(item.expiresAt ?? at, at);
}
