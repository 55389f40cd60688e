import { AppError } from "../../domain/errors.ts";
import { asPurchaseId } from "../../domain/ids.ts";
import { NO_IDS, type PurchaseRecord } from "../../domain/purchase-file.ts";
import { refusal } from "../refusal.ts";
import { type SyncPorts, syncPurchase } from "../sync-purchase.ts";

/**
 * Asks Google about a purchase now, whatever is known of it.
 *
 * @param actor The name of the admin key.
 * @throws AppError `not_found`, and what a sync throws or refuses.
 */
export async function syncNow(ports: SyncPorts, text: string, actor: string): Promise<PurchaseRecord> {
  const purchaseId = asPurchaseId(text);
  const { file } = await ports.store.load({ ...NO_IDS, purchaseId });
  if (file.purchase === null) throw new AppError("not_found", "There is no purchase with this id.");
  const synced = await syncPurchase(ports, {
    ref: file.purchase,
    cause: "admin",
    actor,
    priority: "app",
    claimant: null,
    productId: null,
    observation: null,
    acceptAgeMs: 0,
  });
  if (synced.kind === "refused") throw refusal(synced.code);
  return synced.purchase;
}
