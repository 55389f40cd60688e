import { Firestore, type Timestamp } from "@google-cloud/firestore";
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
import { createFirestoreAccountDirectory } from "./account-directory.ts";
import { createFirestoreAdminRecords } from "./admin-records.ts";
import { createFirestoreBackend } from "./backend.ts";
import { createFirestoreDesk } from "./desk.ts";
import { createFirestoreIntake } from "./intake.ts";
import { createFirestoreMailRecords } from "./mail-records.ts";
import { createFirestoreOutbox } from "./outbox.ts";
import { createFirestoreRecords } from "./records.ts";
import { createFirestoreSweepRecords } from "./sweep-records.ts";
import { createFirestoreWebhookRecords } from "./webhook-records.ts";

export interface FirestoreStore {
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
  close(): Promise<void>;
}

/** All that is kept in Firestore, over one client. The emulator is found by Google's own `FIRESTORE_EMULATOR_HOST`. */
export function createFirestoreStore(projectId: string, options: StoreOptions): FirestoreStore {
  const db = new Firestore({ projectId });
  const effectVersions: EffectVersions<Timestamp> = new WeakMap();
  return {
    store: createOptimisticStore(createFirestoreBackend(db), effectVersions, options),
    outbox: createFirestoreOutbox(db, effectVersions, options),
    records: createFirestoreRecords(db),
    adminRecords: createFirestoreAdminRecords(db),
    sweepRecords: createFirestoreSweepRecords(db),
    intake: createFirestoreIntake(db),
    desk: createFirestoreDesk(db),
    accountDirectory: createFirestoreAccountDirectory(db),
    webhookRecords: createFirestoreWebhookRecords(db, effectVersions, options),
    mailRecords: createFirestoreMailRecords(db),
    close: () => db.terminate(),
  };
}
