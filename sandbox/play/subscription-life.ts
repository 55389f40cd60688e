import { DAY } from "../clock.ts";
import type { Due } from "./due.ts";
import { dropRemoved } from "./item-actions.ts";
import { TEST_RENEWALS } from "./lengths.ts";
import { goingOn, isOver, renewing } from "./line-items.ts";
import { lastExpiry } from "./lookup.ts";
import type { Subscription } from "./model.ts";
import { type Outcome, one } from "./outcome.ts";
import { lacksConsent } from "./price-actions.ts";
import { cancel, expire } from "./subscription-ends.ts";
import { beginPause, hold, renew, resume } from "./subscription-payments.ts";
import { change, type World } from "./world.ts";

/** What Google does next with a subscription when nobody does anything (facts sections 3, 5 and 9). */
export function nextOf(world: World, purchase: Subscription): Due | null {
  switch (purchase.state) {
    case "PENDING":
      return due(purchase.payBy, () => cancel(world, purchase, {}));
    case "ACTIVE":
      return purchase.prepaid
        ? due(lastExpiry(purchase), () => expire(world, purchase))
        : nextOfActive(world, purchase);
    case "IN_GRACE_PERIOD":
      return nextOfGrace(world, purchase);
    case "ON_HOLD":
      return due(purchase.holdUntil, () => endHold(world, purchase));
    case "PAUSED":
      return due(purchase.resumesAt, () => endPause(world, purchase));
    case "CANCELED":
      return due(lastExpiry(purchase), () => expire(world, purchase));
    case "EXPIRED":
    case "PENDING_PURCHASE_CANCELED":
      return null;
  }
}

function due(at: number | null, happen: () => Outcome): Due | null {
  return at === null ? null : { at, happen };
}

function nextOfActive(world: World, purchase: Subscription): Due | null {
  const rolling = goingOn(purchase);
  if (rolling.length === 0) return due(lastExpiry(purchase), () => expire(world, purchase));
  const end = Math.min(...rolling.map((item) => item.paidUntil ?? 0));
  const leaving = purchase.items.filter((item) => item.removed).map((item) => item.expiresAt ?? end);
  const leaves = Math.min(...leaving);
  if (leaves < end) return due(leaves, () => dropRemoved(world, purchase));
  return nextOfPeriod(world, purchase, end);
}

/** The end of a period: a pause, an end for want of consent, a charge that is refused, or one more period. */
function nextOfPeriod(world: World, purchase: Subscription, end: number): Due {
  const { pausesFor, declining, instalments } = purchase;
  if (pausesFor !== null) return { at: end, happen: () => beginPause(world, purchase, pausesFor) };
  const cancelledAt = instalments?.remaining === 0 ? instalments.cancelledAt : null;
  if (cancelledAt !== null)
    return { at: end, happen: () => expire(world, purchase, { by: "user", at: cancelledAt }) };
  const tested = purchase.test && purchase.renewals >= TEST_RENEWALS;
  if (tested || lacksConsent(purchase, end)) return { at: end, happen: () => expire(world, purchase) };
  if (declining === null) return { at: end, happen: () => renew(world, purchase, { upTo: end }) };
  return {
    at: end + declining.silentMs,
    happen: () =>
      declining.graceMs > 0 ? beginGrace(world, purchase, declining.graceMs) : holdOrEnd(world, purchase),
  };
}

/** Out of the silent day: what is due gets a new end, a day ahead at most, which is pushed on as long as grace lasts. */
function beginGrace(world: World, purchase: Subscription, graceMs: number): Outcome {
  const until = world.now() + graceMs;
  change(world, purchase, () => {
    purchase.state = "IN_GRACE_PERIOD";
    purchase.graceUntil = until;
  });
  pushOn(world, purchase, until);
  return one(world, purchase, "IN_GRACE_PERIOD");
}

function pushOn(world: World, purchase: Subscription, until: number): Outcome {
  const at = world.now();
  change(world, purchase, () => {
    for (const item of goingOn(purchase)) {
      if (isOver(item, at)) item.expiresAt = Math.min(at + DAY, until);
    }
  });
  return { notices: [] };
}

function nextOfGrace(world: World, purchase: Subscription): Due {
  const until = purchase.graceUntil ?? lastExpiry(purchase);
  const end = Math.min(...goingOn(purchase).map((item) => item.expiresAt ?? until));
  if (end < until) return { at: end, happen: () => pushOn(world, purchase, until) };
  return { at: until, happen: () => holdOrEnd(world, purchase) };
}

function holdOrEnd(world: World, purchase: Subscription): Outcome {
  return purchase.declining?.holdMs === 0 ? expire(world, purchase) : hold(world, purchase);
}

/** Unpaid to the end: items that were refused end, others resume with a new period; without others all is over. */
function endHold(world: World, purchase: Subscription): Outcome {
  const refused = renewing(purchase).filter((item) => item.declined);
  if (refused.length === 0 || refused.length === goingOn(purchase).length) return expire(world, purchase);
  change(world, purchase, () => {
    for (const item of refused) item.autoRenew = false;
  });
  return resume(world, purchase);
}

function endPause(world: World, purchase: Subscription): Outcome {
  return purchase.declining === null ? resume(world, purchase) : hold(world, purchase);
}
