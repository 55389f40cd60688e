import type { CustomerId } from "../../domain/ids.ts";
import type { Records } from "../../ports.ts";
import { paginate } from "./paging.ts";
import { byDue, type MemoryTables, valuesOf } from "./tables.ts";

/** Reads beside the file of a sync. */
export function createRecords({ grants, purchases, licenseKeys }: MemoryTables): Records {
  const ofCustomer = (customerId: CustomerId) =>
    [...grants.values()].filter((grant) => grant.customerId === customerId);
  return {
    grant: async (customerId, id) => ofCustomer(customerId).find((grant) => grant.id === id) ?? null,
    grants: async (customerId, ids) => ofCustomer(customerId).filter((grant) => ids.includes(grant.id)),
    listGrants: async (customerId, page) =>
      paginate(ofCustomer(customerId), ({ createdAt }) => createdAt, page),
    listPurchases: async (customerId, page) => {
      const rows = valuesOf(purchases).filter((purchase) => purchase.customerId === customerId);
      return paginate(rows, ({ createdAt }) => createdAt, page);
    },
    licenseKeys: async (ids) => ids.flatMap((id) => licenseKeys.get(id) ?? []),
    dueForSync: async (now, limit) =>
      byDue(valuesOf(purchases), ({ nextSyncAt }) => nextSyncAt, now).slice(0, limit),
    ping: async () => undefined,
  };
}
