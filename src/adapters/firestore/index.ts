import { Firestore, type Timestamp } from "@google-cloud/firestore";
import type { Intake, Outbox, PurchaseStore, Records } from "../../ports.ts";
import type { AccountDirectory } from "../account-ids/account-ids.ts";
import { createOptimisticStore, type EffectVersions, type StoreOptions } from "../shared/optimistic-store.ts";
import { createFirestoreAccountDirectory } from "./account-directory.ts";
import { createFirestoreBackend } from "./backend.ts";
import { createFirestoreIntake } from "./intake.ts";
import { createFirestoreOutbox } from "./outbox.ts";
import { createFirestoreRecords } from "./records.ts";

export interface FirestoreStore {
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly intake: Intake;
  readonly accountDirectory: AccountDirectory;
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
    intake: createFirestoreIntake(db),
    accountDirectory: createFirestoreAccountDirectory(db),
    close: () => db.terminate(),
  };
}
