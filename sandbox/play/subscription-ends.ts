import type { ActionInput } from "./inputs.ts";
import { isOver, stop } from "./line-items.ts";
import type { Cancellation, Subscription } from "./model.ts";
import { type Notice, subscriptionNotice as notice } from "./notices.ts";
import { type Outcome, one } from "./outcome.ts";
import { Conflict, change, type World } from "./world.ts";

/** Access stays until expiry; in hold or pause that has passed already, and `expire` follows. */
export function cancel(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const { by = "user" } = input;
  if (purchase.state === "PENDING") return giveUp(world, purchase);
  if (purchase.prepaid) throw new Conflict("a prepaid plan cannot be cancelled: it ends by itself (expire)");
  if (by === "user" && (purchase.instalments?.remaining ?? 0) > 0) return cancelLater(world, purchase);
  change(world, purchase, () => {
    purchase.state = "CANCELED";
    purchase.cancellation = by === "user" ? { by, at: world.now() } : { by };
    purchase.pausesFor = null;
    for (const item of purchase.items) item.autoRenew = false;
  });
  return one(world, purchase, "CANCELED");
}

function giveUp(world: World, purchase: Subscription): Outcome {
  change(world, purchase, () => {
    purchase.state = "PENDING_PURCHASE_CANCELED";
    purchase.payBy = null;
  });
  return one(world, purchase, "PENDING_PURCHASE_CANCELED");
}

/** What is committed is paid first: auto-renew stays true until then (facts section 3, 18). */
function cancelLater(world: World, purchase: Subscription): Outcome {
  const { instalments } = purchase;
  if (instalments === null || instalments.cancelledAt !== null) {
    throw new Conflict("the cancellation is scheduled already, for the end of the commitment");
  }
  change(world, purchase, () => {
    instalments.cancelledAt = world.now();
  });
  return one(world, purchase, "CANCELLATION_SCHEDULED");
}

/** Same token, nothing to acknowledge. */
export function restart(world: World, purchase: Subscription): Outcome {
  if (purchase.items.every((item) => isOver(item, world.now()))) {
    throw new Conflict("the paid period is over: a cancelled subscription can be restarted before it only");
  }
  change(world, purchase, () => {
    purchase.state = "ACTIVE";
    purchase.cancellation = null;
    for (const item of purchase.items) {
      item.autoRenew = item.becomes === null && !item.removed && !isOver(item, world.now());
    }
  });
  return one(world, purchase, "RESTARTED");
}

/** Lapses now. What was not cancelled before is cancelled first: 3 and 13 in one burst. */
export function expire(
  world: World,
  purchase: Subscription,
  cancellation: Cancellation = { by: "system" },
): Outcome {
  const notices: Notice[] = [];
  const told = purchase.state === "CANCELED" || purchase.prepaid;
  if (!told) notices.push(notice(purchase, "CANCELED", world.now()));
  change(world, purchase, () => {
    if (!told) purchase.cancellation = cancellation;
    for (const item of purchase.items) item.autoRenew = false;
    stop(purchase, "EXPIRED", world.now());
  });
  return { notices: [...notices, notice(purchase, "EXPIRED", world.now())] };
}
