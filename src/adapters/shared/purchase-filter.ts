import { stateOf } from "../../domain/access.ts";
import type { PurchaseRecord } from "../../domain/purchase-file.ts";
import type { PurchaseFilter } from "../../ports.ts";

/** Whether all that is asked for holds. */
export function fits(purchase: PurchaseRecord, { customerId, orderId, state }: PurchaseFilter): boolean {
  const { answer, observations } = purchase;
  return (
    (customerId === undefined || purchase.customerId === customerId) &&
    (orderId === undefined || purchase.orderIds.includes(orderId)) &&
    (state === undefined || (answer !== null && stateOf(answer, observations) === state))
  );
}
