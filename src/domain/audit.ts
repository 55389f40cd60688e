import type { Grant } from "./grant.ts";
import type { CustomerId, GrantId, PurchaseId } from "./ids.ts";
import { formatInstant, type Instant } from "./instant.ts";
import type { Purchase } from "./purchase.ts";
import type { AuditEntry, Cause, PurchaseRecord } from "./purchase-file.ts";
import { purchaseNews } from "./purchase-news.ts";

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
  const summary = purchaseNews(before, after);
  const of = (customerId: CustomerId | null): AuditEntry => ({
    at: now,
    cause,
    actor,
    customerId,
    purchaseId: after.id,
    changes: [
      { kind: "purchase", grantId: null, summary },
      ...rowChanges(
        grants.filter((grant) => grant.customerId === customerId),
        now,
      ),
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
  return [{ at: now, cause, actor, customerId, purchaseId, changes: rowChanges(grants, now) }];
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
    changes: [{ kind: "admin", grantId, summary }, ...rowChanges(grants, now)],
  };
}

/** The history of what Google was told: that a purchase was granted. */
export function auditTold({ customerId, id }: PurchaseRecord, consumed: boolean, now: Instant): AuditEntry {
  const summary = consumed ? "consumed at Google" : "acknowledged at Google";
  const changes = [{ kind: "purchase", grantId: null, summary }];
  return { at: now, cause: "effect", actor: null, customerId, purchaseId: id, changes };
}

const LETTERS = {
  delivered: "the licence key",
  restored: "that the licence works again",
  revoked: "that the licence works no more",
};

/** The history of a letter to a customer. @param code Why it was given up; null: it was sent. */
export function auditLetter(
  { customerId, purchaseId, id }: Grant,
  news: "delivered" | "restored" | "revoked",
  code: string | null,
  now: Instant,
): AuditEntry {
  const what = LETTERS[news];
  const summary = code === null ? `mailed ${what}` : `could not mail ${what}: ${code}`;
  const changes = [{ kind: "mail", grantId: id, summary }];
  return { at: now, cause: "effect", actor: null, customerId, purchaseId, changes };
}

function rowChanges(grants: readonly Grant[], now: Instant): AuditEntry["changes"] {
  return grants.map((grant) => ({ kind: "grant", grantId: grant.id, summary: rowNews(grant, now) }));
}

/** A row that was delivered before and changes again has another end. */
function rowNews(grant: Grant, now: Instant): string {
  const { entitlementId, status, revocationReason, deliveredAt, expiresAt } = grant;
  if (status === "Delivered" && deliveredAt !== now) {
    return `${entitlementId} until ${expiresAt === null ? "further notice" : formatInstant(expiresAt)}`;
  }
  return [entitlementId, status, revocationReason].filter((word) => word !== null).join(" ");
}
