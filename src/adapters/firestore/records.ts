import type { Firestore } from "@google-cloud/firestore";
import type { Records } from "../../ports.ts";
import { readGrant, readLicenseKey, stamp, tryReadPurchaseRef } from "./documents.ts";
import { guarded } from "./errors.ts";
import { GRANTS, PURCHASES } from "./listings.ts";
import { list } from "./paging.ts";
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

    listGrants: (customerId, page) => list(at.grants(customerId), page, GRANTS),

    listPurchases: (customerId, page) =>
      list(at.purchases.where("customer_id", "==", customerId), page, PURCHASES),

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
