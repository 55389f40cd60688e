import {
  type CollectionReference,
  type DocumentSnapshot,
  FieldPath,
  type Firestore,
  type Timestamp,
} from "@google-cloud/firestore";
import { inCommitOrder } from "../../domain/grant-events.ts";
import type { WebhookRecords } from "../../ports.ts";
import { askedOnce } from "../shared/asked-once.ts";
import type { EffectVersions, StoreOptions } from "../shared/optimistic-store.ts";
import {
  readDelivery,
  readEndpoint,
  readGrantEvent,
  stamp,
  writeAuditEntry,
  writeDelivery,
  writeEndpoint,
} from "./documents.ts";
import { guarded } from "./errors.ts";
import { changeDocument, sameAs, unlessThere, untilWon, writeIfSame } from "./guarded-writes.ts";
import { askEffect } from "./outbox-documents.ts";
import { byTimestamp, list } from "./paging.ts";
import { paths } from "./paths.ts";
import { createPlan } from "./webhook-plan.ts";

const endpointOf = (doc: DocumentSnapshot) => readEndpoint(doc.data());
const deliveryOf = (doc: DocumentSnapshot) => readDelivery(doc.data());
const eventOf = (doc: DocumentSnapshot) => readGrantEvent(doc.data());

const ENDPOINTS = byTimestamp("created_at", endpointOf, ({ createdAt }) => createdAt);
const DELIVERIES = byTimestamp("created_at", deliveryOf, ({ createdAt }) => createdAt);

/** What is kept of webhooks. What changes is read, decided and written again until nobody was faster. */
export function createFirestoreWebhookRecords(
  db: Firestore,
  versions: EffectVersions<Timestamp>,
  options: StoreOptions,
): WebhookRecords {
  const at = paths(db);
  const { webhookEndpoints: endpoints, webhookDeliveries: deliveries } = at;
  return {
    endpoints: async () => (await guarded(() => endpoints.get())).docs.map(endpointOf),

    endpoint: async (id) => {
      const snapshot = await guarded(() => endpoints.doc(id).get());
      return snapshot.exists ? endpointOf(snapshot) : null;
    },

    listEndpoints: (page) => list(endpoints, page, ENDPOINTS),

    async addEndpoint(endpoint, audit) {
      const batch = db.batch();
      batch.create(endpoints.doc(endpoint.id), writeEndpoint(endpoint));
      batch.create(at.auditEvents.doc(), writeAuditEntry(audit));
      await unlessThere(() => batch.commit());
    },

    changeEndpoint: (id, change, audit) =>
      changeDocument(db, {
        ref: endpoints.doc(id),
        read: endpointOf,
        change,
        write: writeEndpoint,
        also: (batch) => {
          if (audit !== null) batch.create(at.auditEvents.doc(), writeAuditEntry(audit));
        },
      }),

    removeEndpoint: (id, audit) =>
      untilWon(async () => {
        const snapshot = await guarded(() => endpoints.doc(id).get());
        if (!snapshot.exists) return { value: false };
        const batch = db.batch();
        batch.delete(snapshot.ref, sameAs(snapshot));
        batch.create(at.auditEvents.doc(), writeAuditEntry(audit));
        return (await writeIfSame(() => batch.commit())) === null ? null : { value: true };
      }),

    events: async (ids) => {
      const committed = await readAll(db, at.grantEvents, ids, (doc) => ({
        event: eventOf(doc),
        // Whole microseconds: all that one commit writes has the same.
        commit: doc.createTime?.valueOf() ?? "",
      }));
      const commits = Map.groupBy(committed, ({ commit }) => commit);
      return [...commits]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, rows]) => inCommitOrder(rows.map(({ event }) => event)));
    },

    async eventsSince({ at: since, after }, limit) {
      const all = at.grantEvents.orderBy("occurred_at").orderBy(FieldPath.documentId());
      const from = after === null ? all.startAt(stamp(since)) : all.startAfter(stamp(since), after);
      const { docs } = await guarded(() => from.limit(limit).get());
      return docs.map(eventOf);
    },

    deliveries: (ids) => readAll(db, deliveries, ids, deliveryOf),

    listDeliveries: (id, page) => list(deliveries.where("endpoint_id", "==", id), page, DELIVERIES),

    plan: createPlan(db, versions, options),

    changeDelivery: (id, change, effects) =>
      changeDocument(db, {
        ref: deliveries.doc(id),
        read: deliveryOf,
        change,
        write: (delivery) => writeDelivery(delivery, options.clock.now()),
        also: (batch) => {
          for (const request of askedOnce(effects))
            batch.set(at.outbox.doc(request.id), askEffect(request), { merge: true });
        },
      }),
  };
}

async function readAll<T>(
  db: Firestore,
  collection: CollectionReference,
  ids: readonly string[],
  read: (snapshot: DocumentSnapshot) => T,
): Promise<T[]> {
  if (ids.length === 0) return [];
  const snapshots = await guarded(() => db.getAll(...ids.map((id) => collection.doc(id))));
  return snapshots.filter((snapshot) => snapshot.exists).map(read);
}
