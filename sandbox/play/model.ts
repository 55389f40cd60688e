/** The words of the sandbox's Play world. Google's own shapes are made from them in `*-view.ts`. */

/** Google's money: `units` is a string, zero parts may be left out. */
export type Money = { currencyCode: string; units: string; nanos?: number };

export type SubscriptionState =
  | "PENDING"
  | "ACTIVE"
  | "IN_GRACE_PERIOD"
  | "ON_HOLD"
  | "PAUSED"
  | "CANCELED"
  | "EXPIRED"
  | "PENDING_PURCHASE_CANCELED";

/** CANCELLED has a double L here and a single one for subscriptions: Google spells them so. */
export type OneTimeState = "PENDING" | "PURCHASED" | "CANCELLED";

export type Cancellation = { by: "user"; at: number } | { by: "system" | "developer" | "replacement" };

export type LineItem = {
  productId: string;
  basePlanId: string;
  price: Money;
  periodMs: number;
  /** False for a prepaid plan's item and for one that was cancelled. */
  autoRenew: boolean;
  /** The end of what is paid; a grace period moves `expiresAt` beyond it. Null: not started. */
  paidUntil: number | null;
  expiresAt: number | null;
  orderId: string | null;
  /** The product that this item turns into at its expiry (a DEFERRED plan change). */
  becomes: string | null;
  replaces: { productId: string; basePlanId: string; replacementMode: string } | null;
};

type PurchaseBase = {
  purchaseToken: string;
  packageName: string;
  uid: string;
  /** `obfuscatedExternalAccountId`; null when the app gave none. */
  accountId: string | null;
  test: boolean;
  acknowledged: boolean;
  boughtAt: number;
  /** When it was last paid for the first time; null while pending. */
  completedAt: number | null;
  price: Money;
  /** Oldest first; empty while pending and for promo codes. */
  orderIds: string[];
  promo: boolean;
  etag: string;
  calls: { get: number; acknowledge: number; consume: number };
};

export type Subscription = PurchaseBase & {
  type: "subscription";
  state: SubscriptionState;
  prepaid: boolean;
  items: LineItem[];
  cancellation: Cancellation | null;
  linkedPurchaseToken: string | null;
  replacedBy: string | null;
  /** How many charges there were after the first: the `..n` of the next order. */
  renewals: number;
  resumesAt: number | null;
  /** The expired purchase that this one, bought in the Play app, continues; gone once acknowledged. */
  resubscribes: { purchaseToken: string; accountId: string | null } | null;
};

export type OneTimePurchase = PurchaseBase & {
  type: "one_time";
  state: OneTimeState;
  productId: string;
  quantity: number;
  refundableQuantity: number;
  consumed: boolean;
  rental: boolean;
};

export type Purchase = Subscription | OneTimePurchase;

export type Order = {
  orderId: string;
  purchaseToken: string;
  packageName: string;
  type: Purchase["type"];
  state: "PROCESSED" | "PENDING_REFUND" | "PARTIALLY_REFUNDED" | "REFUNDED";
  createdAt: number;
  total: Money;
  quantity: number;
  lines: { productId: string; basePlanId: string | null; startsAt: number; endsAt: number | null }[];
  refunds: { at: number; quantity: number | null; chargeback: boolean }[];
};

export type Void = {
  purchaseToken: string;
  packageName: string;
  type: Purchase["type"];
  orderId: string | null;
  purchasedAt: number;
  voidedAt: number;
  source: number;
  reason: number;
  /** Only of a quantity-based partial refund. */
  quantity: number | null;
};

/** A chargeback that waits for the developer's opinion (`orders.reviewrefund`). */
export type RefundReview = {
  pendingRefundToken: string;
  orderId: string;
  packageName: string;
  askedAt: number;
  /** The first answer, the only one that counts. */
  preference: string | null;
  answers: number;
};
