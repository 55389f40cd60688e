import { Query } from "@google-cloud/firestore";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeMail, writePurchase } from "../../../src/adapters/firestore/documents.ts";
import { createFirestoreStore, type FirestoreStore } from "../../../src/adapters/firestore/index.ts";
import { createLeasedEffect } from "../../../src/adapters/firestore/outbox-documents.ts";
import { asGrantId, endpointId, eventId } from "../../../src/domain/ids.ts";
import { aChange, newCustomer, newEffect, newPurchase, storeOptions } from "../../contracts/store-harness.ts";
import { ANN, must, NOW } from "../../support/builders.ts";
import { readIndexFile } from "../../support/query-indexes/indexes.ts";
import { type Need, needOf, type StructuredQuery } from "../../support/query-indexes/need.ts";
import { indexFaults } from "../../support/query-indexes/unused.ts";

/**
 * The emulator answers every query, Firestore itself only those that have an index. So what is asked is compared with
 * firestore.indexes.json, which holds what is needed and nothing else. (On the emulator test/support/query-indexes/watch.ts
 * does the same with what the tests there ask.)
 */

const asked: Need[] = [];
const declared = readIndexFile();
let store: FirestoreStore;

beforeEach(() => {
  asked.length = 0;
  store = createFirestoreStore("demo-indexes", storeOptions(60_000));
  vi.spyOn(Query.prototype, "get").mockImplementation(async function (this: Query) {
    const { structuredQuery } = (
      this as unknown as { toProto(): { structuredQuery: StructuredQuery } }
    ).toProto();
    asked.push(needOf(structuredQuery));
    return { docs: [] } as never;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
});

/** Everything that may be asked for, in all combinations. */
async function askEverything(): Promise<void> {
  const { records, adminRecords, sweepRecords, desk, outbox, webhookRecords } = store;
  const page = { limit: 10, cursor: null };
  const [customerId, state, orderId] = [
    { customerId: ANN },
    { state: "active" as const },
    { orderId: "GPA.1" },
  ];
  const [status, entitlementId] = [{ status: "Failed" as const }, { entitlementId: "pro" }];
  for (const filter of [...subsets([customerId, state, orderId])])
    await adminRecords.findPurchases(Object.assign({}, ...filter), page);
  for (const filter of [...subsets([customerId, status, entitlementId])])
    await adminRecords.findGrants(Object.assign({}, ...filter), page);
  await adminRecords.findGrant(must(asGrantId(`egr_${"0".repeat(32)}`)));
  await adminRecords.timeline(ANN, page);
  await records.listGrants(ANN, page);
  await records.listPurchases(ANN, page);
  await records.dueForSync(NOW, 10);
  await sweepRecords.unacknowledged(0, NOW, 10);
  await sweepRecords.keysToCheck(NOW, 10);
  await sweepRecords.openReviews(NOW, 10);
  await desk.listDeadLetters(page);
  await desk.listOrphans(page);
  await desk.listReviews(page);
  await outbox.lease(NOW, 10);
  await outbox.lease(NOW, 10, "mail");
  const id = endpointId("0".repeat(32));
  await webhookRecords.endpoints();
  await webhookRecords.listEndpoints(page);
  await webhookRecords.listDeliveries(id, page);
  const grant = must(asGrantId(`egr_${"0".repeat(32)}`));
  for (const after of [null, eventId(grant, "created")])
    await webhookRecords.eventsSince({ at: NOW, after }, 10);
}

function subsets<T>(items: readonly T[]): T[][] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return subsets(rest).flatMap((set) => [set, [first, ...set]]);
}

it("every query has its index, and every index its query", async () => {
  await askEverything();
  expect(asked.length).toBeGreaterThan(30);
  expect(indexFaults(asked, declared)).toEqual([]);
});

it("without an index, or with one too many, that is told", async () => {
  await askEverything();
  const [first, ...others] = declared.indexes;
  const extra = { ...must(first), queryScope: "COLLECTION_GROUP" as const };
  expect(indexFaults(asked, { ...declared, indexes: [...others, extra] })).toEqual([
    "missing: purchases COLLECTION: customer_id ASCENDING, created_at DESCENDING",
    "missing: purchases COLLECTION: customer_id ASCENDING, state ASCENDING, created_at DESCENDING",
    "unused: purchases COLLECTION_GROUP: customer_id ASCENDING, created_at DESCENDING",
  ]);
});

/** As `collection.field`, where none of its indexes is left. */
function exempt(): string[] {
  return declared.fieldOverrides
    .filter(({ indexes }) => indexes.length === 0)
    .map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`);
}

it("what nobody asks for is not indexed: times that only grow, maps, and all else that is private", () => {
  const whole = exempt().filter((name) => name.endsWith(".*"));
  expect(whole.map((name) => name.slice(0, -2)).sort()).toEqual([
    "account_ids",
    "audit_events",
    "customer_files",
    "grant_events",
    "license_keys",
    "license_orphans",
    "refund_reviews",
    "rtdn_dead_letters",
    "sweep_marks",
    "webhook_deliveries",
    "webhook_endpoints",
  ]);
});

it("collections whose names an app may use deeper down leave its fields alone: ours are listed one by one", () => {
  const written = {
    purchases: writePurchase(newPurchase(), true),
    outbox: { ...createLeasedEffect(newEffect(newCustomer()), "lease"), last_error: null },
    mails: writeMail("sent", aChange(ANN, "a letter")),
  };
  for (const [collection, document] of Object.entries(written)) {
    const listed = declared.fieldOverrides
      .filter(({ collectionGroup }) => collectionGroup === collection)
      .map(({ fieldPath }) => fieldPath);
    expect(listed.sort()).toEqual(Object.keys(document).sort());
  }
});

it("deliveries of webhooks leave by themselves, by a field that nobody asks for; nothing else does", () => {
  const expiring = declared.fieldOverrides.filter(({ ttl }) => ttl !== undefined);
  expect(expiring).toEqual([
    { collectionGroup: "webhook_deliveries", fieldPath: "expire_at", ttl: true, indexes: [] },
  ]);
});

it("an app may ask for its own rows as it likes: what an override replaces is still there", () => {
  const own = declared.fieldOverrides.filter(({ collectionGroup }) =>
    ["entitlements", "grants"].includes(collectionGroup),
  );
  expect(own.map(({ fieldPath }) => fieldPath)).toEqual(["id", "created_at"]);
  for (const { indexes } of own) {
    const within = indexes.filter(({ queryScope }) => queryScope === "COLLECTION").map(({ order }) => order);
    expect(within).toEqual(["ASCENDING", "DESCENDING"]);
  }
});
