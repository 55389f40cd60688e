import { LRUCache } from "lru-cache";
import type { PurchaseId } from "../../domain/ids.ts";
import type { Clock, RecentAsks } from "../../ports.ts";

/** Purchases remembered at once: some minutes' worth of a busy process. */
const MAX = 20_000;

/** What this process asked Google just now and found unchanged, so that nothing needs to be written for it. */
export function createRecentAsks(clock: Clock): RecentAsks {
  const asks = new LRUCache<PurchaseId, { revision: number; at: number }>({ max: MAX });
  return {
    note: (id, revision) => void asks.set(id, { revision, at: clock.monotonic() }),
    ageMs: (id, revision) => {
      const ask = asks.get(id);
      return ask?.revision === revision ? clock.monotonic() - ask.at : null;
    },
  };
}
