import { FieldPath, type Firestore, type Query, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { PageRequest, Records } from "../../ports.ts";
import { readGrant, readLicenseKey, readPurchase, stamp, tryReadPurchaseRef } from "./documents.ts";
import { guarded } from "./errors.ts";
import { paths } from "./paths.ts";

/** Reads beside the file of a sync. Lists are queries, and so no part of a hot path. */
export function createFirestoreRecords(db: Firestore): Records {
  const at = paths(db);
  return {
    async grant(customerId, id) {
      const snapshot = await guarded(() => at.grants(customerId).doc(id).get());
      return snapshot.exists ? readGrant(snapshot.data()) : null;
    },

    async grants(customerId, ids) {
      if (ids.length === 0) return [];
      const snapshots = await guarded(() => db.getAll(...ids.map((id) => at.grants(customerId).doc(id))));
      return snapshots.filter((snapshot) => snapshot.exists).map((snapshot) => readGrant(snapshot.data()));
    },

    listGrants: (customerId, page) =>
      list(at.grants(customerId), page, {
        read: readGrant,
        keyOf: (grant) => ({ createdAt: new Date(grant.createdAt).toISOString(), id: grant.id }),
        after: ({ createdAt }) => createdAt,
      }),

    listPurchases: (customerId, page) =>
      list(at.purchases.where("customer_id", "==", customerId), page, {
        read: readPurchase,
        keyOf: (purchase) => ({ createdAt: new Date(purchase.createdAt).toISOString(), id: purchase.id }),
        after: ({ createdAt }) => Timestamp.fromDate(new Date(createdAt)),
      }),

    async licenseKeys(ids) {
      if (ids.length === 0) return [];
      const snapshots = await guarded(() => db.getAll(...ids.map((id) => at.licenseKeys.doc(id))));
      return snapshots
        .filter((snapshot) => snapshot.exists)
        .map((snapshot) => readLicenseKey(snapshot.data()));
    },

    async dueForSync(now, limit) {
      const query = at.purchases.where("next_sync_at", "<=", stamp(now)).orderBy("next_sync_at").limit(limit);
      const { docs } = await guarded(() => query.get());
      // One that can't be read fails alone, when it is synced.
      return docs.map((doc) => tryReadPurchaseRef(doc.data())).filter((ref) => ref !== null);
    },

    async ping() {
      await guarded(() => at.outbox.doc("ping").get());
    },
  };
}

const cursorSchema = z.object({ createdAt: z.iso.datetime(), id: z.string().regex(/^[^/]+$/) });
type Cursor = z.output<typeof cursorSchema>;

interface Listing<T> {
  read(data: unknown): T;
  keyOf(row: T): Cursor;
  /** The cursor's time as the documents have it. */
  after(cursor: Cursor): unknown;
}

async function list<T>(query: Query, { limit, cursor }: PageRequest, { read, keyOf, after }: Listing<T>) {
  let page = query
    .orderBy("created_at", "desc")
    .orderBy(FieldPath.documentId(), "desc")
    .limit(limit + 1);
  if (cursor !== null) {
    const from = readCursor(cursor);
    page = page.startAfter(after(from), from.id);
  }
  const { docs } = await guarded(() => page.get());
  const data = docs.slice(0, limit).map((doc) => read(doc.data()));
  const last = docs.length > limit ? data.at(-1) : undefined;
  return {
    data,
    nextCursor: last === undefined ? null : Buffer.from(JSON.stringify(keyOf(last))).toString("base64url"),
  };
}

function readCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
  } catch (cause) {
    throw new AppError("invalid_request", "The cursor is not one of ours: leave it out to start over.", {
      cause,
    });
  }
}
