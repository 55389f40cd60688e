import { type ChainId, chainId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { observe } from "./observation.ts";
import { type Purchase, replacedSyncAt } from "./purchase.ts";
import { newPurchaseRecord, type PurchaseRecord, type PurchaseRef, purchaseRef } from "./purchase-file.ts";

/**
 * The token whose record a sync needs beside its own: the one replaced, unless its place was taken already, or the
 * expired one that a purchase made in Play resubscribes to. As long as nobody is known to own this one, either may tell.
 */
export function relatedRef(
  ref: PurchaseRef,
  answer: Purchase,
  stored: PurchaseRecord | null,
): PurchaseRef | null {
  const owned = stored !== null && stored.customerId !== null;
  const token = answer.replaces ?? (owned ? null : answer.resubscribes);
  if (token === null) return null;
  const related = purchaseRef(ref.packageName, "subscription", token);
  const taken = owned && stored.replaced === related.id;
  return taken || related.id === ref.id ? null : related;
}

/** A chain is named after its oldest known token; a token found later takes the name over that its successor gave it. */
export function chainOf(
  stored: PurchaseRecord,
  related: PurchaseRecord | null,
  answer: Purchase,
): ChainId | null {
  if (related !== null && isTaken(related, stored)) return chainId(stored.id);
  // A record that is there has its name: given when it was first read, or by its successor before that.
  const named = stored.answer !== null || stored.observations.supersededBy !== null;
  if (named || answer.replaces === null) return stored.chainId;
  return related?.chainId ?? chainId(purchaseRef(stored.packageName, "subscription", answer.replaces).id);
}

/** Another token took its place before: two live successors are two subscriptions, and share nothing. */
function isTaken({ observations }: PurchaseRecord, next: PurchaseRecord): boolean {
  return observations.supersededBy !== null && observations.supersededBy !== next.id;
}

const NOT_YET: ReadonlySet<string> = new Set(["pending", "pending_purchase_canceled", "unknown"]);

/**
 * The old token is retired only once the new one grants: while that is pending, the old subscription goes on
 * (google-play.md rule 7). One whose own place was taken meanwhile never will grant, so what it replaces is over as well.
 * A token never seen becomes a stub of the same chain, which Google will be asked about. One whose place was taken before
 * stays as it is.
 *
 * @returns The replaced purchase, retired; null where there is none to retire, or it is done already.
 */
export function supersede(
  related: PurchaseRecord | null,
  next: PurchaseRecord,
  answer: Purchase,
  now: Instant,
): PurchaseRecord | null {
  const waits = NOT_YET.has(answer.state) && next.observations.supersededBy === null;
  if (answer.replaces === null || waits) return null;
  const link = purchaseRef(next.packageName, "subscription", answer.replaces);
  if (next.replaced === link.id || link.id === next.id) return null;
  if (related !== null && isTaken(related, next)) return related;
  const old = related ?? { ...newPurchaseRecord(link, now), chainId: next.chainId };
  return {
    ...old,
    observations: observe(old.observations, { kind: "superseded", by: next.id }),
    customerId: old.customerId ?? next.customerId,
    nextSyncAt: replacedSyncAt(old.answer, false, now),
    updatedAt: now,
  };
}
