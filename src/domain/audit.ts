import type { Grant } from "./grant.ts";
import type { Instant } from "./instant.ts";
import type { Purchase } from "./purchase.ts";
import type { AuditEntry, Cause, PurchaseRecord } from "./purchase-file.ts";

/** The history of one sync: what became of the purchase, and of its rows. */
export function auditSync(
  before: PurchaseRecord | null,
  after: PurchaseRecord & { answer: Purchase },
  cause: Cause,
  grants: readonly Grant[],
  now: Instant,
): AuditEntry {
  const summary = `${before?.answer?.state ?? "new"} → ${after.answer.state}`;
  return {
    at: now,
    cause,
    customerId: after.customerId,
    purchaseId: after.id,
    changes: [{ kind: "purchase", grantId: null, summary }, ...grants.map(rowChange)],
  };
}

/** The history of a step of delivery; null where no row changed. */
export function auditDelivery(grants: readonly Grant[], now: Instant): AuditEntry | null {
  const [first] = grants;
  if (first === undefined) return null;
  const { customerId, purchaseId } = first;
  return { at: now, cause: "effect", customerId, purchaseId, changes: grants.map(rowChange) };
}

function rowChange({ id, entitlementId, status, revocationReason }: Grant): AuditEntry["changes"][number] {
  const words = [entitlementId, status, revocationReason].filter((word) => word !== null);
  return { kind: "grant", grantId: id, summary: words.join(" ") };
}
