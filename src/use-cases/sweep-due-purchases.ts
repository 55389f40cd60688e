import { NO_IDS, type PurchaseRef } from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";
import { refusal } from "./refusal.ts";
import { handleEach, type SweepReport, shuffled } from "./sweep.ts";
import { type SyncPorts, syncPurchase } from "./sync-purchase.ts";

type DuePorts = SyncPorts & Pick<Ports, "records" | "chance">;

/**
 * Asks Google about purchases whose time has come: a period ended, a payment is pending, a hold may be over. Heals
 * notices that were lost; those of which Google says something new are counted as changed.
 *
 * @param limit Purchases a pass.
 */
export async function sweepDuePurchases(ports: DuePorts, limit: number): Promise<SweepReport> {
  const due = await ports.records.dueForSync(ports.clock.now(), limit);
  return handleEach(ports, {
    sweep: "due",
    items: shuffled(due, ports.chance),
    limit,
    fieldsOf: ({ id }) => ({ purchase_id: id }),
    handle: (ref) => syncDue(ports, ref),
  });
}

/** @returns Whether Google said anything new. */
async function syncDue(ports: DuePorts, ref: PurchaseRef): Promise<boolean> {
  // Another worker may have been here since it was found: one read is cheaper than asking Google twice.
  const { purchase } = (await ports.store.load({ ...NO_IDS, purchaseId: ref.id })).file;
  if (purchase === null || purchase.nextSyncAt === null || purchase.nextSyncAt > ports.clock.now())
    return false;
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  const synced = await syncPurchase(ports, { ...request, ref, cause: "sweep", priority: "sweep" });
  if (synced.kind === "refused") throw refusal(synced.code);
  return synced.purchase.revision !== purchase.revision;
}
