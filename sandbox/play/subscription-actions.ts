import { changePlan } from "./change-plan.ts";
import type { ActionInput } from "./inputs.ts";
import { stop } from "./line-items.ts";
import type { LineItem, Subscription, SubscriptionState } from "./model.ts";
import { type Notice, subscriptionNotice as notice } from "./notices.ts";
import { type Outcome, one } from "./outcome.ts";
import { refund } from "./refunds.ts";
import { grace, hold, pause, pay, recover, renew, resume } from "./subscription-payments.ts";
import { Conflict, change, type World } from "./world.ts";

type Act = (world: World, purchase: Subscription, input: ActionInput) => Outcome;
type Action = { from: readonly SubscriptionState[]; act: Act };

const LIVE = ["ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED", "CANCELED"] as const;

/** Which state allows what, and what it does: the notices are those of facts section 3. */
export const subscriptionActions: Record<string, Action> = {
  pay: { from: ["PENDING"], act: pay },
  cancel: { from: ["PENDING", "ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED"], act: cancel },
  restart: { from: ["CANCELED"], act: restart },
  renew: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: renew },
  grace: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: grace },
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
  if (purchase.items.every((item) => over(item, world.now()))) {
    throw new Conflict("the paid period is over: a cancelled subscription can be restarted before it only");
  }
  change(world, purchase, () => {
    purchase.state = "ACTIVE";
    purchase.cancellation = null;
    for (const item of purchase.items) item.autoRenew = item.becomes === null && !over(item, world.now());
  });
  return one(world, purchase, "RESTARTED");
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

/** False for an item that has not started: it has no expiry yet. */
function over(item: LineItem, at: number): boolean {
  return item.expiresAt !== null && item.expiresAt <= at;
}
