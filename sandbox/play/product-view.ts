import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import type { OneTimePurchase } from "./model.ts";

/** What `productsv2.getproductpurchasev2` answers (facts section 6): the account id is flat, CANCELLED has two L. */
export function productAnswer(purchase: OneTimePurchase): androidpublisher_v3.Schema$ProductPurchaseV2 {
  const orderId = purchase.orderIds[0];
  return {
    kind: "androidpublisher#productPurchaseV2",
    productLineItem: [{ productId: purchase.productId, productOfferDetails: offerDetails(purchase) }],
    purchaseStateContext: { purchaseState: purchase.state },
    regionCode: "TH",
    acknowledgementState: `ACKNOWLEDGEMENT_STATE_${purchase.acknowledged ? "ACKNOWLEDGED" : "PENDING"}`,
    ...(orderId === undefined ? {} : { orderId }),
    ...(purchase.accountId === null ? {} : { obfuscatedExternalAccountId: purchase.accountId }),
    ...(purchase.completedAt === null
      ? {}
      : { purchaseCompletionTime: new Date(purchase.completedAt).toISOString() }),
    ...(purchase.test ? { testPurchaseContext: { fopType: "TEST" } } : {}),
  };
}

function offerDetails(purchase: OneTimePurchase): androidpublisher_v3.Schema$ProductOfferDetails {
  return {
    purchaseOptionId: purchase.rental ? "rent-default" : "buy-default",
    quantity: purchase.quantity,
    consumptionState: `CONSUMPTION_STATE_${purchase.consumed ? "CONSUMED" : "YET_TO_BE_CONSUMED"}`,
    refundableQuantity: purchase.refundableQuantity,
    ...(purchase.rental ? { rentOfferDetails: {} } : {}),
    ...(purchase.releasesAt === null
      ? {}
      : {
          offerId: "pre-order",
          preorderOfferDetails: { preorderReleaseTime: new Date(purchase.releasesAt).toISOString() },
        }),
  };
}

const LEGACY_STATE = { PURCHASED: 0, CANCELLED: 1, PENDING: 2 } as const;

/** The older `products.get`: numbers for states, `purchaseType` only when it was no normal buy. */
export function legacyProductAnswer(purchase: OneTimePurchase): androidpublisher_v3.Schema$ProductPurchase {
  const orderId = purchase.orderIds[0];
  return {
    kind: "androidpublisher#productPurchase",
    purchaseTimeMillis: String(Math.trunc(purchase.completedAt ?? purchase.boughtAt)),
    purchaseState: LEGACY_STATE[purchase.state],
    consumptionState: purchase.consumed ? 1 : 0,
    developerPayload: "",
    ...(orderId === undefined ? {} : { orderId }),
    ...purchaseType(purchase),
    acknowledgementState: purchase.acknowledged ? 1 : 0,
    ...(purchase.quantity === 1 ? {} : { quantity: purchase.quantity }),
    ...(purchase.accountId === null ? {} : { obfuscatedExternalAccountId: purchase.accountId }),
    regionCode: "TH",
    refundableQuantity: purchase.refundableQuantity,
  };
}

function purchaseType(purchase: OneTimePurchase): { purchaseType?: number } {
  if (purchase.test) return { purchaseType: 0 };
  return purchase.promo ? { purchaseType: 1 } : {};
}
