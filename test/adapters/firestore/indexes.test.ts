import { readFileSync } from "node:fs";
import { Query } from "@google-cloud/firestore";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFirestoreStore, type FirestoreStore } from "../../../src/adapters/firestore/index.ts";
import { asGrantId, endpointId, eventId } from "../../../src/domain/ids.ts";
import { storeOptions } from "../../contracts/store-harness.ts";
import { ANN, must, NOW } from "../../support/builders.ts";

/**
 * The emulator answers every query, Firestore itself only those that have an index. So what is asked is compared with
 * firestore.indexes.json, which holds what is needed and nothing else.
 */

interface Order {
  readonly field: { readonly fieldPath: string };
  readonly direction: "ASCENDING" | "DESCENDING";
}

interface Filter {
  readonly fieldFilter?: { readonly field: { readonly fieldPath: string }; readonly op: string };
  readonly compositeFilter?: { readonly filters: readonly Filter[] };
}

interface Asked {
  readonly from: readonly { readonly collectionId: string; readonly allDescendants?: boolean }[];
  readonly where?: Filter;
  readonly orderBy?: readonly Order[];
}

const asked: Asked[] = [];
let store: FirestoreStore;

beforeEach(() => {
  asked.length = 0;
  store = createFirestoreStore("demo-indexes", storeOptions(60_000));
  vi.spyOn(Query.prototype, "get").mockImplementation(async function (this: Query) {
    const { structuredQuery } = (this as unknown as { toProto(): { structuredQuery: Asked } }).toProto();
    asked.push(structuredQuery);
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

/**
 * The indexes that a query needs, as lines of text. Firestore makes those of one field by itself within a collection, and
 * puts together equalities that end in the same order.
 */
function neededBy({ from, where, orderBy = [] }: Asked): string[] {
  const [collection] = from;
  const scope = collection?.allDescendants === true ? "COLLECTION_GROUP" : "COLLECTION";
  const of = `${collection?.collectionId} ${scope}`;
  const filters = filtersOf(where).filter(({ op }) => op === "EQUAL" || op === "ARRAY_CONTAINS");
  const orders = orderBy.filter(({ field }) => field.fieldPath !== "__name__");
  const ends = orders.map(({ field, direction }) => `${field.fieldPath} ${direction}`);
  const starts = filters.map(({ path, op }) => `${path} ${op === "EQUAL" ? "ASCENDING" : "CONTAINS"}`);
  const needed = starts.length === 0 ? [ends.join(", ")] : starts.map((start) => [start, ...ends].join(", "));
  const own = scope === "COLLECTION" ? needed.filter((fields) => fields.includes(",")) : needed;
  return own.map((fields) => `${of}: ${fields}`);
}

function filtersOf(where: Filter | undefined): { path: string; op: string }[] {
  if (where?.compositeFilter !== undefined) return where.compositeFilter.filters.flatMap(filtersOf);
  if (where?.fieldFilter === undefined) return [];
  return [{ path: where.fieldFilter.field.fieldPath, op: where.fieldFilter.op }];
}

interface Indexes {
  readonly indexes: readonly {
    readonly collectionGroup: string;
    readonly queryScope: string;
    readonly fields: readonly { fieldPath: string; order?: string; arrayConfig?: string }[];
  }[];
  readonly fieldOverrides: readonly {
    readonly collectionGroup: string;
    readonly fieldPath: string;
    readonly indexes: readonly { readonly queryScope: string; readonly order?: string }[];
    readonly ttl?: boolean;
  }[];
}

const declared: Indexes = JSON.parse(
  readFileSync(new URL("../../../firestore.indexes.json", import.meta.url), "utf8"),
);

/** In the words of {@link neededBy}. */
function declaredLines(): string[] {
  const composite = declared.indexes.map(({ collectionGroup, queryScope, fields }) => {
    const words = fields.map(({ fieldPath, order, arrayConfig }) => `${fieldPath} ${order ?? arrayConfig}`);
    return `${collectionGroup} ${queryScope}: ${words.join(", ")}`;
  });
  const single = declared.fieldOverrides.flatMap(({ collectionGroup, fieldPath, indexes }) =>
    indexes
      .filter(({ queryScope }) => queryScope === "COLLECTION_GROUP")
      .map(({ order }) => `${collectionGroup} COLLECTION_GROUP: ${fieldPath} ${order}`),
  );
  return [...composite, ...single];
}

/** Nobody asks for it: Firestore would index each field of it, of which a document may have 40,000 in all. */
function isExempt({ indexes }: Indexes["fieldOverrides"][number]): boolean {
  return indexes.length === 0;
}

it("nothing that grows with a customer's units or items is indexed", () => {
  const exempt = declared.fieldOverrides.filter((override) => isExempt(override) && !override.ttl);
  expect(exempt.map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`)).toEqual([
    "customer_files.slots",
    "customer_files.entitlements",
    "purchases.answer",
    "purchases.closed",
    "outbox.effect",
    "webhook_deliveries.attempts",
  ]);
});

it("deliveries of webhooks leave by themselves, by a field that nobody asks for", () => {
  const expiring = declared.fieldOverrides.filter(({ ttl }) => ttl === true);
  expect(expiring).toEqual([
    { collectionGroup: "webhook_deliveries", fieldPath: "expire_at", ttl: true, indexes: [] },
  ]);
});

it("every query has its index, and every index its query", async () => {
  await askEverything();
  expect(asked.length).toBeGreaterThan(30);
  expect([...new Set(asked.flatMap(neededBy))].sort()).toEqual(declaredLines().sort());
});

it("what an override replaces is still there: the orders in which a customer's rows are read", () => {
  for (const { fieldPath, indexes } of declared.fieldOverrides.filter((override) => !isExempt(override))) {
    const within = indexes.filter(({ queryScope }) => queryScope === "COLLECTION").map(({ order }) => order);
    expect(within).toEqual(fieldPath === "created_at" ? ["ASCENDING", "DESCENDING"] : ["ASCENDING"]);
  }
});
