import type { LineItem, OneTimePurchase, Purchase, Subscription, Void } from "../../sandbox/play/model.ts";
import { givenBy, RENTAL_MS } from "./shop.ts";

/** What Google's world means for access, read from contract sections 3 to 7 and nothing else. */

export const LEEWAY_MS = 72 * 3_600_000;

/** `on`: access now. `later`: none now, but it may come back by itself (hold, pause, payment to come). */
export type Standing = "on" | "later" | "over";

export interface Share {
  readonly productId: string;
  readonly entitlements: readonly string[];
  readonly standing: Standing;
  /** Google's end of what is paid; null: for good. */
  readonly expiresAt: number | null;
  readonly accessUntil: number | null;
  readonly willRenew: boolean;
  /** Licences that it gives of each `license_key`. */
  readonly units: number;
}

export interface WorldView {
  readonly voids: readonly Void[];
  /** Whether purchases of licence testers give anything. */
  readonly testPurchases: "grant" | "ignore";
  /** Money went back for a part of a purchase at least. */
  readonly isRefunded: (purchase: Purchase) => boolean;
}

/** What each line item of a purchase gives at a moment. */
export function sharesOf(purchase: Purchase, view: WorldView, at: number): Share[] {
  const shares =
    purchase.type === "subscription"
      ? purchase.items.map((item) => itemShare(purchase, item, view, at))
      : [productShare(purchase, view, at)];
  return purchase.test && view.testPurchases === "ignore"
    ? shares.map((share) => ({ ...share, entitlements: [] }))
    : shares;
}

export function hasAccess(purchase: Purchase, view: WorldView, at: number): boolean {
  if (purchase.test && view.testPurchases === "ignore") return false;
  return sharesOf(purchase, view, at).some(({ standing }) => standing === "on");
}

function itemShare(purchase: Subscription, item: LineItem, view: WorldView, at: number): Share {
  const renews = item.autoRenew && !purchase.prepaid;
  const paying = purchase.state === "ACTIVE" || purchase.state === "IN_GRACE_PERIOD";
  const leeway = renews && paying ? LEEWAY_MS : 0;
  const expiresAt = told(item.expiresAt);
  const accessUntil = expiresAt === null ? null : expiresAt + leeway;
  return {
    productId: item.productId,
    entitlements: givenBy(item.productId, item.basePlanId) ?? [],
    standing: itemStanding(purchase, item, accessUntil, view, at),
    expiresAt,
    accessUntil,
    willRenew: renews && paying,
    units: 1,
  };
}

function itemStanding(
  purchase: Subscription,
  item: LineItem,
  accessUntil: number | null,
  view: WorldView,
  at: number,
): Standing {
  if (isVoided(purchase, item.orderId, view)) return "over";
  switch (purchase.state) {
    case "ACTIVE":
    case "IN_GRACE_PERIOD":
      if (accessUntil === null) return "later";
      if (at < accessUntil) return "on";
      return item.autoRenew ? "later" : "over";
    case "CANCELED":
      return accessUntil !== null && at < accessUntil ? "on" : "over";
    case "ON_HOLD":
    case "PAUSED":
      // An item that was taken out before has ended for good; the others come back together.
      return item.autoRenew || item.becomes !== null ? "later" : "over";
    case "PENDING":
      return "later";
    default:
      return "over";
  }
}

/** A full refund of the order that pays for the current access ends it, whatever the state still reads. */
function isVoided(purchase: Purchase, orderId: string | null, { voids }: WorldView): boolean {
  return voids.some(
    (one) => one.purchaseToken === purchase.purchaseToken && one.quantity === null && one.orderId === orderId,
  );
}

function productShare(purchase: OneTimePurchase, view: WorldView, at: number): Share {
  const paidAt = told(purchase.completedAt);
  const end = purchase.rental && paidAt !== null ? paidAt + RENTAL_MS : null;
  return {
    productId: purchase.productId,
    entitlements: givenBy(purchase.productId, null) ?? [],
    standing: productStanding(purchase, end, view, at),
    expiresAt: end,
    accessUntil: end,
    willRenew: false,
    units: purchase.quantity > 1 ? purchase.refundableQuantity : 1,
  };
}

function productStanding(
  purchase: OneTimePurchase,
  end: number | null,
  view: WorldView,
  at: number,
): Standing {
  if (purchase.state === "PENDING") return "later";
  if (purchase.state === "CANCELLED" || isVoided(purchase, purchase.orderIds[0] ?? null, view)) return "over";
  return end !== null && end <= at ? "over" : "on";
}

const LIVE: ReadonlySet<string> = new Set(["ACTIVE", "IN_GRACE_PERIOD", "CANCELED"]);

/** Contract section 3's word for the purchase; several where only the order of notices decides. */
export function stateWords(purchase: Purchase, view: WorldView, at: number): string[] {
  const voids = view.voids.filter(({ purchaseToken }) => purchaseToken === purchase.purchaseToken);
  const full = voids.some(({ quantity }) => quantity === null);
  if (purchase.type === "one_time") {
    if (purchase.state === "PENDING") return ["pending"];
    if (full) return ["refunded"];
    if (purchase.state === "PURCHASED") return ["purchased"];
    return [purchase.completedAt === null ? "canceled" : "refunded"];
  }
  const word = purchase.state.toLowerCase();
  if (purchase.state === "EXPIRED") return endWords(purchase, view);
  // Google is a while behind: behind the clock, or behind a refund that it has told already.
  const items = purchase.items.filter(({ expiresAt }) => expiresAt === null || expiresAt > at);
  if (items.length > 0 && items.every(({ orderId }) => isVoided(purchase, orderId, view))) return ["revoked"];
  const ranOut = LIVE.has(purchase.state) && !hasAccess(purchase, view, at);
  return ranOut ? [word, "expired"] : [word];
}

/** Ended by a refund of what paid for it, or run out; where items ended in either way, both words are right. */
function endWords(purchase: Subscription, view: WorldView): string[] {
  const end = Math.max(0, ...purchase.items.map(({ expiresAt }) => expiresAt ?? 0));
  const voids = view.voids.filter(({ purchaseToken }) => purchaseToken === purchase.purchaseToken);
  const current = purchase.items.every(({ orderId }) => isVoided(purchase, orderId, view));
  if (current && voids.some(({ voidedAt }) => voidedAt <= end)) return ["revoked"];
  return voids.length > 0 || view.isRefunded(purchase) ? ["revoked", "expired"] : ["expired"];
}

/** Google tells whole milliseconds. */
function told(at: number | null): number | null {
  return at === null ? null : Math.floor(at);
}
