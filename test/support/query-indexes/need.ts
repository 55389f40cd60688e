/**
 * What a query needs of Firestore's indexes, told from the query as it is sent. Only the shapes that this project asks in
 * are understood: another kind of query must be thought about first, and so is an error.
 */

export type Direction = "ASCENDING" | "DESCENDING";
export type Scope = "COLLECTION" | "COLLECTION_GROUP";

export interface Order {
  readonly path: string;
  readonly direction: Direction;
}

export interface Need {
  readonly collection: string;
  readonly scope: Scope;
  /** Fields that must be equal to something: `==`, `in`, `== null`. */
  readonly equal: readonly string[];
  /** The field of an `array-contains`. */
  readonly contains: readonly string[];
  /** What the rows are sorted by, without the document's name, which comes last in every index. */
  readonly order: readonly Order[];
}

interface Field {
  readonly fieldPath: string;
}

interface Filter {
  readonly fieldFilter?: { readonly field: Field; readonly op: string };
  readonly unaryFilter?: { readonly field: Field; readonly op: string };
  readonly compositeFilter?: { readonly op: string; readonly filters: readonly Filter[] };
}

/** Google's own form of a query, as far as it matters here. */
export interface StructuredQuery {
  readonly from: readonly { readonly collectionId?: string; readonly allDescendants?: boolean }[];
  readonly where?: Filter;
  readonly orderBy?: readonly { readonly field: Field; readonly direction: Direction }[];
  readonly findNearest?: unknown;
}

const NAME = "__name__";
const KINDS: Readonly<Record<string, "equal" | "contains" | "range">> = {
  EQUAL: "equal",
  IN: "equal",
  IS_NULL: "equal",
  ARRAY_CONTAINS: "contains",
  ARRAY_CONTAINS_ANY: "contains",
  LESS_THAN: "range",
  LESS_THAN_OR_EQUAL: "range",
  GREATER_THAN: "range",
  GREATER_THAN_OR_EQUAL: "range",
  NOT_EQUAL: "range",
  NOT_IN: "range",
  IS_NOT_NULL: "range",
};

/**
 * @returns The same for all queries that the same indexes serve, in an order that doesn't depend on how it was written.
 * @throws Error for a kind of query that nobody has thought about yet.
 */
export function needOf({ from, where, orderBy = [], findNearest }: StructuredQuery): Need {
  const [source] = from;
  if (from.length !== 1 || source?.collectionId === undefined || findNearest != null)
    throw strange("it is neither of a collection nor of a collection group");
  const filters = filtersOf(where);
  const of = (kind: string) =>
    [...new Set(filters.filter((filter) => filter.kind === kind).map(({ path }) => path))].sort();
  const [equal, contains, range] = [of("equal"), of("contains"), of("range")];
  if (contains.length > 0 && (equal.length > 0 || range.length > 0))
    throw strange("it has an array-contains beside another condition");
  const order = orderOf(orderBy, range);
  if (order.some(({ path }) => equal.includes(path))) throw strange("it sorts by what is equal");
  const scope = source.allDescendants === true ? "COLLECTION_GROUP" : "COLLECTION";
  return { collection: source.collectionId, scope, equal, contains, order };
}

function filtersOf(where: Filter | null | undefined): { path: string; kind: string }[] {
  if (where == null) return [];
  if (where.compositeFilter != null) {
    if (where.compositeFilter.op !== "AND") throw strange("it has an OR");
    return where.compositeFilter.filters.flatMap(filtersOf);
  }
  const filter = where.fieldFilter ?? where.unaryFilter;
  const kind = filter === undefined ? undefined : KINDS[filter.op];
  if (filter === undefined || kind === undefined) throw strange("its condition is of an unknown kind");
  if (filter.field.fieldPath === NAME) throw strange("it has a condition on the document's name");
  return [{ path: filter.field.fieldPath, kind }];
}

/** A range sorts by its field; the document's name comes last, in the direction of what is before it. */
function orderOf(orderBy: NonNullable<StructuredQuery["orderBy"]>, range: readonly string[]): Order[] {
  const asked = orderBy.map(({ field, direction }) => ({ path: field.fieldPath, direction }));
  const named = asked.findIndex(({ path }) => path === NAME);
  const fields = named === -1 ? asked : asked.slice(0, named);
  const last = fields.at(-1)?.direction ?? "ASCENDING";
  if (named !== -1 && (named !== asked.length - 1 || asked[named]?.direction !== last))
    throw strange("it sorts by the document's name in a way of its own");
  const [ranged, ...more] = range;
  if (ranged === undefined) return fields;
  if (more.length > 0) throw strange("it has ranges of two fields");
  if (fields.length === 0) return [{ path: ranged, direction: last }];
  if (fields[0]?.path !== ranged) throw strange("it sorts by another field than that of its range");
  return fields;
}

function strange(why: string): Error {
  return new Error(`Which index does this query need? Nobody has thought about it: ${why}.`);
}
