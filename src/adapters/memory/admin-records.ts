import type { Grant } from "../../domain/grant.ts";
import type { AdminRecords, GrantFilter } from "../../ports.ts";
import { fits } from "../shared/purchase-filter.ts";
import { timelineEntries } from "../shared/timeline-entries.ts";
import { pageOf, paginate } from "./paging.ts";
import { type MemoryTables, valuesOf } from "./tables.ts";

/** What the shop's people look through. */
export function createAdminRecords({ purchases, grants, audit }: MemoryTables): AdminRecords {
  return {
    purchases: async (ids) => ids.flatMap((id) => purchases.get(id)?.value ?? []),
    findPurchases: async (filter, page) => {
      const rows = valuesOf(purchases).filter((purchase) => fits(purchase, filter));
      return paginate(rows, ({ createdAt }) => createdAt, page);
    },
    findGrant: async (id) => grants.get(id) ?? null,
    findGrants: async (filter, page) => {
      const rows = [...grants.values()].filter((grant) => isWanted(grant, filter));
      return paginate(rows, ({ createdAt }) => createdAt, page);
    },
    timeline: async (customerId, page) => {
      const entries = audit
        .map((commit, index) => ({ commit, index }))
        .filter(({ commit }) => commit.customerId === customerId)
        .sort((a, b) => b.commit.at - a.commit.at || b.index - a.index)
        .flatMap(({ commit, index }) =>
          timelineEntries(commit).map((entry, change) => ({ entry, id: `${index}.${change}` })),
        );
      const { data, nextCursor } = pageOf(entries, ({ id }) => id, page);
      return { data: data.map(({ entry }) => entry), nextCursor };
    },
  };
}

function isWanted(grant: Grant, { customerId, status, entitlementId }: GrantFilter): boolean {
  return (
    (customerId === undefined || grant.customerId === customerId) &&
    (status === undefined || grant.status === status) &&
    (entitlementId === undefined || grant.entitlementId === entitlementId)
  );
}
