import { FieldPath, Filter, Firestore, type Query } from "@google-cloud/firestore";
import { afterAll, describe, expect, it } from "vitest";
import { type IndexFile, indexText, isServed } from "../../support/query-indexes/indexes.ts";
import { type Need, needOf, type StructuredQuery } from "../../support/query-indexes/need.ts";
import { indexFaults } from "../../support/query-indexes/unused.ts";

/** Firestore's own rules of which index serves which query, since the emulator doesn't know them. */

const db = new Firestore({ projectId: "demo-needs" });
afterAll(() => db.terminate());

const paints = db.collection("shop/1/paints");
const everywhere = db.collectionGroup("paints");
const NAME = FieldPath.documentId();
const NONE: IndexFile = { indexes: [], fieldOverrides: [] };

function need(query: Query): Need {
  const sent = (query as unknown as { toProto(): { structuredQuery: StructuredQuery } }).toProto();
  return needOf(sent.structuredQuery);
}

type Word = `${string} ${"asc" | "desc" | "contains"}`;

/** An index in few words: `of("shade asc", "made desc")`. */
function of(...words: Word[]): IndexFile["indexes"][number] {
  return { collectionGroup: "paints", queryScope: "COLLECTION", fields: words.map(field) };
}

function field(word: Word) {
  const [fieldPath = "", mode] = word.split(" ");
  if (mode === "contains") return { fieldPath, arrayConfig: "CONTAINS" as const };
  return { fieldPath, order: mode === "asc" ? ("ASCENDING" as const) : ("DESCENDING" as const) };
}

function file(...indexes: IndexFile["indexes"]): IndexFile {
  return { ...NONE, indexes };
}

function override(fieldPath: string, ...words: Word[]): IndexFile["fieldOverrides"][number] {
  const indexes = words.map((word) => ({ queryScope: "COLLECTION" as const, ...field(word) }));
  return { collectionGroup: "paints", fieldPath, indexes: indexes.map(({ fieldPath: _, ...one }) => one) };
}

describe("Firestore's own indexes serve", () => {
  const cases: [string, Query][] = [
    ["all of a collection", paints],
    ["all of a collection group", everywhere],
    ["an equality", paints.where("shade", "==", "red")],
    ["an equality with null", paints.where("shade", "==", null)],
    ["several equalities", paints.where("shade", "==", "red").where("made", "==", 1)],
    ["one of several values", paints.where("shade", "in", ["red", "blue"])],
    ["an array that holds something", paints.where("tags", "array-contains", "new")],
    ["an order, either way", paints.orderBy("made", "desc")],
    ["a range", paints.where("made", ">", 1).where("made", "<", 3)],
    ["a range in its order, from a place on", paints.where("made", ">", 1).orderBy("made").startAfter(2)],
    ["the last of an order", paints.orderBy("made").limitToLast(3)],
    ["what is not something", paints.where("shade", "!=", "red")],
    ["an order with the name after it", paints.orderBy("made", "desc").orderBy(NAME, "desc")],
    ["the fields of a map", paints.where("maker.name", "==", "ann")],
    ["part of the fields", paints.select("shade").where("shade", "==", "red")],
  ];
  it.each(cases)("%s", (_, query) => {
    expect(isServed(need(query), NONE)).toBe(true);
  });
});

