import { readFileSync } from "node:fs";
import type { Direction, Need, Scope } from "./need.ts";

/** firestore.indexes.json, and which queries Firestore answers with it. */

interface SingleIndex {
  readonly queryScope: Scope;
  readonly order?: Direction;
  readonly arrayConfig?: "CONTAINS";
}

export interface FieldOverride {
  readonly collectionGroup: string;
  /** `*`: all fields of the collection that have no override of their own. */
  readonly fieldPath: string;
  readonly ttl?: boolean;
  readonly indexes: readonly SingleIndex[];
}

interface CompositeIndex {
  readonly collectionGroup: string;
  readonly queryScope: Scope;
  readonly fields: readonly {
    readonly fieldPath: string;
    readonly order?: Direction;
    readonly arrayConfig?: "CONTAINS";
  }[];
}

export interface IndexFile {
  readonly indexes: readonly CompositeIndex[];
  readonly fieldOverrides: readonly FieldOverride[];
}

export function readIndexFile(): IndexFile {
  return JSON.parse(readFileSync(new URL("../../../firestore.indexes.json", import.meta.url), "utf8"));
}

interface Part {
  readonly path: string;
  readonly mode: Direction | "CONTAINS" | undefined;
}

/** What Firestore makes of each field by itself, within a collection. */
const BY_ITSELF: readonly SingleIndex[] = [
  { queryScope: "COLLECTION", order: "ASCENDING" },
  { queryScope: "COLLECTION", order: "DESCENDING" },
  { queryScope: "COLLECTION", arrayConfig: "CONTAINS" },
];

/**
 * Firestore needs no index for all of a collection. It puts equalities together from several indexes, where each begins
 * with some of them and ends in exactly the order asked for; an order alone has to be an index as it is.
 */
export function isServed(need: Need, file: IndexFile): boolean {
  const { equal, contains, order } = need;
  const asked = [...equal, ...contains];
  if (asked.length === 0 && order.length === 0) return true;
  const fitting = indexesFor(need, file)
    .map((index) => prefixOf(index, need))
    .filter((prefix) => prefix !== null);
  return asked.length === 0 ? fitting.length > 0 : asked.every((path) => fitting.flat().includes(path));
}

function indexesFor(need: Need, { indexes, fieldOverrides }: IndexFile): Part[][] {
  const composite = indexes
    .filter(({ collectionGroup, queryScope }) => isOf(need, collectionGroup, queryScope))
    .map(({ fields }) => fields.map((field) => ({ path: field.fieldPath, mode: modeOf(field) })));
  const paths = [...need.equal, ...need.contains, ...need.order.map(({ path }) => path)];
  const single = paths.flatMap((path) =>
    overrideOf(need.collection, path, fieldOverrides)
      .filter(({ queryScope }) => isOf(need, need.collection, queryScope))
      .map((index) => [{ path, mode: modeOf(index) }]),
  );
  return [...composite, ...single];
}

function isOf(need: Need, collection: string, scope: Scope): boolean {
  return collection === need.collection && scope === need.scope;
}

function modeOf({ order, arrayConfig }: Omit<SingleIndex, "queryScope">): Part["mode"] {
  return order ?? arrayConfig;
}

/** A field's own, else that of the map it is in, else that of the collection, else what Firestore does by itself. */
function overrideOf(
  collection: string,
  path: string,
  overrides: readonly FieldOverride[],
): readonly SingleIndex[] {
  const parts = path.split(".");
  const around = parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
  const found = [...around, "*"].flatMap(
    (fieldPath) =>
      overrides.find((one) => one.collectionGroup === collection && one.fieldPath === fieldPath) ?? [],
  );
  return found[0]?.indexes ?? BY_ITSELF;
}

/** @returns The fields that it has before the order asked for; null where it doesn't fit. */
function prefixOf(index: readonly Part[], { equal, contains, order }: Need): string[] | null {
  const start = index.length - order.length;
  const [prefix, suffix] = [index.slice(0, Math.max(start, 0)), index.slice(Math.max(start, 0))];
  const ends = order.every(
    ({ path, direction }, at) => suffix[at]?.path === path && suffix[at].mode === direction,
  );
  const begins = prefix.every(({ path, mode }) => (mode === "CONTAINS" ? contains : equal).includes(path));
  // Each index ends in the document's name, in the direction of its last field: ascending is what is asked for.
  const named = order.length > 0 || prefix.at(-1)?.mode !== "DESCENDING";
  return start >= 0 && ends && begins && named ? prefix.map(({ path }) => path) : null;
}

/** For people, and to compare: `purchases COLLECTION: customer_id ASCENDING, created_at DESCENDING`. */
export function indexText({ collection, scope, equal, contains, order }: Need): string {
  const fields = [
    ...equal.map((path) => `${path} ASCENDING`),
    ...contains.map((path) => `${path} CONTAINS`),
    ...order.map(({ path, direction }) => `${path} ${direction}`),
  ];
  return `${collection} ${scope}: ${fields.join(", ")}`;
}
