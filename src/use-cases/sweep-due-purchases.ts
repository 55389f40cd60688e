import { AppError } from "../domain/errors.ts";
import type { PurchaseRef } from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";
import { type SyncPorts, syncPurchase } from "./sync-purchase.ts";

/** Reads at Google under way at once. */
const AT_ONCE = 8;
/** So many failures in a row are Google's or the store's, not the purchases': the rest would only wait for nothing. */
const GIVE_UP_AFTER = 2 * AT_ONCE;

/**
 * Asks Google about purchases whose time has come: a period ended, a payment is pending, a hold may be over. Heals
 * notices that were lost. Bounded, harmless if it overlaps with another one.
 *
 * @returns How many purchases were synced.
 */
export async function sweepDuePurchases(
  ports: SyncPorts & Pick<Ports, "records">,
  limit: number,
): Promise<number> {
  const due = await ports.records.dueForSync(ports.clock.now(), limit);
  let synced = 0;
  let failedInRow = 0;
  const lane = async () => {
    for (let ref = due.shift(); ref !== undefined && failedInRow < GIVE_UP_AFTER; ref = due.shift()) {
      const succeeded = await syncDue(ports, ref);
      failedInRow = succeeded ? 0 : failedInRow + 1;
      if (succeeded) synced += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return synced;
}

async function syncDue(ports: SyncPorts, ref: PurchaseRef): Promise<boolean> {
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  try {
    await syncPurchase(ports, { ...request, ref, cause: "sweep", priority: "sweep" });
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    ports.log.warn("sweep.failed", { purchase_id: ref.id, code: error.code });
    return false;
  }
}
