import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import type { LineItem, PriceChange, Subscription } from "./model.ts";

type AnswerItem = androidpublisher_v3.Schema$SubscriptionPurchaseLineItem;

const time = (at: number): string => new Date(at).toISOString();

/** One product of a purchase: what it is, until when it is paid, and how it goes on. */
export function itemAnswer(purchase: Subscription, item: LineItem): AnswerItem {
  return {
    productId: item.productId,
    ...(item.expiresAt === null ? {} : { expiryTime: time(item.expiresAt) }),
    ...plan(purchase, item),
    offerDetails: offerDetails(item),
    ...(item.orderId === null ? {} : { latestSuccessfulOrderId: item.orderId }),
    ...(purchase.prepaid || item.orderId === null ? {} : { offerPhase: offerPhase(purchase, item) }),
    ...(item.becomes === null ? {} : { deferredItemReplacement: { productId: item.becomes } }),
    ...(purchase.promo ? { signupPromotion: { oneTimeCode: {} } } : {}),
    ...(item.removed ? { deferredItemRemoval: {} } : {}),
    ...(item.replaces === null ? {} : { itemReplacement: item.replaces }),
  };
}

function offerDetails({ basePlanId, offerId, offerTags }: LineItem): AnswerItem["offerDetails"] & object {
  return {
    basePlanId,
    ...(offerId === null ? {} : { offerId }),
    ...(offerTags.length === 0 ? {} : { offerTags }),
  };
}

/** What is left of the old plan's money is used up first, until the new plan's first renewal. */
function offerPhase(purchase: Subscription, item: LineItem): AnswerItem["offerPhase"] & object {
  const phase = item.phases[0]?.kind;
  if (phase === "free_trial") return { freeTrial: {} };
  if (phase === "introductory") return { introductoryPrice: {} };
  const prorated = item.replaces?.replacementMode === "WITH_TIME_PRORATION" && purchase.renewals === 0;
  return prorated ? { prorationPeriod: { originalOfferPhaseType: "BASE" } } : { basePrice: {} };
}

/** A prepaid plan says when it may be topped up, and no longer once it has expired. */
function plan(purchase: Subscription, item: LineItem): AnswerItem {
  if (!purchase.prepaid) {
    return { autoRenewingPlan: autoRenewingPlan(purchase, item) };
  }
  const open = purchase.state === "ACTIVE" && purchase.completedAt !== null;
  return { prepaidPlan: open ? { allowExtendAfterTime: time(purchase.completedAt ?? 0) } : {} };
}

function autoRenewingPlan(purchase: Subscription, item: LineItem): AnswerItem["autoRenewingPlan"] & object {
  const { priceChange, stepUp } = item;
  const { instalments } = purchase;
  return {
    autoRenewEnabled: item.autoRenew,
    recurringPrice: item.price,
    ...(priceChange === null ? {} : { priceChangeDetails: priceChangeDetails(priceChange) }),
    ...(stepUp === null
      ? {}
      : {
          priceStepUpConsentDetails: {
            state: stepUp.state,
            newPrice: stepUp.newPrice,
            consentDeadlineTime: time(stepUp.deadline),
          },
        }),
    ...(instalments === null
      ? {}
      : {
          installmentDetails: {
            initialCommittedPaymentsCount: instalments.committed,
            subsequentCommittedPaymentsCount: instalments.subsequent,
            remainingCommittedPaymentsCount: instalments.remaining,
            ...(instalments.cancelledAt === null ? {} : { pendingCancellation: {} }),
          },
        }),
  };
}

function priceChangeDetails({ newPrice, mode, state, chargeAt }: PriceChange) {
  return {
    newPrice,
    priceChangeMode: mode,
    priceChangeState: state,
    expectedNewPriceChargeTime: time(chargeAt),
  };
}
