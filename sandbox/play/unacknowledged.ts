import { acknowledgeBy } from "./lengths.ts";
import type { Purchase } from "./model.ts";
import { type Notice, oneTimeNotice, subscriptionNotice, voidNotice } from "./notices.ts";
import { endNow, recordVoid, refundOrder } from "./refunds.ts";
import { change, type World } from "./world.ts";

/** What is told beside the void notice when an unacknowledged purchase is taken back: not known (facts section 18). */
export type UnacknowledgedTells = "revoked" | "expired" | "nothing";

const GOOGLE = 2;
const UNACKNOWLEDGED = 8;

/** When Play takes the purchase back unless it is acknowledged before; null: never. */
export function takenBackAt(purchase: Purchase): number | null {
  if (purchase.acknowledged) return null;
  const over = purchase.state === "EXPIRED" || purchase.state === "CANCELLED";
  return over ? null : acknowledgeBy(purchase);
}

/** The window is over: the money goes back and the access ends; a top-up's end is the whole subscription's. */
export function takeBack(world: World, purchase: Purchase): Notice[] {
  const at = world.now();
  const order = world.orders.get(purchase.orderIds.at(-1) ?? "");
  if (order !== undefined && order.state !== "REFUNDED") refundOrder(world, order, null, false);
  if (purchase.type === "subscription") endNow(world, purchase, "system");
  else {
    change(world, purchase, () => {
      purchase.state = "CANCELLED";
      purchase.refundableQuantity = 0;
    });
  }
  recordVoid(world, purchase, order, null, { source: GOOGLE, reason: UNACKNOWLEDGED });
  return [...beside(world, purchase, at), voidNotice(purchase, order?.orderId ?? null, 1, at)];
}

function beside(world: World, purchase: Purchase, at: number): Notice[] {
  if (world.unacknowledgedTells === "nothing") return [];
  if (purchase.type === "one_time") return [oneTimeNotice(purchase, "CANCELED", at)];
  const type = world.unacknowledgedTells === "revoked" ? "REVOKED" : "EXPIRED";
  return [subscriptionNotice(purchase, type, at)];
}
