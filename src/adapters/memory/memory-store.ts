import { createHash } from "node:crypto";
import type { Effect } from "../../domain/effect.ts";
import type { CustomerFile } from "../../domain/entitlements.ts";
import { AppError } from "../../domain/errors.ts";
import type { Grant } from "../../domain/grant.ts";
import type { GrantEvent } from "../../domain/grant-events.ts";
import type { CustomerId, EffectId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import type {
  AuditEntry,
  LicenseOrphan,
  PurchaseRecord,
  SealedLicenseKey,
} from "../../domain/purchase-file.ts";
import type {
  DeadLetter,
  Intake,
  LeasedEffect,
  Outbox,
  PageRequest,
  PurchaseStore,
  Records,
  RefundReview,
} from "../../ports.ts";
import type { AccountDirectory } from "../account-ids/account-ids.ts";
import {
  type Backend,
  type Commit,
  createOptimisticStore,
  type EffectVersions,
  type Entries,
  type Entry,
  type StoreOptions,
  type Version,
} from "../shared/optimistic-store.ts";

interface Row<T> {
  readonly value: T;
  readonly version: number;
}

interface OutboxRow {
  readonly effect: Effect;
  readonly dueAt: Instant;
  readonly askedAt: Instant;
  readonly attempts: number;
  readonly lease: string | null;
  /** On the store's own monotonic clock. */
  readonly leasedAt: number;
  readonly lastError: string | null;
}

/** Everything the memory store keeps, for tests to look at. */
export interface MemoryTables {
  readonly purchases: Map<string, Row<PurchaseRecord> & { readonly answeredAt: number | null }>;
  readonly customers: Map<string, Row<CustomerFile>>;
  readonly grants: Map<string, Grant>;
  readonly events: Map<string, GrantEvent>;
  readonly licenseKeys: Map<string, SealedLicenseKey>;
  readonly orphans: Map<string, LicenseOrphan>;
  readonly outbox: Map<string, Row<OutboxRow>>;
  readonly audit: AuditEntry[];
  readonly deadLetters: Map<string, DeadLetter>;
  readonly refundReviews: Map<string, RefundReview>;
  readonly accountIds: Map<string, CustomerId>;
}

export interface MemoryStore {
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly intake: Intake;
  readonly accountDirectory: AccountDirectory;
  readonly tables: MemoryTables;
}

/**
 * The embedded store of the demo and of tests: one process, nothing kept. Commits are serial, so isolation is trivial;
 * the rules are those of Firestore, and one contract suite runs against both.
 */
export function createMemoryStore(options: StoreOptions): MemoryStore {
  const tables: MemoryTables = {
    purchases: new Map(),
    customers: new Map(),
    grants: new Map(),
    events: new Map(),
    licenseKeys: new Map(),
    orphans: new Map(),
    outbox: new Map(),
    audit: [],
    deadLetters: new Map(),
    refundReviews: new Map(),
    accountIds: new Map(),
  };
  const effectVersions: EffectVersions<number> = new WeakMap();
  const counter = { last: 0 };
  const backend = createBackend(tables, counter, options);
  return {
    store: createOptimisticStore(backend, effectVersions, options),
    outbox: createOutbox(tables, counter, effectVersions, options),
    records: createRecords(tables),
    intake: createIntake(tables),
    accountDirectory: {
      remember: async (accountId, customerId) => void tables.accountIds.set(accountId, customerId),
      find: async (accountId) => tables.accountIds.get(accountId) ?? null,
    },
    tables,
  };
}

function createBackend(
  tables: MemoryTables,
  counter: { last: number },
  { clock }: StoreOptions,
): Backend<number> {
  return {
    read: async ({ purchaseId, relatedId, customerId }): Promise<Entries<number>> => {
      const purchase = purchaseId === null ? undefined : tables.purchases.get(purchaseId);
      const age = purchase?.answeredAt == null ? null : clock.monotonic() - purchase.answeredAt;
      return {
        ...(purchaseId === null ? {} : { purchase: entry(purchase), answeredAgoMs: age }),
        ...(relatedId === null ? {} : { related: entry(tables.purchases.get(relatedId)) }),
        ...(customerId === null ? {} : { customer: entry(tables.customers.get(customerId)) }),
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
  const same = (row: { readonly version: number } | undefined, version: Version<number>) =>
    (row?.version ?? null) === version;
  return (
    (writes.purchase === null || same(tables.purchases.get(writes.purchase.id), versions.purchase)) &&
    (writes.related === null || same(tables.purchases.get(writes.related.id), versions.related)) &&
    (writes.customer === null || same(tables.customers.get(writes.customer.customerId), versions.customer)) &&
    writes.events.every(({ id }) => !tables.events.has(id)) &&
    writes.licenseKeys.every(({ id }) => !tables.licenseKeys.has(id)) &&
    leased.every(({ id }) => !tables.outbox.has(id)) &&
    (finishes === null || same(tables.outbox.get(finishes.id), finishes.version))
  );
}

function apply(tables: MemoryTables, commit: Commit<number>, version: number, at: number): void {
  const { writes, leased, lease, asked, finishes } = commit;
  const { purchase, related, customer } = writes;
  if (purchase !== null) {
    const answeredAt = writes.answered ? at : (tables.purchases.get(purchase.id)?.answeredAt ?? null);
    tables.purchases.set(purchase.id, { value: purchase, version, answeredAt });
  }
  if (related !== null) {
    const answeredAt = tables.purchases.get(related.id)?.answeredAt ?? null;
    tables.purchases.set(related.id, { value: related, version, answeredAt });
  }
  if (customer !== null) tables.customers.set(customer.customerId, { value: customer, version });
  for (const grant of writes.grants) tables.grants.set(grant.id, grant);
  for (const event of writes.events) tables.events.set(event.id, event);
  for (const key of writes.licenseKeys) tables.licenseKeys.set(key.id, key);
  if (writes.audit !== null) tables.audit.push(writes.audit);
  for (const { id, effect, dueAt } of leased) {
    const value = { effect, dueAt, askedAt: dueAt, attempts: 0, lease, leasedAt: at, lastError: null };
    tables.outbox.set(id, { value, version });
  }
  for (const { id, effect, dueAt } of asked) {
    const there = tables.outbox.get(id)?.value;
    const kept = there ?? { attempts: 0, lease: null, leasedAt: 0, lastError: null };
    tables.outbox.set(id, { value: { ...kept, effect, dueAt, askedAt: dueAt }, version });
  }
  if (finishes !== null) tables.outbox.delete(finishes.id);
}

function createOutbox(
  { outbox }: MemoryTables,
  counter: { last: number },
  versions: EffectVersions<number>,
  { clock, leaseMs, newLease }: StoreOptions,
): Outbox {
  const isHeld = ({ lease, leasedAt }: OutboxRow) => lease !== null && clock.monotonic() - leasedAt < leaseMs;
  const put = (id: string, value: OutboxRow): number => {
    counter.last += 1;
    outbox.set(id, { value, version: counter.last });
    return counter.last;
  };
  const take = (id: EffectId, row: OutboxRow, lease: string): LeasedEffect => {
    const leasedAt = clock.monotonic();
    const { effect, attempts, askedAt } = row;
    const leased: LeasedEffect = { id, effect, lease, attempts, askedAt, leasedUntil: leasedAt + leaseMs };
    versions.set(leased, put(id, { ...row, lease, leasedAt }));
    return leased;
  };
  const mine = (leased: LeasedEffect) => {
    const row = outbox.get(leased.id);
    return row?.value.lease === leased.lease ? row : undefined;
  };
  return {
    lease: async (now, limit) =>
      [...outbox]
        .filter(([, { value }]) => value.dueAt <= now && !isHeld(value))
        .sort(([, a], [, b]) => a.value.dueAt - b.value.dueAt)
        .slice(0, limit)
        .map(([id, { value }]) => take(id as EffectId, value, newLease())),
    renew: async (leased) => {
      const row = mine(leased);
      if (row === undefined) return null;
      const renewed = take(leased.id, row.value, leased.lease);
      // Asked for again before this: it must stay so, and without a version it can't be finished.
      if (row.version !== versions.get(leased)) versions.delete(renewed);
      return renewed;
    },
    finish: async (leased) => {
      const row = mine(leased);
      if (row === undefined) return;
      if (row.version === versions.get(leased)) outbox.delete(leased.id);
      else put(leased.id, { ...row.value, lease: null });
    },
    postpone: async (leased, dueAt, lastError) => {
      const row = mine(leased);
      if (row === undefined) return;
      const due = row.version === versions.get(leased) ? dueAt : row.value.dueAt;
      put(leased.id, { ...row.value, lease: null, attempts: leased.attempts + 1, dueAt: due, lastError });
    },
    backlog: async (now) => {
      const due = [...outbox.values()].map(({ value }) => value.dueAt).filter((dueAt) => dueAt <= now);
      return { due: due.length, oldestDueAt: due.length === 0 ? null : Math.min(...due) };
    },
  };
}

function createRecords({ grants, purchases, licenseKeys }: MemoryTables): Records {
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

function createIntake({ deadLetters, orphans, refundReviews }: MemoryTables): Intake {
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
