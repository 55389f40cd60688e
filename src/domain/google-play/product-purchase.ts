import { z } from "zod";
import type { LineItem, Purchase, PurchaseState } from "../purchase.ts";
import { googleTime } from "./google-time.ts";
import { readAnswer } from "./read-answer.ts";

const offerDetails = z.looseObject({
  purchaseOptionId: z.string().nullish(),
  quantity: z.number().int().positive().nullish(),
  refundableQuantity: z.number().int().nonnegative().nullish(),
  consumptionState: z.string().nullish(),
  rentOfferDetails: z.looseObject({}).nullish(),
});

const lineItem = z.looseObject({
  productId: z.string().min(1),
  productOfferDetails: offerDetails.nullish(),
});

/** `purchases.productsv2.getproductpurchasev2`. `productLineItem` is an array in spite of its name. */
export const productPurchaseSchema = z.looseObject({
  purchaseStateContext: z.looseObject({ purchaseState: z.string() }),
  productLineItem: z.array(lineItem).nullish(),
  acknowledgementState: z.string().nullish(),
  orderId: z.string().nullish(),
  purchaseCompletionTime: googleTime.nullish(),
  obfuscatedExternalAccountId: z.string().nullish(),
  testPurchaseContext: z.looseObject({}).nullish(),
});

type Answer = z.output<typeof productPurchaseSchema>;

/**
 * @param json The body of `purchases.productsv2.getproductpurchasev2`.
 * @throws AppError `play_unavailable` when it is not one.
 */
export function toOneTimePurchase(json: unknown): Purchase {
  const answer = readAnswer(productPurchaseSchema, json);
  return {
    type: "one_time",
    state: stateOf(answer),
    items: (answer.productLineItem ?? []).map((item) => toLineItem(item, answer)),
    startedAt: answer.purchaseCompletionTime ?? null,
    acknowledged: answer.acknowledgementState === "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED",
    test: answer.testPurchaseContext != null,
    accountId: answer.obfuscatedExternalAccountId ?? null,
    replaces: null,
    resubscribes: null,
    endedBy: null,
    autoResumesAt: null,
  };
}

/** One-time products spell CANCELLED with two L. Cancelled after it was paid means the money went back. */
function stateOf(answer: Answer): PurchaseState {
  switch (answer.purchaseStateContext.purchaseState) {
    case "PURCHASED":
      return "purchased";
    case "PENDING":
      return "pending";
    case "CANCELLED":
      return answer.purchaseCompletionTime == null ? "canceled" : "refunded";
    default:
      return "unknown";
  }
}

function toLineItem(item: z.output<typeof lineItem>, answer: Answer): LineItem {
  const offer = item.productOfferDetails;
  return {
    productId: item.productId,
    basePlanId: null,
    orderId: answer.orderId ?? null,
    expiresAt: null,
    autoRenewing: null,
    leaving: false,
    quantity: offer?.quantity ?? 1,
    refundableQuantity: offer?.refundableQuantity ?? null,
    consumed: offer?.consumptionState === "CONSUMPTION_STATE_CONSUMED",
    rental: offer?.rentOfferDetails != null,
  };
}