describe("needs an index", () => {
  const red = paints.where("shade", "==", "red");
  const cases: [string, Query, string, IndexFile][] = [
    [
      "an equality in an order",
      red.orderBy("made", "desc"),
      "paints COLLECTION: shade ASCENDING, made DESCENDING",
      file(of("shade asc", "made desc")),
    ],
    [
      "an equality with a range",
      red.where("made", ">", 1),
      "paints COLLECTION: shade ASCENDING, made ASCENDING",
      file(of("shade desc", "made asc")),
    ],
    [
      "the last of an order: it is read from its end",
      red.orderBy("made").limitToLast(1),
      "paints COLLECTION: shade ASCENDING, made DESCENDING",
      file(of("shade asc", "made desc")),
    ],
    [
      "two orders",
      paints.orderBy("made").orderBy("shade"),
      "paints COLLECTION: made ASCENDING, shade ASCENDING",
      file(of("made asc", "shade asc")),
    ],
    [
      "an array in an order",
      paints.where("tags", "array-contains", "new").orderBy("made"),
      "paints COLLECTION: tags CONTAINS, made ASCENDING",
      file(of("tags contains", "made asc")),
    ],
    [
      "two equalities in an order: each may have its own",
      red.where("size", "==", 1).orderBy("made"),
      "paints COLLECTION: shade ASCENDING, size ASCENDING, made ASCENDING",
      file(of("shade asc", "made asc"), of("size asc", "made asc")),
    ],
  ];
  it.each(cases)("%s", (_, query, text, enough) => {
    expect(indexText(need(query))).toBe(text);
    expect(isServed(need(query), NONE)).toBe(false);
    expect(isServed(need(query), enough)).toBe(true);
    for (const index of enough.indexes)
      expect(isServed(need(query), file(...enough.indexes.filter((other) => other !== index)))).toBe(false);
  });

  it.each<[string, IndexFile]>([
    ["in the other direction", file(of("shade asc", "made asc"))],
    ["the other way round", file(of("made desc", "shade asc"))],
    ["with one field more", file(of("shade asc", "size asc", "made desc"))],
    ["that goes on after the order", file(of("shade asc", "made desc", "size asc"))],
    ["of all such collections", file({ ...of("shade asc", "made desc"), queryScope: "COLLECTION_GROUP" })],
    ["of another collection", file({ ...of("shade asc", "made desc"), collectionGroup: "inks" })],
    ["for arrays", file(of("shade contains", "made desc"))],
  ])("an index %s is another one", (_, other) => {
    expect(isServed(need(red.orderBy("made", "desc")), other)).toBe(false);
  });

  it("what is asked of all such collections, if only for one field", () => {
    const query = everywhere.where("shade", "==", "red");
    expect(isServed(need(query), NONE)).toBe(false);
    const own = override("shade", "shade asc");
    expect(isServed(need(query), { ...NONE, fieldOverrides: [own] })).toBe(false);
    const indexes = own.indexes.map((index) => ({ ...index, queryScope: "COLLECTION_GROUP" as const }));
    expect(isServed(need(query), { ...NONE, fieldOverrides: [{ ...own, indexes }] })).toBe(true);
  });
});

describe("an override", () => {
  const served = (query: Query, ...fieldOverrides: IndexFile["fieldOverrides"]) =>
    isServed(need(query), { ...NONE, fieldOverrides });

  it("leaves only the indexes that it names", () => {
    const made = override("made", "made asc");
    expect(served(paints.orderBy("made"), made)).toBe(true);
    expect(served(paints.orderBy("made", "desc"), made)).toBe(false);
    expect(served(paints.where("shade", "==", "red"), made)).toBe(true);
  });

  it("of a map is that of its fields, unless they have their own", () => {
    const query = paints.where("maker.name", "==", "ann");
    expect(served(query, override("maker"))).toBe(false);
    expect(served(query, override("maker"), override("maker.name", "name asc"))).toBe(true);
  });

  it("of a whole collection is that of each field that has none", () => {
    expect(served(paints.orderBy("made"), override("*"))).toBe(false);
    expect(served(paints.orderBy("made"), override("*"), override("made", "made asc"))).toBe(true);
    expect(served(paints, override("*"))).toBe(true);
  });

  it("with a descending index alone doesn't serve an equality, whose rows come by their names", () => {
    expect(served(paints.where("made", "==", 1), override("made", "made desc"))).toBe(false);
  });

  it("doesn't reach into composite indexes", () => {
    const own = { ...file(of("shade asc", "made desc")), fieldOverrides: [override("*")] };
    expect(isServed(need(paints.where("shade", "==", "red").orderBy("made", "desc")), own)).toBe(true);
  });
});

it.each<[string, Query]>([
  ["an OR", paints.where(Filter.or(Filter.where("a", "==", 1), Filter.where("b", "==", 1)))],
  ["ranges of two fields", paints.where("a", ">", 1).where("b", ">", 1)],
  ["another order than its range", paints.where("a", ">", 1).orderBy("b")],
  ["an array beside an equality", paints.where("tags", "array-contains", "new").where("a", "==", 1)],
  ["an order by what is equal", paints.where("a", "==", 1).orderBy("a")],
  ["a condition on the name", paints.where(NAME, ">", "m")],
  ["names from the end", paints.orderBy(NAME, "desc")],
  ["names against the order", paints.orderBy("a").orderBy(NAME, "desc")],
])("nobody has thought about %s", (_, query) => {
  expect(() => need(query)).toThrow("Nobody has thought about it");
});

it("of two indexes that do the same each is one too many", () => {
  const needs = [need(paints.where("shade", "==", "red").orderBy("made"))];
  const [up, down] = [of("shade asc", "made asc"), of("shade desc", "made asc")];
  expect(indexFaults(needs, file(up, down))).toEqual([
    "unused: paints COLLECTION: shade ASCENDING, made ASCENDING",
    "unused: paints COLLECTION: shade DESCENDING, made ASCENDING",
  ]);
  expect(indexFaults(needs, file(up))).toEqual([]);
  expect(indexFaults(needs, file())).toEqual(["missing: paints COLLECTION: shade ASCENDING, made ASCENDING"]);
});
