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

/** What an offer charges before the base price: so many periods of their own length and price. */
export type OfferPhase = {
  kind: "free_trial" | "introductory";
  price: Money;
  periodMs: number;
  cycles: number;
};

export type PriceChange = {
  newPrice: Money;
  mode: "PRICE_INCREASE" | "PRICE_DECREASE" | "OPT_OUT_PRICE_INCREASE";
  state: "OUTSTANDING" | "CONFIRMED" | "APPLIED" | "CANCELED";
  /** The first renewal that charges it. */
  chargeAt: number;
};

/** Korea: a rise at the end of an offer needs the customer's consent. */
export type PriceStepUp = {
  newPrice: Money;
  state: "PENDING" | "CONFIRMED" | "COMPLETED";
  deadline: number;
};

export type LineItem = {
  productId: string;
  basePlanId: string;
  price: Money;
  periodMs: number;
  offerId: string | null;
  offerTags: string[];
  /** The offer's phases that are left, the present one first; empty: the base price. */
  phases: OfferPhase[];
  priceChange: PriceChange | null;
  stepUp: PriceStepUp | null;
  /** False for a prepaid plan's item and for one that was cancelled. */
  autoRenew: boolean;
  /** The end of what is paid; a grace period moves `expiresAt` beyond it. Null: not started. */
  paidUntil: number | null;
  expiresAt: number | null;
  orderId: string | null;
  /** The product that this item turns into at its expiry (a DEFERRED plan change). */
  becomes: string | null;
  /** Leaves at its expiry (`deferredItemRemoval`). */
  removed: boolean;
  /** The payment method refuses this item alone; the whole purchase waits all the same. */
  declined: boolean;
  replaces: { productId: string; basePlanId: string; replacementMode: string } | null;
};

type PurchaseBase = {
  purchaseToken: string;
  packageName: string;
  uid: string;
  /** `obfuscatedExternalAccountId`; null when the app gave none. */
  accountId: string | null;
  /** `obfuscatedExternalProfileId` */
  profileId: string | null;
  test: boolean;
  acknowledged: boolean;
  boughtAt: number;
  /** When it was last paid for the first time; null while pending. */
  completedAt: number | null;
  /** When a pending payment runs out; null where none is awaited. */
  payBy: number | null;
  price: Money;
  /** Oldest first; empty while pending and for promo codes. */
  orderIds: string[];
  promo: boolean;
  etag: string;
  calls: { get: number; acknowledge: number; consume: number };
};

/** The payment method refuses the renewal: how long Google says nothing, grants grace, and holds. */
export type Declining = { silentMs: number; graceMs: number; holdMs: number };

/** A commitment to so many charges; a cancellation waits for its end. */
export type Instalments = {
  committed: number;
  remaining: number;
  subsequent: number;
  cancelledAt: number | null;
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
  /** A pause of so many milliseconds begins at the end of the period. */
  pausesFor: number | null;
  resumesAt: number | null;
  /** Null: the payment method is fine. */
  declining: Declining | null;
  graceUntil: number | null;
  holdUntil: number | null;
  instalments: Instalments | null;
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
  /** A pre-order's release. */
  releasesAt: number | null;
};

export type Purchase = Subscription | OneTimePurchase;

export type Order = {
  orderId: string;
  purchaseToken: string;
  packageName: string;
  type: Purchase["type"];
  state: "PENDING" | "PROCESSED" | "CANCELED" | "PENDING_REFUND" | "PARTIALLY_REFUNDED" | "REFUNDED";
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
  purchaseToken: string;
  orderId: string;
  packageName: string;
  askedAt: number;
  /** The first answer, the only one that counts. */
  preference: string | null;
  answers: number;
  /** What Google decides in the end, if that is given beforehand. */
  wish: "refund" | "keep" | null;
  /** null: still open */
  outcome: "refund" | "keep" | null;
};
