import type { Observation } from "../domain/observation.ts";
import { observe } from "../domain/observation.ts";
import {
  type Decision,
  NO_IDS,
  NO_WRITES,
  newPurchaseRecord,
  type PurchaseRef,
} from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";

/**
 * Keeps a void of a purchase that Google doesn't show (yet): should the purchase come after all, it comes as voided
 * (google-play.md section 10). Where it came in the meantime it is due to be asked about at once. May be repeated.
 */
export async function rememberVoid(
  ports: Pick<Ports, "store" | "clock">,
  ref: PurchaseRef,
  observation: Extract<Observation, { kind: "voided" }>,
): Promise<void> {
  const ids = { ...NO_IDS, purchaseId: ref.id };
  await ports.store.update(ids, ({ purchase }): Decision<null> => {
    const now = ports.clock.now();
    const stored = purchase ?? newPurchaseRecord(ref, now);
    const observations = observe(stored.observations, observation);
    if (purchase !== null && observations === stored.observations) return { result: null, writes: null };
    const nextSyncAt = stored.answer === null ? stored.nextSyncAt : now;
    const next = { ...stored, observations, nextSyncAt, updatedAt: now };
    return { result: null, writes: { ...NO_WRITES, purchase: next } };
  });
}
