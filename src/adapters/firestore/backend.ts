import {
  type DocumentReference,
  type DocumentSnapshot,
  type Firestore,
  Timestamp,
  type WriteBatch,
} from "@google-cloud/firestore";
import type { Entitlement } from "../../domain/entitlements.ts";
import type { CustomerId } from "../../domain/ids.ts";
import type { FileIds } from "../../domain/purchase-file.ts";
import type { Backend, Commit, Entries, Entry, Version } from "../shared/optimistic-store.ts";
import {
  readAnsweredAt,
  readCustomerFile,
  readPurchase,
  writeAuditEntry,
  writeCustomerFile,
  writeEntitlement,
  writeGrant,
  writeGrantEvent,
  writeLicenseKey,
  writePurchase,
} from "./documents.ts";
import { guarded, isConflict } from "./errors.ts";
import { askEffect, createLeasedEffect } from "./outbox-documents.ts";
import { type Paths, paths } from "./paths.ts";

/**
 * Purchase files in Firestore: one `getAll` to read, one atomic batch to write. New documents are `create`d, changed
 * ones carry the update time read, so that a batch fails where anybody was faster; no transaction, no lock, no query.
 */
export function createFirestoreBackend(db: Firestore): Backend<Timestamp> {
  const at = paths(db);
  return {
    read: (ids) => guarded(() => readFile(db, at, ids)),
    commit: (commit) => writeFile(db, at, commit),
  };
}

async function readFile(db: Firestore, at: Paths, ids: FileIds): Promise<Entries<Timestamp>> {
  const { purchaseId, relatedId, customerId, formerId } = ids;
  const refs = {
    purchase: purchaseId === null ? null : at.purchases.doc(purchaseId),
    related: relatedId === null ? null : at.purchases.doc(relatedId),
    customer: customerId === null ? null : at.customerFiles.doc(customerId),
    former: formerId === null ? null : at.customerFiles.doc(formerId),
  };
  const wanted = Object.values(refs).filter((ref) => ref !== null);
  const snapshots = new Map((await db.getAll(...wanted)).map((snapshot) => [snapshot.ref.path, snapshot]));
  const found = (ref: DocumentReference | null) => (ref === null ? undefined : snapshots.get(ref.path));
  const purchase = found(refs.purchase);
  return {
    ...(purchase === undefined
      ? {}
      : { purchase: entry(purchase, readPurchase), answeredAgoMs: answeredAgo(purchase) }),
    ...present("related", found(refs.related), readPurchase),
    ...present("customer", found(refs.customer), readCustomerFile),
    ...present("former", found(refs.former), readCustomerFile),
  };
}

function present<K extends string, T>(
  key: K,
  snapshot: DocumentSnapshot | undefined,
  parse: (data: unknown) => T,
): { [P in K]?: Entry<T, Timestamp> } {
  const one: { [P in K]?: Entry<T, Timestamp> } = {};
  if (snapshot !== undefined) one[key] = entry(snapshot, parse);
  return one;
}

function entry<T>(snapshot: DocumentSnapshot, parse: (data: unknown) => T): Entry<T, Timestamp> {
  if (!snapshot.exists) return { value: null, version: null };
  return { value: parse(snapshot.data()), version: snapshot.updateTime ?? null };
}

/** Both times are the server's: no two machines' clocks are compared. */
function answeredAgo(snapshot: DocumentSnapshot): number | null {
  const answeredAt = snapshot.exists ? readAnsweredAt(snapshot.data()) : null;
  return answeredAt === null ? null : snapshot.readTime.toMillis() - answeredAt.toMillis();
}

async function writeFile(
  db: Firestore,
  at: Paths,
  commit: Commit<Timestamp>,
): Promise<Timestamp | "conflict"> {
  const batch = db.batch();
  addFile(batch, at, commit);
  addRows(batch, at, commit);
  addEffects(batch, at, commit);
  return guarded(async () => {
    try {
      const [first] = await batch.commit();
      // All documents of one batch get the same update time.
      return first?.writeTime ?? Timestamp.now();
    } catch (error) {
      if (isConflict(error)) return "conflict";
      throw error;
    }
  });
}

function addFile(batch: WriteBatch, at: Paths, { writes, versions }: Commit<Timestamp>): void {
  const { purchase, related, customer, former, answered } = writes;
  if (purchase !== null)
    put(batch, at.purchases.doc(purchase.id), versions.purchase, writePurchase(purchase, answered));
  if (related !== null)
    put(batch, at.purchases.doc(related.id), versions.related, writePurchase(related, false));
  for (const [file, version] of [
    [customer, versions.customer],
    [former?.customer ?? null, versions.former],
  ] as const) {
    if (file !== null) put(batch, at.customerFiles.doc(file.customerId), version, writeCustomerFile(file));
  }
}

function put(batch: WriteBatch, ref: DocumentReference, version: Version<Timestamp>, data: object): void {
  if (version === null) batch.create(ref, data);
  else batch.update(ref, { ...data }, { lastUpdateTime: version });
}

/** Derived from the guarded documents, so they need no guard of their own; ids make a repetition fail or be the same. */
function addRows(batch: WriteBatch, at: Paths, { writes }: Commit<Timestamp>): void {
  const { customer, former } = writes;
  if (customer !== null) addEntitlements(batch, at, customer.customerId, writes.entitlements);
  if (former !== null) addEntitlements(batch, at, former.customer.customerId, former.entitlements);
  for (const grant of writes.grants) batch.set(at.grants(grant.customerId).doc(grant.id), writeGrant(grant));
  for (const event of writes.events) batch.create(at.grantEvents.doc(event.id), writeGrantEvent(event));
  for (const key of writes.licenseKeys) batch.create(at.licenseKeys.doc(key.id), writeLicenseKey(key));
  for (const entry of writes.audit) batch.create(at.auditEvents.doc(), writeAuditEntry(entry));
}

function addEntitlements(
  batch: WriteBatch,
  at: Paths,
  customerId: CustomerId,
  rows: readonly Entitlement[],
): void {
  for (const row of rows)
    batch.set(at.entitlements(customerId).doc(row.entitlementId), writeEntitlement(row));
}

function addEffects(
  batch: WriteBatch,
  at: Paths,
  { leased, lease, asked, finishes }: Commit<Timestamp>,
): void {
  for (const request of leased) {
    if (lease !== null) batch.create(at.outbox.doc(request.id), createLeasedEffect(request, lease));
  }
  for (const request of asked) batch.set(at.outbox.doc(request.id), askEffect(request), { merge: true });
  if (finishes !== null) batch.delete(at.outbox.doc(finishes.id), { lastUpdateTime: finishes.version });
}
