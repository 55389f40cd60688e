import type { LineItem, Subscription, SubscriptionState } from "./model.ts";

type ItemStart = Pick<LineItem, "productId" | "basePlanId" | "price" | "periodMs" | "autoRenew">;

/** A line item that has not started. */
export function newItem(start: ItemStart): LineItem {
  return { ...start, paidUntil: null, expiresAt: null, orderId: null, becomes: null, replaces: null };
}

function started(purchase: Subscription): LineItem[] {
  return purchase.items.filter((item) => item.paidUntil !== null);
}

/** The items that the next charge pays for. */
export function renewing(purchase: Subscription): LineItem[] {
  return started(purchase).filter((item) => item.autoRenew);
}

/** Hold, pause and expiry all show an expiry that has passed. */
export function stop(purchase: Subscription, state: SubscriptionState, at: number): void {
  purchase.state = state;
  for (const item of started(purchase)) item.expiresAt = Math.min(item.expiresAt ?? at, at);
}
