import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import type { Cancellation, LineItem, PriceChange, Subscription } from "./model.ts";

type Answer = androidpublisher_v3.Schema$SubscriptionPurchaseV2;
type AnswerItem = androidpublisher_v3.Schema$SubscriptionPurchaseLineItem;

const time = (at: number): string => new Date(at).toISOString();

/** What `subscriptionsv2.get` answers (facts section 4). What Google leaves out is left out, never null. */
export function subscriptionAnswer(purchase: Subscription): Answer {
  return {
    kind: "androidpublisher#subscriptionPurchaseV2",
    regionCode: "TH",
    lineItems: purchase.items.map((item) => itemAnswer(purchase, item)),
    ...(purchase.completedAt === null ? {} : { startTime: time(purchase.completedAt) }),
    subscriptionState: `SUBSCRIPTION_STATE_${purchase.state}`,
    acknowledgementState: `ACKNOWLEDGEMENT_STATE_${purchase.acknowledged ? "ACKNOWLEDGED" : "PENDING"}`,
    ...account(purchase),
    etag: purchase.etag,
    ...(purchase.linkedPurchaseToken === null ? {} : { linkedPurchaseToken: purchase.linkedPurchaseToken }),
    ...stateContext(purchase),
    ...outOfApp(purchase),
    ...(purchase.test ? { testPurchase: {} } : {}),
  };
}

function account({ accountId, profileId }: Subscription): Pick<Answer, "externalAccountIdentifiers"> {
  if (accountId === null && profileId === null) return {};
  return {
    externalAccountIdentifiers: {
      ...(accountId === null ? {} : { obfuscatedExternalAccountId: accountId }),
      ...(profileId === null ? {} : { obfuscatedExternalProfileId: profileId }),
    },
  };
}

function itemAnswer(purchase: Subscription, item: LineItem): AnswerItem {
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

function stateContext(purchase: Subscription): Answer {
  const { state, cancellation } = purchase;
  const [first] = purchase.orderIds;
  const pending = first === undefined ? {} : { pendingOrderId: `${first}..${purchase.renewals}` };
  const declined = { renewalDeclined: pending };
  if (state === "IN_GRACE_PERIOD") return { inGracePeriodStateContext: declined };
  if (state === "ON_HOLD") return { onHoldStateContext: declined };
  if (state === "PAUSED" && purchase.resumesAt !== null) {
    return { pausedStateContext: { autoResumeTime: time(purchase.resumesAt) } };
  }
  if ((state === "CANCELED" || state === "EXPIRED") && cancellation !== null) {
    return { canceledStateContext: canceledContext(cancellation) };
  }
  return {};
}

function canceledContext(cancellation: Cancellation): androidpublisher_v3.Schema$CanceledStateContext {
  switch (cancellation.by) {
    case "user":
      return {
        userInitiatedCancellation: {
          cancelTime: time(cancellation.at),
          cancelSurveyResult: { reason: "CANCEL_SURVEY_REASON_COST_RELATED" },
        },
      };
    case "system":
      return { systemInitiatedCancellation: {} };
    case "developer":
      return { developerInitiatedCancellation: {} };
    case "replacement":
      return { replacementCancellation: {} };
  }
}

/** Only of a resubscribe in the Play app, and gone once acknowledged: read it before (facts section 8). */
function outOfApp(purchase: Subscription): Pick<Answer, "outOfAppPurchaseContext"> {
  const { resubscribes } = purchase;
  if (resubscribes === null || purchase.acknowledged) return {};
  const { accountId, purchaseToken } = resubscribes;
  const ids = accountId === null ? {} : { obfuscatedExternalAccountId: accountId };
  return {
    outOfAppPurchaseContext: { expiredExternalAccountIdentifiers: ids, expiredPurchaseToken: purchaseToken },
  };
}
