import type { Grant } from "./grant.ts";
import type { CustomerId, GrantId, PurchaseId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { Purchase } from "./purchase.ts";
import type { AuditEntry, Cause, PurchaseRecord } from "./purchase-file.ts";

/** Why something changed, and by whom where a person did it: the name of the admin key. */
export interface By {
  readonly cause: Cause;
  readonly actor: string | null;
}

/** The history of one sync: what became of the purchase, and of its rows; one for each customer that it concerns. */
export function auditSync(
  before: PurchaseRecord | null,
  after: PurchaseRecord & { answer: Purchase },
  { cause, actor }: By,
  grants: readonly Grant[],
  now: Instant,
): AuditEntry[] {
  const summary = `${before?.answer?.state ?? "new"} → ${after.answer.state}`;
  const of = (customerId: CustomerId | null): AuditEntry => ({
    at: now,
    cause,
    actor,
    customerId,
    purchaseId: after.id,
    changes: [
      { kind: "purchase", grantId: null, summary },
      ...grants.filter((grant) => grant.customerId === customerId).map(rowChange),
    ],
  });
  const held = [before?.customerId ?? null, ...grants.map(({ customerId }) => customerId)];
  const others = held.filter((id) => id !== null && id !== after.customerId);
  return [after.customerId, ...new Set(others)].map(of);
}

/** The history of rows that changed in one customer's file; nothing where none did. */
export function auditRows({ cause, actor }: By, grants: readonly Grant[], now: Instant): AuditEntry[] {
  const [first] = grants;
  if (first === undefined) return [];
  const { customerId, purchaseId } = first;
  return [{ at: now, cause, actor, customerId, purchaseId, changes: grants.map(rowChange) }];
}

/** The history of what a person did, with the rows that changed by it; there even where none did. */
export function auditAct(
  deed: {
    readonly actor: string;
    readonly customerId: CustomerId | null;
    readonly purchaseId: PurchaseId | null;
    readonly grantId: GrantId | null;
    readonly summary: string;
  },
  grants: readonly Grant[],
  now: Instant,
): AuditEntry {
  const { actor, customerId, purchaseId, grantId, summary } = deed;
  return {
    at: now,
    cause: "admin",
    actor,
    customerId,
    purchaseId,
    changes: [{ kind: "admin", grantId, summary }, ...grants.map(rowChange)],
  };
}

function rowChange({ id, entitlementId, status, revocationReason }: Grant): AuditEntry["changes"][number] {
  const words = [entitlementId, status, revocationReason].filter((word) => word !== null);
  return { kind: "grant", grantId: id, summary: words.join(" ") };
}
