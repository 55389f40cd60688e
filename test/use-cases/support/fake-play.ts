import { AppError, type ErrorCode } from "../../../src/domain/errors.ts";
import type { PurchaseId } from "../../../src/domain/ids.ts";
import { formatInstant, type Instant } from "../../../src/domain/instant.ts";
import type { LineItem, Purchase } from "../../../src/domain/purchase.ts";
import type { PurchaseRef } from "../../../src/domain/purchase-file.ts";
import type { PlayApi, RefundPreference, RefundReview, VoidedQuery } from "../../../src/ports.ts";

type Method = "getPurchase" | "acknowledge" | "consume" | "voidedPurchases" | "reviewRefund";

/** Google Play as far as the port shows it: purchases that a test puts there, and what was asked about them. */
export class FakePlay implements PlayApi {
  readonly calls: { method: Method; id: PurchaseId; productId: string | null; accountId?: string }[] = [];
  readonly #purchases = new Map<PurchaseId, Purchase | AppError>();
  readonly #faults: { method: Method; error: Error; done: boolean }[] = [];
  /** Awaited before a get is answered, and after its answer was made: a slow network. */
  onAnswer: () => Promise<void> = async () => undefined;

  /** Google's truth about a token from now on. */
  put(ref: PurchaseRef, purchase: Purchase | ErrorCode): void {
    this.#purchases.set(ref.id, typeof purchase === "string" ? new AppError(purchase, "as told") : purchase);
  }

  purchase(ref: PurchaseRef): Purchase {
    const known = this.#purchases.get(ref.id);
    if (known === undefined || known instanceof AppError) throw new Error("Google has no such purchase");
    return known;
  }

  /** The next call fails. @param done Whether it has had its effect all the same. */
  failNext(method: Method, error: Error, done = false): void {
    this.#faults.push({ method, error, done });
  }

  count(method: Method): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  async getPurchase(ref: PurchaseRef): Promise<unknown> {
    this.calls.push({ method: "getPurchase", id: ref.id, productId: null });
    this.#fault("getPurchase");
    const known = this.#purchases.get(ref.id);
    if (known === undefined) throw new AppError("purchase_not_found", "Google knows no such token.");
    if (known instanceof AppError) throw known;
    if (known.type !== ref.type)
      throw new AppError("purchase_not_found", "Another endpoint knows this token.");
    const answer = known.type === "subscription" ? subscriptionJson(known) : productJson(known);
    await this.onAnswer();
    return answer;
  }

  async acknowledge(ref: PurchaseRef, productId: string, accountId: string | null = null): Promise<void> {
    this.#tell("acknowledge", ref, productId, (purchase) => ({ ...purchase, acknowledged: true }));
    const call = this.calls.at(-1);
    if (call !== undefined && accountId !== null) call.accountId = accountId;
  }

  async consume(ref: PurchaseRef, productId: string): Promise<void> {
    this.#tell("consume", ref, productId, (purchase) => ({
      ...purchase,
      acknowledged: true,
      items: purchase.items.map((item) => ({ ...item, consumed: true })),
    }));
  }

  /** Google's list of voids: `page` entries at a time. */
  readonly voided: { packageName: string; recordedAt: Instant; entry: Record<string, unknown> }[] = [];
  voidedPageSize = 1000;

  async voidedPurchases({ packageName, since, pageToken }: VoidedQuery): Promise<unknown> {
    this.#fault("voidedPurchases");
    const all = this.voided.filter((one) => one.packageName === packageName && one.recordedAt >= since);
    const from = Number(pageToken ?? 0);
    const page = all.slice(from, from + this.voidedPageSize);
    const next = from + page.length;
    return {
      ...(page.length === 0 ? {} : { voidedPurchases: page.map(({ entry }) => entry) }),
      ...(next < all.length ? { tokenPagination: { nextPageToken: String(next) } } : {}),
    };
  }

  /** Our views of refunds, in the order told: the first for a refund counts. */
  readonly reviews: { orderId: string; token: string; preference: RefundPreference }[] = [];

  async reviewRefund(
    { orderId, pendingRefundToken }: RefundReview,
    preference: RefundPreference,
  ): Promise<void> {
    const fault = this.#faults.find((one) => one.method === "reviewRefund");
    if (fault?.done !== false) this.reviews.push({ orderId, token: pendingRefundToken.reveal(), preference });
    this.#fault("reviewRefund");
  }

  #tell(method: Method, ref: PurchaseRef, productId: string, change: (purchase: Purchase) => Purchase): void {
    this.calls.push({ method, id: ref.id, productId });
    const fault = this.#faults.find((one) => one.method === method);
    if (fault?.done !== false) this.#purchases.set(ref.id, change(this.purchase(ref)));
    this.#fault(method);
  }

  #fault(method: Method): void {
    const index = this.#faults.findIndex((fault) => fault.method === method);
    const [fault] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (fault !== undefined) throw fault.error;
  }
}

