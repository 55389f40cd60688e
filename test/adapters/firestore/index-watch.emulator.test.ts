import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AggregateField, FieldPath, Firestore, type Query } from "@google-cloud/firestore";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emulatorProject } from "../../support/emulator.ts";
import "../../support/query-indexes/watch.ts";
import { unusedIndexes } from "../../support/query-indexes/unused.ts";

/** The emulator as strict as Firestore itself is: see test/support/query-indexes/watch.ts. */

const db = new Firestore({ projectId: emulatorProject(import.meta.url) });
const purchases = db.collection("purchases");
const unserved = purchases.where("customer_id", "==", "ann").orderBy("updated_at", "desc");
const served = purchases.where("customer_id", "==", "ann").orderBy("created_at", "desc");
const missing = {
  code: 9,
  message: expect.stringContaining("requires an index: purchases COLLECTION: customer_id ASCENDING, updated"),
};
let said: string[] = [];
let folder = "";

beforeEach(() => {
  said = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  folder = mkdtempSync(join(tmpdir(), "playgrant-query-log-"));
  vi.stubEnv("QUERY_LOG_DIR", folder);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => db.terminate());

describe("without its index fails", () => {
  const cases: [string, Query][] = [
    ["a query", unserved],
    ["a page", unserved.startAfter(new Date()).limit(3)],
    ["its name in the order", unserved.orderBy(FieldPath.documentId(), "desc")],
    ["part of the fields", unserved.select("state")],
  ];
  it.each(cases)("%s, as in production", async (_, query) => {
    await expect(query.get()).rejects.toMatchObject(missing);
    expect(said.join("")).toContain("requires an index");
  });

  it("a count, a transaction's query, a listener", async () => {
    await expect(unserved.count().get()).rejects.toMatchObject(missing);
    await expect(db.runTransaction((transaction) => transaction.get(unserved))).rejects.toMatchObject(
      missing,
    );
    const { promise, resolve } = Promise.withResolvers<Error>();
    unserved.onSnapshot(() => undefined, resolve);
    expect(await promise).toMatchObject(missing);
  });

  it("the last of an order that is indexed from its other end only", async () => {
    await expect(served.limitToLast(2).get()).rejects.toMatchObject({ code: 9 });
    const other = purchases.where("customer_id", "==", "ann").orderBy("created_at").limitToLast(2);
    expect((await other.get()).size).toBe(0);
  });

  it("a single field that is exempt", async () => {
    await expect(purchases.where("state", "==", "active").get()).rejects.toMatchObject({ code: 9 });
    await expect(db.collection("mails").orderBy("at").get()).rejects.toMatchObject({ code: 9 });
  });
});

it("with its index a query, a count and a listener are answered; reads by name need none", async () => {
  expect((await served.get()).size).toBe(0);
  expect((await served.count().get()).data()).toEqual({ count: 0 });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const stop = served.onSnapshot(({ size }) => resolve(size), reject);
  expect(await promise).toBe(0);
  stop();
  expect(await db.getAll(purchases.doc("a"), purchases.doc("b"))).toHaveLength(2);
  expect(said).toEqual([]);
});

it("what nobody has thought about fails, too", async () => {
  const sum = purchases.aggregate({ total: AggregateField.sum("revision") });
  await expect(sum.get()).rejects.toThrow("Nobody has thought about it");
  await expect(purchases.orderBy(FieldPath.documentId(), "desc").get()).rejects.toThrow("Nobody has thought");
});

it("what was asked is put down once, and tells after the run what was missing and what nobody needed", async () => {
  const orphans = db.collection("license_orphans").orderBy("found_at", "desc");
  await orphans.limit(1).get();
  await orphans.limit(2).get();
  await expect(db.collection("license_keys").orderBy("sealed").get()).rejects.toMatchObject({ code: 9 });
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(
    readFileSync(join(folder, files[0] ?? ""), "utf8")
      .trim()
      .split("\n"),
  ).toHaveLength(2);
  const faults = unusedIndexes(folder);
  expect(faults).toContain("missing: license_keys COLLECTION: sealed ASCENDING");
  expect(faults).toContain("unused: license_keys COLLECTION: check_at ASCENDING");
  expect(faults).not.toContain("unused: license_orphans COLLECTION: found_at DESCENDING");
});
