import { DAY, HOUR, type Instant } from "../../src/domain/instant.ts";
import type { Sweep } from "../../src/use-cases/sweep.ts";
import { createSweeps } from "../../src/use-cases/sweeps.ts";
import { PACKAGE } from "./shop.ts";
import type { Storage } from "./storage.ts";

/** What sweeps look at, past all trouble, to know when it is worth running one. */
export interface Sight {
  readonly storage: Storage;
  /** When Google recorded its last void. */
  lastVoid(): Instant | null;
}

/** Later than anything that a test has to do with. */
const FOREVER = Date.UTC(2100, 0);

/** The sweeps of one process; effects are run apart from them. */
export function createWorldSweeps(): readonly Sweep[] {
  return createSweeps().filter(({ name }) => name !== "effects");
}

/**
 * When a sweep has something to do next; null: nothing. So that months may pass without thousands of passes in vain; one
 * that isn't named here runs as often as it says.
 */
export function createForesight(sight: Sight): Record<string, () => Promise<Instant | null>> {
  const { store, records, sweepRecords } = sight.storage;
  return {
    async due() {
      const [first] = await records.dueForSync(FOREVER, 1);
      if (first === undefined) return null;
      const ids = { purchaseId: first.id, relatedId: null, customerId: null, formerId: null };
      return (await store.load(ids)).file.purchase?.nextSyncAt ?? null;
    },
    async voided() {
      const [last, seen] = [sight.lastVoid(), await sweepRecords.mark(`voided:${PACKAGE}`)];
      // As late as it may be that somebody looks.
      return last === null || (seen !== null && seen > last) ? null : last + HOUR;
    },
    async unacknowledged() {
      const [first] = await sweepRecords.unacknowledged(0, FOREVER, 1);
      return first === undefined ? null : first.acknowledgeBy - 2 * DAY;
    },
    async licenses() {
      const [first] = await sweepRecords.keysToCheck(FOREVER, 1);
      return first?.checkAt ?? null;
    },
    async "refund-reviews"() {
      const [first] = await sweepRecords.openReviews(FOREVER, 1);
      return first === undefined ? null : first.answerBy - 2 * HOUR;
    },
    // It only rings a bell.
    silence: async () => null,
  };
}

/** When the first effect of the outbox is due. */
export async function nextEffect({ outbox }: Storage): Promise<Instant | null> {
  return (await outbox.backlog(FOREVER)).oldestDueAt;
}
