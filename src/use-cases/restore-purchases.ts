import type { CustomerFile } from "../domain/entitlements.ts";
import { emptyCustomerFile } from "../domain/entitlements.ts";
import { AppError } from "../domain/errors.ts";
import type { CustomerId } from "../domain/ids.ts";
import { NO_IDS } from "../domain/purchase-file.ts";
import {
  type VerifiedPurchase,
  type VerifyPorts,
  type VerifyRequest,
  verifyPurchase,
} from "./verify-purchase.ts";

export interface RestoredPurchases {
  /** In the order given: each purchase, or why it could not be had. */
  readonly results: readonly (VerifiedPurchase | AppError)[];
  readonly customer: CustomerFile;
}

/** Few at a time: they all meet in one customer's file. */
const AT_ONCE = 4;

/** Verifies many purchases of one customer; one that fails doesn't stop the others. */
export async function restorePurchases(
  ports: VerifyPorts,
  customerId: CustomerId,
  requests: readonly Omit<VerifyRequest, "customerId">[],
): Promise<RestoredPurchases> {
  const results: (VerifiedPurchase | AppError)[] = new Array(requests.length);
  const waiting = requests.map((request, index) => ({ request, index }));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next.index] = await verifyOne(ports, { ...next.request, customerId });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { file } = await ports.store.load({ ...NO_IDS, customerId });
  return { results, customer: file.customer ?? emptyCustomerFile(customerId) };
}

async function verifyOne(ports: VerifyPorts, request: VerifyRequest): Promise<VerifiedPurchase | AppError> {
  try {
    return await verifyPurchase(ports, request);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
