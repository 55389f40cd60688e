import type { OneTimePurchase, Order, Purchase, RefundReview, Subscription } from "./model.ts";

/** A `DeveloperNotification` (facts section 2): exactly one of the objects beside the first three fields. */
export type Notice = {
  version: "1.0";
  packageName: string;
  /** Documented as long, sent as a string. */
  eventTimeMillis: string;
  subscriptionNotification?: { version: "1.0"; notificationType: number; purchaseToken: string };
  oneTimeProductNotification?: {
    version: "1.0";
    notificationType: number;
    purchaseToken: string;
    sku: string;
  };
  voidedPurchaseNotification?: {
    purchaseToken: string;
    orderId?: string;
    productType: 1 | 2;
    refundType: 1 | 2;
  };
  pendingRefundReviewNotification?: {
    version: "1.0";
    pendingRefundToken: string;
    orderId: string;
    refundReason: number;
    obfuscatedAccountId?: string;
  };
  testNotification?: { version: "1.0" };
};

/** `SUBSCRIPTION_…` numbers of facts section 3. */
export const SUBSCRIPTION = {
  RECOVERED: 1,
  RENEWED: 2,
  CANCELED: 3,
  PURCHASED: 4,
  ON_HOLD: 5,
  IN_GRACE_PERIOD: 6,
  RESTARTED: 7,
  PRICE_CHANGE_CONFIRMED: 8,
  DEFERRED: 9,
  PAUSED: 10,
  PAUSE_SCHEDULE_CHANGED: 11,
  REVOKED: 12,
  EXPIRED: 13,
  ITEMS_CHANGED: 17,
  CANCELLATION_SCHEDULED: 18,
  PRICE_CHANGE_UPDATED: 19,
  PENDING_PURCHASE_CANCELED: 20,
  PRICE_STEP_UP_CONSENT_UPDATED: 22,
} as const;

/** `ONE_TIME_PRODUCT_…` numbers. */
export const ONE_TIME = { PURCHASED: 1, CANCELED: 2 } as const;

function envelope(packageName: string, at: number): Notice {
  return { version: "1.0", packageName, eventTimeMillis: String(Math.trunc(at)) };
}

/** No `subscriptionId`: deprecated, absent for add-ons (facts section 2). */
export function subscriptionNotice(
  purchase: Subscription,
  type: keyof typeof SUBSCRIPTION,
  at: number,
): Notice {
  const { packageName, purchaseToken } = purchase;
  const body = { version: "1.0", notificationType: SUBSCRIPTION[type], purchaseToken } as const;
  return { ...envelope(packageName, at), subscriptionNotification: body };
}

export function oneTimeNotice(purchase: OneTimePurchase, type: keyof typeof ONE_TIME, at: number): Notice {
  const { packageName, purchaseToken, productId: sku } = purchase;
  const body = { version: "1.0", notificationType: ONE_TIME[type], purchaseToken, sku } as const;
  return { ...envelope(packageName, at), oneTimeProductNotification: body };
}

/** Neither `version` nor `notificationType`; an old renewal keeps the purchase's token with its own order id. */
export function voidNotice(
  purchase: Purchase,
  orderId: string | null,
  refundType: 1 | 2,
  at: number,
): Notice {
  const productType = purchase.type === "subscription" ? 1 : 2;
  const order = orderId === null ? {} : { orderId };
  const body = { purchaseToken: purchase.purchaseToken, ...order, productType, refundType } as const;
  return { ...envelope(purchase.packageName, at), voidedPurchaseNotification: body };
}

/** Carries no purchase token; reason 7 (chargeback) is the only one there is. */
export function refundReviewNotice(review: RefundReview, order: Order, accountId: string | null): Notice {
  const account = accountId === null ? {} : { obfuscatedAccountId: accountId };
  const { pendingRefundToken } = review;
  const body = { version: "1.0", pendingRefundToken, orderId: order.orderId, refundReason: 7 } as const;
  return {
    ...envelope(order.packageName, review.askedAt),
    pendingRefundReviewNotification: { ...body, ...account },
  };
}

/** The Console's "Send test message". */
export function testNotice(packageName: string, at: number): Notice {
  return { ...envelope(packageName, at), testNotification: { version: "1.0" } };
}

/** The purchase token that a notice is about, if it names one. */
export function tokenOf(notice: Notice): string | null {
  const about =
    notice.subscriptionNotification ?? notice.oneTimeProductNotification ?? notice.voidedPurchaseNotification;
  return about?.purchaseToken ?? null;
}
