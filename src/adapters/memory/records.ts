import { createHash } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import type { CustomerId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Intake, PageRequest, Records } from "../../ports.ts";
import type { MemoryTables } from "./tables.ts";

/** Reads beside the file of a sync. */
export function createRecords({ grants, purchases, licenseKeys }: MemoryTables): Records {
  const ofCustomer = (customerId: CustomerId) =>
    [...grants.values()].filter((grant) => grant.customerId === customerId);
  return {
    grant: async (customerId, id) => ofCustomer(customerId).find((grant) => grant.id === id) ?? null,
    grants: async (customerId, ids) => ofCustomer(customerId).filter((grant) => ids.includes(grant.id)),
    listGrants: async (customerId, page) => paginate(ofCustomer(customerId), page),
    listPurchases: async (customerId, page) => {
      const rows = [...purchases.values()].map(({ value }) => value);
      return paginate(
        rows.filter((purchase) => purchase.customerId === customerId),
        page,
      );
    },
    licenseKeys: async (ids) => ids.flatMap((id) => licenseKeys.get(id) ?? []),
    dueForSync: async (now, limit) =>
      [...purchases.values()]
        .map(({ value }) => value)
        .filter(({ nextSyncAt }) => nextSyncAt !== null && nextSyncAt <= now)
        .sort((a, b) => Number(a.nextSyncAt) - Number(b.nextSyncAt))
        .slice(0, limit),
    ping: async () => undefined,
  };
}

function paginate<T extends { readonly id: string; readonly createdAt: Instant }>(
  rows: readonly T[],
  { limit, cursor }: PageRequest,
) {
  const sorted = [...rows].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  const at = cursor === null ? 0 : sorted.findIndex((row) => row.id === decode(cursor)) + 1;
  if (cursor !== null && at === 0)
    throw new AppError("invalid_request", "The cursor is not one of ours: leave it out to start over.");
  const data = sorted.slice(at, at + limit);
  const last = sorted.length > at + limit ? data.at(-1) : undefined;
  return { data, nextCursor: last === undefined ? null : Buffer.from(last.id).toString("base64url") };
}

function decode(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}

/** What is put aside for a person. */
export function createIntake({ deadLetters, orphans, refundReviews }: MemoryTables): Intake {
  return {
    addDeadLetter: async (letter) => addOnce(deadLetters, digest(letter.messageId ?? letter.data), letter),
    addOrphan: async (orphan) => addOnce(orphans, orphan.id, orphan),
    addRefundReview: async (review) =>
      addOnce(refundReviews, digest(review.pendingRefundToken.reveal()), review),
  };
}

function addOnce<T>(table: Map<string, T>, id: string, value: T): void {
  if (!table.has(id)) table.set(id, value);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
