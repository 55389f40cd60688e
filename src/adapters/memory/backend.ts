import type { Backend, Commit, Entries, Entry, StoreOptions, Version } from "../shared/optimistic-store.ts";
import { ask, putLeased } from "./outbox.ts";
import type { MemoryTables, Row } from "./tables.ts";

/** Purchase files in memory. Commits are serial, so isolation is trivial. */
export function createBackend(
  tables: MemoryTables,
  counter: { last: number },
  { clock }: StoreOptions,
): Backend<number> {
  return {
    read: async ({ purchaseId, relatedId, customerId, formerId }): Promise<Entries<number>> => {
      const purchase = purchaseId === null ? undefined : tables.purchases.get(purchaseId);
      const age = purchase?.answeredAt == null ? null : clock.monotonic() - purchase.answeredAt;
      return {
        ...(purchaseId === null ? {} : { purchase: entry(purchase), answeredAgoMs: age }),
        ...(relatedId === null ? {} : { related: entry(tables.purchases.get(relatedId)) }),
        ...(customerId === null ? {} : { customer: entry(tables.customers.get(customerId)) }),
        ...(formerId === null ? {} : { former: entry(tables.customers.get(formerId)) }),
      };
    },
    commit: async (commit) => {
      if (!isAsExpected(tables, commit)) return "conflict";
      counter.last += 1;
      apply(tables, commit, counter.last, clock.monotonic());
      return counter.last;
    },
  };
}

function entry<T>(row: Row<T> | undefined): Entry<T, number> {
  return row === undefined ? { value: null, version: null } : { value: row.value, version: row.version };
}

function isAsExpected(tables: MemoryTables, commit: Commit<number>): boolean {
  const { writes, versions, leased, finishes } = commit;
  const { customer, former } = writes;
  const same = (row: { readonly version: number } | undefined, version: Version<number>) =>
    (row?.version ?? null) === version;
  return (
    (writes.purchase === null || same(tables.purchases.get(writes.purchase.id), versions.purchase)) &&
    (writes.related === null || same(tables.purchases.get(writes.related.id), versions.related)) &&
    (customer === null || same(tables.customers.get(customer.customerId), versions.customer)) &&
    (former === null || same(tables.customers.get(former.customer.customerId), versions.former)) &&
    writes.events.every(({ id }) => !tables.events.has(id)) &&
    writes.licenseKeys.every(({ id }) => !tables.licenseKeys.has(id)) &&
    leased.every(({ id }) => !tables.outbox.has(id)) &&
    (finishes === null || same(tables.outbox.get(finishes.id), finishes.version))
  );
}

function apply(tables: MemoryTables, commit: Commit<number>, version: number, at: number): void {
  const { writes, leased, lease, asked, finishes } = commit;
  const { purchase, related, customer, former } = writes;
  if (purchase !== null) {
    const answeredAt = writes.answered ? at : (tables.purchases.get(purchase.id)?.answeredAt ?? null);
    tables.purchases.set(purchase.id, { value: purchase, version, answeredAt });
  }
  if (related !== null) {
    const answeredAt = tables.purchases.get(related.id)?.answeredAt ?? null;
    tables.purchases.set(related.id, { value: related, version, answeredAt });
  }
  for (const file of [customer, former?.customer ?? null])
    if (file !== null) tables.customers.set(file.customerId, { value: file, version });
  for (const grant of writes.grants) tables.grants.set(grant.id, grant);
  for (const event of writes.events) tables.events.set(event.id, event);
  for (const key of writes.licenseKeys) tables.licenseKeys.set(key.id, key);
  tables.audit.push(...writes.audit);
  for (const request of leased) putLeased(tables, request, { lease, leasedAt: at }, version);
  for (const request of asked) ask(tables, request, version);
  if (finishes !== null) tables.outbox.delete(finishes.id);
}
