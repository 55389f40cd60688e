import { AppError } from "../domain/errors.ts";
import type { PurchaseRef } from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";
import { type SyncPorts, syncPurchase } from "./sync-purchase.ts";

/**
 * Asks Google about purchases whose time has come: a period ended, a payment is pending, a hold may be over. Heals
 * notices that were lost. Bounded, harmless if it overlaps with another one.
 *
 * @returns How many purchases were due.
 */
export async function sweepDuePurchases(
  ports: SyncPorts & Pick<Ports, "records">,
  limit: number,
): Promise<number> {
  const due = await ports.records.dueForSync(ports.clock.now(), limit);
  for (const ref of due) await syncDue(ports, ref);
  return due.length;
}

async function syncDue(ports: SyncPorts, ref: PurchaseRef): Promise<void> {
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  try {
    await syncPurchase(ports, { ...request, ref, cause: "sweep", priority: "sweep" });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    ports.log.warn("sweep.failed", { purchase_id: ref.id, code: error.code });
  }
}
