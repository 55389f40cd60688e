import { periodOf, priceOf } from "./line-items.ts";
import type { LineItem, OneTimePurchase, Order, Purchase, Subscription } from "./model.ts";
import { sum } from "./money.ts";
import type { World } from "./world.ts";

/** Pays for a one-time purchase: an order unless a promo code paid; a pre-order has had its own from the start. */
export function chargeOneTime(world: World, purchase: OneTimePurchase): void {
  purchase.state = "PURCHASED";
  purchase.completedAt = world.now();
  purchase.payBy = null;
  if (purchase.promo) return;
  const ordered = world.orders.get(purchase.orderIds[0] ?? "");
  if (ordered === undefined) orderOneTime(world, purchase, "PROCESSED");
  else ordered.state = "PROCESSED";
}

export function orderOneTime(world: World, purchase: OneTimePurchase, state: Order["state"]): void {
  const at = world.now();
  const line = { productId: purchase.productId, basePlanId: null, startsAt: at, endsAt: null };
  const order = newOrder(purchase, world.ids.orderId(), at);
  record(world, purchase, {
    ...order,
    state,
    total: sum([purchase.price], purchase.quantity),
    quantity: purchase.quantity,
    lines: [line],
  });
}

/** Pays the first period of every item that starts now; items of an older purchase that stay are paid already. */
export function startSubscription(world: World, purchase: Subscription, carriedOver = 0): void {
  const at = world.now();
  purchase.state = "ACTIVE";
  purchase.completedAt = at;
  purchase.payBy = null;
  const starting = purchase.items.filter((item) => item.paidUntil === null && !waits(purchase, item));
  for (const item of starting) item.paidUntil = at + carriedOver + periodOf(item);
  const owned = purchase.items.filter((item) => item.paidUntil !== null);
  const charged = starting.length > 0 ? starting : owned;
  if (purchase.promo) for (const item of charged) item.expiresAt = item.paidUntil;
  else chargeItems(world, purchase, charged, world.ids.orderId());
}

/** An item of a DEFERRED plan change has no expiry until the one it follows has run out. */
function waits(purchase: Subscription, item: LineItem): boolean {
  return purchase.items.some((other) => other !== item && other.becomes === item.productId);
}

/** One more charge under the same token: each renewal has an order of its own, `…..0`; a promo code paid none. */
export function chargeAgain(world: World, purchase: Subscription, items: LineItem[]): void {
  const [first] = purchase.orderIds;
  const orderId = first === undefined ? world.ids.orderId() : `${first}..${purchase.renewals}`;
  chargeItems(world, purchase, items, orderId);
  purchase.renewals += 1;
}

function chargeItems(world: World, purchase: Subscription, items: LineItem[], orderId: string): void {
  const at = world.now();
  for (const item of items) {
    item.expiresAt = item.paidUntil;
    item.orderId = orderId;
  }
  const lines = items.map(({ productId, basePlanId, paidUntil: endsAt }) => ({
    productId,
    basePlanId,
    startsAt: at,
    endsAt,
  }));
  const total = sum(items.map(priceOf));
  record(world, purchase, { ...newOrder(purchase, orderId, at), total, quantity: 1, lines });
}

type Blank = Omit<Order, "total" | "quantity" | "lines">;

function newOrder(purchase: Purchase, orderId: string, createdAt: number): Blank {
  const { purchaseToken, packageName, type } = purchase;
  return { orderId, purchaseToken, packageName, type, state: "PROCESSED", createdAt, refunds: [] };
}

function record(world: World, purchase: Purchase, order: Order): void {
  purchase.orderIds.push(order.orderId);
  world.orders.set(order.orderId, order);
}
