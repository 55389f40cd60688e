import { isOver } from "./line-items.ts";
import type { LineItem, OneTimePurchase, Order, Purchase, Subscription } from "./model.ts";
import { type Notice, oneTimeNotice, subscriptionNotice, voidNotice } from "./notices.ts";
import { Conflict, change, type World } from "./world.ts";

export type Refund = {
  /** Absent: the order that pays for the current access. */
  orderId?: string | undefined;
  /** Fewer units than were bought: a quantity-based partial refund. */
  quantity?: number | undefined;
  /** False gives the money back and leaves the access. */
  revoke?: boolean | undefined;
  keepState?: boolean | undefined;
  /** 0 user, 1 developer, 2 Google */
  source?: number | undefined;
  reason?: number | undefined;
  /** True when the developer revokes: a one-time product then tells CANCELED too (facts section 3). */
  revoked?: boolean;
};

/** The buyer's bank takes the money back: Google's doing, for reason 7 (facts section 7). */
export const CHARGEBACK = { source: 2, reason: 7 } as const;

const LIVE = ["ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED", "CANCELED"];

/** Money back, as facts section 10 tells it: order, voided list, void notice, and what becomes of the access. */
export function refund(world: World, purchase: Purchase, how: Refund): Notice[] {
  const orderId = how.orderId ?? purchase.orderIds.at(-1) ?? null;
  if (orderId !== null && !purchase.orderIds.includes(orderId)) {
    throw new Conflict(
      `order ${orderId} is not of this purchase; its orders: ${purchase.orderIds.join(", ")}`,
    );
  }
  const order = orderId === null ? undefined : world.orders.get(orderId);
  if (order?.state === "REFUNDED") throw new Conflict(`order ${order.orderId} is refunded already`);
  return purchase.type === "subscription"
    ? refundSubscription(world, purchase, order, how)
    : refundOneTime(world, purchase, order, how);
}

/** The refund of an older renewal leaves the subscription as it is. */
function refundSubscription(
  world: World,
  purchase: Subscription,
  order: Order | undefined,
  how: Refund,
): Notice[] {
  if (how.quantity !== undefined) throw new Conflict("a subscription has no quantity to refund");
  refundOrder(world, order, null, how.reason === 7);
  if (how.revoke === false) return [];
  recordVoid(world, purchase, order, null, how);
  const notice = voidNotice(purchase, order?.orderId ?? null, 1, world.now());
  if (how.keepState || !LIVE.includes(purchase.state)) return [notice];
  const ended = endPaidBy(world, purchase, order, how);
  return ended ? [subscriptionNotice(purchase, "REVOKED", world.now()), notice] : [notice];
}

/** What the order pays for now ends: all, an add-on alone, or nothing if it is an older one. */
function endPaidBy(world: World, purchase: Subscription, order: Order | undefined, how: Refund): boolean {
  const at = world.now();
  const live = purchase.items.filter((item) => item.expiresAt !== null && !isOver(item, at));
  const paid = live.filter((item) => item.orderId === order?.orderId);
  const last = order === undefined || order.orderId === purchase.orderIds.at(-1);
  if (paid.length === 0 && !(last && (live.length === 0 || order === undefined))) return false;
  if (paid.length === 0 || paid.length === live.length) {
    endNow(world, purchase, how.source === 1 ? "developer" : "system");
  } else {
    change(world, purchase, () => {
      for (const item of paid) endItem(item, at);
    });
  }
  return true;
}

/** One item is over at once, the others go on. */
export function endItem(item: LineItem, at: number): void {
  item.autoRenew = false;
  item.becomes = null;
  item.expiresAt = Math.min(item.expiresAt ?? at, at);
}

/** Revoked: EXPIRED at once, whatever was paid. */
export function endNow(world: World, purchase: Subscription, by: "developer" | "system"): void {
  change(world, purchase, () => {
    const at = world.now();
    purchase.state = "EXPIRED";
    purchase.cancellation = { by };
    for (const item of purchase.items) {
      item.autoRenew = false;
      if (item.expiresAt !== null) item.expiresAt = Math.min(item.expiresAt, at);
    }
  });
}

/** `refundableQuantity` falls by what is refunded; the refund that brings it to 0 is told as a full one. */
function refundOneTime(
  world: World,
  purchase: OneTimePurchase,
  order: Order | undefined,
  how: Refund,
): Notice[] {
  if (purchase.state !== "PURCHASED")
    throw new Conflict(`a ${purchase.state} purchase has nothing to refund`);
  const left = purchase.refundableQuantity;
  const units = how.quantity ?? left;
  if (units > left) throw new Conflict(`only ${left} of ${purchase.quantity} can still be refunded`);
  const partial = units < left;
  refundOrder(world, order, partial ? units : null, how.reason === 7);
  const ends = !partial && how.revoke !== false && !how.keepState;
  change(world, purchase, () => {
    purchase.refundableQuantity = left - units;
    if (ends) purchase.state = "CANCELLED";
  });
  if (how.revoke === false) return [];
  recordVoid(world, purchase, order, partial ? units : null, how);
  const notice = voidNotice(purchase, order?.orderId ?? null, partial ? 2 : 1, world.now());
  return how.revoked && ends ? [oneTimeNotice(purchase, "CANCELED", world.now()), notice] : [notice];
}

export function refundOrder(
  world: World,
  order: Order | undefined,
  units: number | null,
  chargeback: boolean,
): void {
  if (order === undefined) return;
  order.state = units === null ? "REFUNDED" : "PARTIALLY_REFUNDED";
  order.refunds.push({ at: world.now(), quantity: units, chargeback });
}

export function recordVoid(
  world: World,
  purchase: Purchase,
  order: Order | undefined,
  quantity: number | null,
  how: Refund,
): void {
  const { purchaseToken, packageName, type } = purchase;
  world.voids.push({
    purchaseToken,
    packageName,
    type,
    orderId: order?.orderId ?? null,
    purchasedAt: order?.createdAt ?? purchase.completedAt ?? purchase.boughtAt,
    voidedAt: world.now(),
    source: how.source ?? 0,
    reason: how.reason ?? 0,
    quantity,
  });
}