const STATES: Readonly<Record<string, string>> = {
  pending: "PENDING",
  active: "ACTIVE",
  in_grace_period: "IN_GRACE_PERIOD",
  on_hold: "ON_HOLD",
  paused: "PAUSED",
  canceled: "CANCELED",
  expired: "EXPIRED",
  pending_purchase_canceled: "PENDING_PURCHASE_CANCELED",
};

const CANCELLATIONS = {
  user: "userInitiatedCancellation",
  developer: "developerInitiatedCancellation",
  system: "systemInitiatedCancellation",
  replacement: "replacementCancellation",
} as const;

function time(instant: Instant | null): string | undefined {
  return instant === null ? undefined : formatInstant(instant);
}

function acknowledgement(purchase: Purchase): string {
  return purchase.acknowledged ? "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED" : "ACKNOWLEDGEMENT_STATE_PENDING";
}

/** `purchases.subscriptionsv2.get` of a purchase. */
export function subscriptionJson(purchase: Purchase): unknown {
  const { endedBy } = purchase;
  return {
    kind: "androidpublisher#subscriptionPurchaseV2",
    subscriptionState: `SUBSCRIPTION_STATE_${STATES[purchase.state] ?? "SOMETHING_NEW"}`,
    acknowledgementState: acknowledgement(purchase),
    startTime: time(purchase.startedAt),
    linkedPurchaseToken: purchase.replaces?.reveal(),
    externalAccountIdentifiers:
      purchase.accountId === null ? undefined : { obfuscatedExternalAccountId: purchase.accountId },
    outOfAppPurchaseContext:
      purchase.resubscribes === null ? undefined : { expiredPurchaseToken: purchase.resubscribes.reveal() },
    canceledStateContext: endedBy === null ? undefined : { [CANCELLATIONS[endedBy]]: {} },
    pausedStateContext:
      purchase.autoResumesAt === null ? undefined : { autoResumeTime: time(purchase.autoResumesAt) },
    testPurchase: purchase.test ? {} : undefined,
    lineItems: purchase.items.map(subscriptionItem),
  };
}

function subscriptionItem(item: LineItem) {
  return {
    productId: item.productId,
    expiryTime: time(item.expiresAt),
    latestSuccessfulOrderId: item.orderId ?? undefined,
    ...(item.autoRenewing === null
      ? { prepaidPlan: {} }
      : { autoRenewingPlan: { autoRenewEnabled: item.autoRenewing } }),
    offerDetails: item.basePlanId === null ? undefined : { basePlanId: item.basePlanId },
    deferredItemRemoval: item.leaving ? {} : undefined,
  };
}

/** `purchases.productsv2.getproductpurchasev2` of a purchase. */
export function productJson(purchase: Purchase): unknown {
  const states: Readonly<Record<string, string>> = { purchased: "PURCHASED", pending: "PENDING" };
  const [first] = purchase.items;
  return {
    kind: "androidpublisher#productPurchaseV2",
    purchaseStateContext: { purchaseState: states[purchase.state] ?? "CANCELLED" },
    acknowledgementState: acknowledgement(purchase),
    orderId: first?.orderId ?? undefined,
    purchaseCompletionTime: purchase.state === "canceled" ? undefined : time(purchase.startedAt),
    obfuscatedExternalAccountId: purchase.accountId ?? undefined,
    testPurchaseContext: purchase.test ? {} : undefined,
    productLineItem: purchase.items.map((item) => ({
      productId: item.productId,
      productOfferDetails: {
        quantity: item.quantity,
        refundableQuantity: item.refundableQuantity ?? undefined,
        consumptionState: `CONSUMPTION_STATE_${item.consumed ? "CONSUMED" : "YET_TO_BE_CONSUMED"}`,
        rentOfferDetails: item.rental ? {} : undefined,
      },
    })),
  };
}
