import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import { itemAnswer } from "./item-view.ts";
import type { Cancellation, Subscription } from "./model.ts";

type Answer = androidpublisher_v3.Schema$SubscriptionPurchaseV2;

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
