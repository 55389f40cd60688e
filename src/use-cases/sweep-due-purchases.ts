import { AppError } from "../domain/errors.ts";
import type { PurchaseId } from "../domain/ids.ts";
import { type Instant, MINUTE, SECOND } from "../domain/instant.ts";
import {
  type Decision,
  NO_IDS,
  NO_WRITES,
  type PurchaseRecord,
  type PurchaseRef,
} from "../domain/purchase-file.ts";
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
  if (purchase === null || !isDue(purchase, ports.clock.now())) return false;
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  try {
    const synced = await syncPurchase(ports, { ...request, ref, cause: "sweep", priority: "sweep" });
    if (synced.kind === "refused") throw refusal(synced.code);
    return synced.purchase.revision !== purchase.revision;
  } catch (error) {
    if (error instanceof AppError && error.code !== "store_unavailable")
      await putOff(ports, ref.id, error.code === "play_unavailable" ? SOON : LATER);
    throw error;
  }
}

function isDue({ nextSyncAt }: PurchaseRecord, now: Instant): boolean {
  return nextSyncAt !== null && nextSyncAt <= now;
}

/** Google's trouble mostly passes; a refusal stays until somebody does something about it. */
const SOON = 30 * SECOND;
const LATER = 10 * MINUTE;

/**
 * What fails by itself must not stand before others for good: purchases of an app that Google doesn't let us see, or whose
 * answers can't be read.
 */
async function putOff({ store, clock }: DuePorts, purchaseId: PurchaseId, ms: number): Promise<void> {
  await store.update({ ...NO_IDS, purchaseId }, ({ purchase }): Decision<null> => {
    const now = clock.now();
    const due = purchase !== null && isDue(purchase, now);
    const writes = due ? { ...NO_WRITES, purchase: { ...purchase, nextSyncAt: now + ms } } : null;
    return { result: null, writes };
  });
}
