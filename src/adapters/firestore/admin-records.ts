import type { Firestore, Query } from "@google-cloud/firestore";
import type { AdminRecords, GrantFilter, PurchaseFilter } from "../../ports.ts";
import { fits } from "../shared/purchase-filter.ts";
import { readGrant, readPurchase } from "./documents.ts";
import { guarded } from "./errors.ts";
import { GRANTS, grantsOfAll, PURCHASES } from "./listings.ts";
import { list } from "./paging.ts";
import { paths } from "./paths.ts";
import { createTimeline } from "./timeline.ts";

/** What the shop's people look through. Each query here has its index in firestore.indexes.json. */
export function createFirestoreAdminRecords(db: Firestore): AdminRecords {
  const at = paths(db);
  return {
    async purchases(ids) {
      if (ids.length === 0) return [];
      const snapshots = await guarded(() => db.getAll(...ids.map((id) => at.purchases.doc(id))));
      return snapshots.filter((snapshot) => snapshot.exists).map((snapshot) => readPurchase(snapshot.data()));
    },

    async findPurchases(filter, page) {
      const { data, nextCursor } = await list(purchasesBy(at.purchases, filter), page, PURCHASES);
      return { data: data.filter((purchase) => fits(purchase, filter)), nextCursor };
    },

    async findGrant(id) {
      const query = at.allGrants.where("id", "==", id).limit(1);
      const [found] = (await guarded(() => query.get())).docs;
      return found === undefined ? null : readGrant(found.data());
    },

    findGrants({ customerId, ...filter }, page) {
      return customerId === undefined
        ? list(grantsBy(at.allGrants, filter), page, grantsOfAll(at))
        : list(grantsBy(at.grants(customerId), filter), page, GRANTS);
    },

    timeline: createTimeline(at),
  };
}

/** An order pays for very few purchases, so it is looked for alone: fewer indexes. Two equalities share theirs. */
function purchasesBy(purchases: Query, { customerId, orderId, state }: PurchaseFilter): Query {
  if (orderId !== undefined) return purchases.where("order_ids", "array-contains", orderId);
  let query = purchases;
  if (customerId !== undefined) query = query.where("customer_id", "==", customerId);
  if (state !== undefined) query = query.where("state", "==", state);
  return query;
}

function grantsBy(grants: Query, { status, entitlementId }: Omit<GrantFilter, "customerId">): Query {
  let query = grants;
  if (status !== undefined) query = query.where("status", "==", status);
  if (entitlementId !== undefined) query = query.where("entitlement_id", "==", entitlementId);
  return query;
}
