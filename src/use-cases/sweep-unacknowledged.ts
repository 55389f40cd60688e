import { requestEffect } from "../domain/effect.ts";
import type { PurchaseId } from "../domain/ids.ts";
import { DAY, MINUTE } from "../domain/instant.ts";
import { type Decision, NO_IDS, NO_WRITES, type PurchaseRecord } from "../domain/purchase-file.ts";
import { isDueAtGoogle } from "../domain/sync-effects.ts";
import type { UnacknowledgedPurchase } from "../ports.ts";
import { handleEach, type SweepPorts, type SweepReport } from "./sweep.ts";
import { syncPurchase } from "./sync-purchase.ts";

/** Looked after from here on: of Google's three days the first is enough where nothing is wrong. */
const AHEAD = 2 * DAY;
/** Google has taken it back long ago, whatever its answer says: it must not stand before those that can be helped. */
const GIVEN_UP = 3 * DAY;
/** One process asks Google about the same purchase no more often than this, or ten times in a window that is short. */
const ASK_AGAIN_AFTER = 10 * MINUTE;
/** With less of the window left than this somebody should look: then Google takes the purchase back. */
const LATE = 1 / 3;

/**
 * Purchases that Google will take back because nobody told it that they were granted (google-play.md section 8): each is
 * asked about, and telling Google is put down anew where it is still due, whatever became of the first time.
 */
export async function sweepUnacknowledged(ports: SweepPorts, limit: number): Promise<SweepReport> {
  const now = ports.clock.now();
  const items = await ports.sweepRecords.unacknowledged(now - GIVEN_UP, now + AHEAD, limit);
  const report = await handleEach(ports, {
    sweep: "unacknowledged",
    items,
    limit,
    fieldsOf: ({ id }) => ({ purchase_id: id }),
    handle: (purchase) => urge(ports, purchase),
  });
  // They stay in the list until Google was told: a pass that found only such as were asked about gets nowhere.
  return { ...report, more: report.more && report.changed > 0 };
}

/** @returns Whether Google is to be told anew. */
async function urge(ports: SweepPorts, { id, acknowledgeBy }: UnacknowledgedPurchase): Promise<boolean> {
  const { purchase } = (await ports.store.load({ ...NO_IDS, purchaseId: id })).file;
  if (purchase === null) return false;
  const window = acknowledgeBy - (purchase.answer?.startedAt ?? purchase.createdAt);
  if (wasAskedAbout(ports, purchase, window)) return false;
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  await syncPurchase(ports, { ...request, ref: purchase, cause: "sweep", priority: "sweep" });
  if (!(await askToTell(ports, id))) return false;
  const left = acknowledgeBy - ports.clock.now();
  if (left < LATE * window) {
    ports.log.error("acknowledge.late", { purchase_id: id, minutes_left: Math.round(left / MINUTE) });
  }
  return true;
}

function wasAskedAbout(
  { recentAsks }: SweepPorts,
  { id, revision }: PurchaseRecord,
  window: number,
): boolean {
  const age = recentAsks.ageMs(id, revision);
  return age !== null && age < Math.min(ASK_AGAIN_AFTER, window / 10);
}

async function askToTell({ store, settings, clock }: SweepPorts, purchaseId: PurchaseId): Promise<boolean> {
  const { result } = await store.update({ ...NO_IDS, purchaseId }, ({ purchase }): Decision<boolean> => {
    const now = clock.now();
    if (purchase === null) return { result: false, writes: null };
    if (isDueAtGoogle(purchase, settings.policy, now)) {
      const effects = [requestEffect({ kind: "acknowledge_purchase", purchaseId }, now)];
      return { result: true, writes: { ...NO_WRITES, effects } };
    }
    // Nothing to tell any more: it leaves the list.
    const isListed = purchase.acknowledgeBy !== null;
    const settled = { ...purchase, acknowledgeBy: null, updatedAt: now };
    return { result: false, writes: isListed ? { ...NO_WRITES, purchase: settled } : null };
  });
  return result;
}
