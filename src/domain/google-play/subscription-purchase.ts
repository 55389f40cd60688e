import { z } from "zod";
import type { EndedBy, LineItem, Purchase, PurchaseState } from "../purchase.ts";
import { Secret } from "../secret.ts";
import { googleTime } from "./google-time.ts";
import { readAnswer } from "./read-answer.ts";

const optional = <T extends z.ZodType>(schema: T) => schema.nullish();
const present = optional(z.looseObject({}));

const lineItem = z.looseObject({
  productId: z.string().min(1),
  expiryTime: optional(googleTime),
  latestSuccessfulOrderId: optional(z.string()),
  autoRenewingPlan: optional(z.looseObject({ autoRenewEnabled: optional(z.boolean()) })),
  offerDetails: optional(z.looseObject({ basePlanId: optional(z.string()) })),
  deferredItemReplacement: present,
  deferredItemRemoval: present,
});

const accountIds = z.looseObject({ obfuscatedExternalAccountId: optional(z.string()) });

/** `purchases.subscriptionsv2.get`. Loose: fields and enum values that Google adds later survive. */
export const subscriptionPurchaseSchema = z.looseObject({
  subscriptionState: z.string(),
  acknowledgementState: optional(z.string()),
  lineItems: optional(z.array(lineItem)),
  startTime: optional(googleTime),
  linkedPurchaseToken: optional(z.string()),
  externalAccountIdentifiers: optional(accountIds),
  outOfAppPurchaseContext: optional(
    z.looseObject({
      expiredExternalAccountIdentifiers: optional(accountIds),
      expiredPurchaseToken: optional(z.string()),
    }),
  ),
  canceledStateContext: optional(
    z.looseObject({
      userInitiatedCancellation: present,
      developerInitiatedCancellation: present,
      systemInitiatedCancellation: present,
      replacementCancellation: present,
    }),
  ),
  pausedStateContext: optional(z.looseObject({ autoResumeTime: optional(googleTime) })),
  testPurchase: present,
});

type Answer = z.output<typeof subscriptionPurchaseSchema>;

const STATES: Readonly<Record<string, PurchaseState>> = {
  SUBSCRIPTION_STATE_PENDING: "pending",
  SUBSCRIPTION_STATE_ACTIVE: "active",
  SUBSCRIPTION_STATE_IN_GRACE_PERIOD: "in_grace_period",
  SUBSCRIPTION_STATE_ON_HOLD: "on_hold",
  SUBSCRIPTION_STATE_PAUSED: "paused",
  SUBSCRIPTION_STATE_CANCELED: "canceled",
  SUBSCRIPTION_STATE_EXPIRED: "expired",
  SUBSCRIPTION_STATE_PENDING_PURCHASE_CANCELED: "pending_purchase_canceled",
  // The guide names it, the enum doesn't have it: treated alike (google-play.md section 5).
  SUBSCRIPTION_STATE_PENDING_PURCHASE_EXPIRED: "pending_purchase_canceled",
};

/**
 * @param json The body of `purchases.subscriptionsv2.get`.
 * @throws AppError `play_unavailable` when it is not one.
 */
export function toSubscription(json: unknown): Purchase {
  const answer = readAnswer(subscriptionPurchaseSchema, json);
  const outside = answer.outOfAppPurchaseContext;
  return {
    type: "subscription",
    state: STATES[answer.subscriptionState] ?? "unknown",
    items: (answer.lineItems ?? []).map(toLineItem),
    startedAt: answer.startTime ?? null,
    acknowledged: answer.acknowledgementState === "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED",
    test: answer.testPurchase != null,
    accountId:
      answer.externalAccountIdentifiers?.obfuscatedExternalAccountId ??
      outside?.expiredExternalAccountIdentifiers?.obfuscatedExternalAccountId ??
      null,
    replaces: secretOf(answer.linkedPurchaseToken),
    resubscribes: secretOf(outside?.expiredPurchaseToken),
    endedBy: endedBy(answer),
    autoResumesAt: answer.pausedStateContext?.autoResumeTime ?? null,
  };
}

function toLineItem(item: z.output<typeof lineItem>): LineItem {
  return {
    productId: item.productId,
    basePlanId: item.offerDetails?.basePlanId ?? null,
    orderId: item.latestSuccessfulOrderId ?? null,
    expiresAt: item.expiryTime ?? null,
    autoRenewing: item.autoRenewingPlan == null ? null : (item.autoRenewingPlan.autoRenewEnabled ?? false),
    leaving: item.deferredItemRemoval != null || item.deferredItemReplacement != null,
    quantity: 1,
    refundableQuantity: null,
    consumed: false,
    rental: false,
  };
}

function endedBy(answer: Answer): EndedBy | null {
  const context = answer.canceledStateContext;
  if (context?.replacementCancellation != null) return "replacement";
  if (context?.userInitiatedCancellation != null) return "user";
  if (context?.developerInitiatedCancellation != null) return "developer";
  return context?.systemInitiatedCancellation == null ? null : "system";
}

function secretOf(token: string | null | undefined): Secret | null {
  return token ? new Secret(token) : null;
}
