import type { Query } from "@google-cloud/firestore";
import type { AccountDirectory } from "../../src/adapters/account-ids/account-ids.ts";
import {
  readCustomerFile,
  readDelivery,
  readGrant,
  readLicenseKey,
  readPurchase,
} from "../../src/adapters/firestore/documents.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { createMemoryStore, type MemoryStore } from "../../src/adapters/memory/memory-store.ts";
import type { StoreOptions } from "../../src/adapters/shared/optimistic-store.ts";
import type { CustomerFile } from "../../src/domain/entitlements.ts";
import type { Grant } from "../../src/domain/grant.ts";
import type { Instant } from "../../src/domain/instant.ts";
import type { PurchaseRecord, SealedLicenseKey } from "../../src/domain/purchase-file.ts";
import type { WebhookDelivery } from "../../src/domain/webhook-delivery.ts";
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
} from "../../src/ports.ts";
import { createEmulatedStore } from "../support/emulator.ts";
import { shiftedClock, virtualClock, type WorldClock } from "./clock.ts";

/** All that is stored, whatever it is stored in. */
export interface Dump {
  readonly purchases: readonly PurchaseRecord[];
  readonly customers: readonly CustomerFile[];
  readonly grants: readonly Grant[];
  readonly events: readonly { readonly id: string; readonly type: string; readonly grantId: string }[];
  readonly licenseKeys: readonly SealedLicenseKey[];
  /** KeyThai's ids of licences whose key was lost. */
  readonly orphans: readonly (string | null)[];
  /** Why messages were put aside. */
  readonly deadLetters: readonly string[];
  readonly deliveries: readonly WebhookDelivery[];
  /** What became of letters, by their ids. */
  readonly mails: Readonly<Record<string, string>>;
}

export interface Storage {
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
  /** In memory only: the tables as they are, to look at between any two steps. */
  readonly memory: MemoryStore | null;
  dump(): Promise<Dump>;
  close(): Promise<void>;
}

/** Where a world keeps things, with the clock that fits it. */
export interface StorageKind {
  readonly clock: (start: Instant) => WorldClock;
  /** Short enough to be waited out. */
  readonly leaseMs: number;
  open(options: StoreOptions): Storage;
}

/** In memory, on virtual time. */
export const inMemory: StorageKind = {
  clock: virtualClock,
  leaseMs: 30_000,
  open(options) {
    const memory = createMemoryStore(options);
    return { ...memory, memory, dump: async () => dumpTables(memory), close: async () => undefined };
  },
};

function dumpTables({ tables }: MemoryStore): Dump {
  return {
    purchases: [...tables.purchases.values()].map(({ value }) => value),
    customers: [...tables.customers.values()].map(({ value }) => value),
    grants: [...tables.grants.values()],
    events: [...tables.events.values()].map(({ id, type, grant }) => ({ id, type, grantId: grant.id })),
    licenseKeys: [...tables.licenseKeys.values()],
    orphans: [...tables.orphans.values()].map(({ licenseId }) => licenseId),
    deadLetters: [...tables.deadLetters.values()].map(({ reason }) => reason),
    deliveries: [...tables.deliveries.values()],
    mails: Object.fromEntries([...tables.mails].map(([id, { outcome }]) => [id, outcome])),
  };
}

/**
 * On the Firestore emulator, in a project of its own, on real time moved forward.
 *
 * @param testFile `import.meta.url`.
 */
export function onEmulator(testFile: string): StorageKind {
  return {
    clock: shiftedClock,
    leaseMs: 3_000,
    open(options) {
      const emulated = createEmulatedStore(testFile, options);
      return { ...emulated, memory: null, dump: () => dumpEmulator(paths(emulated.db), emulated.db) };
    },
  };
}

async function dumpEmulator(
  at: ReturnType<typeof paths>,
  db: ReturnType<typeof createEmulatedStore>["db"],
): Promise<Dump> {
  // All as of one moment: a late commit between two reads would look like half a commit.
  const [purchases, customers, grants, events, keys, orphans, letters, deliveries, mails] =
    await db.runTransaction(
      (transaction) => {
        const read = async (query: Query) => (await transaction.get(query)).docs;
        return Promise.all([
          read(at.purchases),
          read(at.customerFiles),
          read(at.allGrants),
          read(at.grantEvents),
          read(at.licenseKeys),
          read(at.licenseOrphans),
          read(at.deadLetters),
          read(at.webhookDeliveries),
          read(at.mails),
        ]);
      },
      { readOnly: true },
    );
  return {
    purchases: purchases.map((doc) => readPurchase(doc.data())),
    customers: customers.map((doc) => readCustomerFile(doc.data())),
    grants: grants.map((doc) => readGrant(doc.data())),
    events: events.map((doc) => toEvent(doc.id, doc.data())),
    licenseKeys: keys.map((doc) => readLicenseKey(doc.data())),
    orphans: orphans.map((doc) => field(doc.data(), "license_id")),
    deadLetters: letters.map((doc) => field(doc.data(), "reason") ?? ""),
    deliveries: deliveries.map((doc) => readDelivery(doc.data())),
    mails: Object.fromEntries(mails.map((doc) => [doc.id, field(doc.data(), "outcome") ?? ""])),
  };
}

function toEvent(id: string, data: unknown) {
  const { type, grant } = data as { type: string; grant: { id: string } };
  return { id, type, grantId: grant.id };
}

function field(data: unknown, name: string): string | null {
  return (data as Record<string, string | null>)[name] ?? null;
}
