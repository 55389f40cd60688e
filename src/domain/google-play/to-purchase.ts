import type { Purchase } from "../purchase.ts";
import type { PurchaseRef } from "../purchase-file.ts";
import { toOneTimePurchase } from "./product-purchase.ts";
import { toSubscription } from "./subscription-purchase.ts";

/** Google's answer about a token in our words. @throws AppError `play_unavailable` when it can't be read. */
export function toPurchase({ type }: Pick<PurchaseRef, "type">, json: unknown): Purchase {
  return type === "subscription" ? toSubscription(json) : toOneTimePurchase(json);
}
