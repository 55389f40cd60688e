import type { LineItem, Money, Subscription, SubscriptionState } from "./model.ts";

type ItemStart = Pick<LineItem, "productId" | "basePlanId" | "price" | "periodMs" | "autoRenew"> &
  Partial<Pick<LineItem, "offerId" | "offerTags" | "phases">>;

/** A line item that has not started. */
export function newItem(start: ItemStart): LineItem {
  return {
    offerId: null,
    offerTags: [],
    phases: [],
    priceChange: null,
    stepUp: null,
    paidUntil: null,
    expiresAt: null,
    orderId: null,
    becomes: null,
    removed: false,
    declined: false,
    replaces: null,
    ...start,
  };
}

/** What the item costs in the phase that it is in. */
export function priceOf(item: LineItem): Money {
  return item.phases[0]?.price ?? item.price;
}

/** How long that price pays for. */
export function periodOf(item: LineItem): number {
  return item.phases[0]?.periodMs ?? item.periodMs;
}

/** False for an item that has not started: it has no expiry yet. */
export function isOver(item: LineItem, at: number): boolean {
  return item.expiresAt !== null && item.expiresAt <= at;
}

export function started(purchase: Subscription): LineItem[] {
  return purchase.items.filter((item) => item.paidUntil !== null);
}

/** The items that the next charge pays for. */
export function renewing(purchase: Subscription): LineItem[] {
  return started(purchase).filter((item) => item.autoRenew);
}

/** Those that go on at the end of their period: renewed, or as the product they turn into. */
export function goingOn(purchase: Subscription): LineItem[] {
  return started(purchase).filter((item) => item.autoRenew || item.becomes !== null);
}

/** Hold, pause and expiry all show an expiry that has passed, of all items or of those that are meant. */
export function stop(
  purchase: Subscription,
  state: SubscriptionState,
  at: number,
  meant: (item: LineItem) => boolean = () => true,
): void {
  purchase.state = state;
  for (const item of started(purchase)) {
    if (meant(item)) item.expiresAt = Math.min(item.expiresAt ?? at, at);
  }
}
