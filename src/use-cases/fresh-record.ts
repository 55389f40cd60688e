import { accessOfItem } from "../domain/desired-grants.ts";
import type { Instant } from "../domain/instant.ts";
import type { PurchaseRecord } from "../domain/purchase-file.ts";
import type { LoadedFile, Ports } from "../ports.ts";
import type { SyncRequest } from "./sync-purchase.ts";

type FreshPorts = Pick<Ports, "settings" | "clock" | "recentAsks">;

/**
 * May our own record answer in place of Google? While Google was asked about it recently, it belongs to the caller, gives
 * access, and none of its periods has ended since (`VERIFY_FRESH_SECONDS`). A notice is an ask of its own: what it found
 * is in the record.
 *
 * @returns The purchase, or null when Google has to be asked.
 */
export function freshRecord(
  ports: FreshPorts,
  loaded: LoadedFile,
  request: SyncRequest,
): PurchaseRecord | null {
  const { purchase } = loaded.file;
  const { acceptAgeMs, claimant, productId } = request;
  if (acceptAgeMs === 0 || purchase?.answer == null || purchase.customerId !== claimant) return null;
  const fresh =
    ageOf(ports, loaded, purchase) < acceptAgeMs &&
    purchase.answer.items.some((item) => item.productId === productId) &&
    isRunning(ports, purchase, ports.clock.now());
  return fresh ? purchase : null;
}

/** Both ages are told by one clock each: the store's own, or this process's. */
function ageOf(ports: FreshPorts, loaded: LoadedFile, purchase: PurchaseRecord): number {
  const asked = ports.recentAsks.ageMs(purchase.id, purchase.revision) ?? Number.POSITIVE_INFINITY;
  return Math.min(asked, loaded.answeredAgoMs ?? Number.POSITIVE_INFINITY);
}

function isRunning({ settings }: FreshPorts, purchase: PurchaseRecord, now: Instant): boolean {
  const items = purchase.answer?.items ?? [];
  const ended = items.some((item) => item.expiresAt !== null && item.expiresAt <= now);
  return (
    !ended && items.some((item) => accessOfItem(purchase, item, settings.policy, now)?.kind === "active")
  );
}
