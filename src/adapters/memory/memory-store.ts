import type {
  AdminRecords,
  Desk,
  Intake,
  MailRecords,
  Outbox,
  PurchaseStore,
  Records,
  SweepRecords,
  WebhookRecords,
} from "../../ports.ts";
import type { AccountDirectory } from "../account-ids/account-ids.ts";
import { createOptimisticStore, type EffectVersions, type StoreOptions } from "../shared/optimistic-store.ts";
import { createAdminRecords } from "./admin-records.ts";
import { createBackend } from "./backend.ts";
import { createDesk, createIntake } from "./desk.ts";
import { createMailRecords } from "./mail-records.ts";
import { createOutbox } from "./outbox.ts";
import { createRecords } from "./records.ts";
import { createSweepRecords } from "./sweep-records.ts";
import type { MemoryTables } from "./tables.ts";
import { createWebhookRecords } from "./webhook-records.ts";

export interface MemoryStore {
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly adminRecords: AdminRecords;
  readonly sweepRecords: SweepRecords;
  readonly intake: Intake;
  readonly desk: Desk;
  readonly accountDirectory: AccountDirectory;
  readonly webhookRecords: WebhookRecords;
  readonly mailRecords: MailRecords;
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
    endpoints: new Map(),
    deliveries: new Map(),
    mails: new Map(),
    marks: new Map(),
    notices: { rhythm: null },
  };
  const effectVersions: EffectVersions<number> = new WeakMap();
  const counter = { last: 0 };
  const backend = createBackend(tables, counter, options);
  return {
    store: createOptimisticStore(backend, effectVersions, options),
    outbox: createOutbox(tables, counter, effectVersions, options),
    records: createRecords(tables),
    adminRecords: createAdminRecords(tables),
    sweepRecords: createSweepRecords(tables),
    intake: createIntake(tables),
    desk: createDesk(tables, counter),
    accountDirectory: {
      remember: async (accountId, customerId) => void tables.accountIds.set(accountId, customerId),
      find: async (accountId) => tables.accountIds.get(accountId) ?? null,
    },
    webhookRecords: createWebhookRecords(tables, counter, effectVersions, options),
    mailRecords: createMailRecords(tables),
    tables,
  };
}
