import { z } from "zod";

/** Firestore's indexes, once as firestore.indexes.json asks for them and once as Google lists them, in one form. */

/** `READY`, `CREATING`, `NEEDS_REPAIR`; of a TTL `ACTIVE` in place of the first. */
export type IndexState = string;

const field = z.object({
  fieldPath: z.string(),
  order: z.string().optional(),
  arrayConfig: z.string().optional(),
});
type IndexField = z.output<typeof field>;

const fileSchema = z.object({
  indexes: z.array(z.object({ collectionGroup: z.string(), queryScope: z.string(), fields: z.array(field) })),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().default(false),
      indexes: z.array(
        z.object({
          queryScope: z.string(),
          order: z.string().optional(),
          arrayConfig: z.string().optional(),
        }),
      ),
    }),
  ),
});

const listedIndex = z.object({
  /** `projects/…/databases/(default)/collectionGroups/<group>/indexes/<id>` */
  name: z.string(),
  queryScope: z.string(),
  fields: z.array(field),
  state: z.string().default("READY"),
});

export const indexPage = z.object({
  indexes: z.array(listedIndex).default([]),
  nextPageToken: z.string().optional(),
});

export const fieldPage = z.object({
  fields: z
    .array(
      z.object({
        /** `…/collectionGroups/<group>/fields/<path>` */
        name: z.string(),
        indexConfig: z
          .object({
            usesAncestorConfig: z.boolean().default(false),
            indexes: z.array(listedIndex.partial({ name: true })).default([]),
          })
          .prefault({}),
        ttlConfig: z.object({ state: z.string() }).optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

/** What Google lists, or what a file asks for: each entry by a text of its own, as `purchases: state ↑, created_at ↓`. */
export interface IndexLists {
  readonly indexes: ReadonlyMap<string, IndexState>;
  /** By field; a set that is empty is an exemption. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, IndexState>>;
  readonly ttls: ReadonlyMap<string, IndexState>;
}

/** @throws ZodError on a file that the Firebase CLI would refuse as well. */
export function wantedIndexes(json: unknown): IndexLists {
  const { indexes, fieldOverrides } = fileSchema.parse(json);
  const nameOf = (entry: { collectionGroup: string; fieldPath: string }) =>
    `${entry.collectionGroup}.${entry.fieldPath}`;
  return {
    indexes: new Map(indexes.map((index) => [describe(index.collectionGroup, index), "READY"])),
    fields: new Map(
      fieldOverrides.map(({ indexes, ...entry }) => [
        nameOf(entry),
        new Map(
          indexes.map((index) => [describeSingle({ ...index, fields: [{ ...index, ...entry }] }), "READY"]),
        ),
      ]),
    ),
    ttls: new Map(fieldOverrides.filter(({ ttl }) => ttl).map((entry) => [nameOf(entry), "ACTIVE"])),
  };
}

export function listedIndexes(
  indexes: z.output<typeof indexPage>["indexes"],
  fields: z.output<typeof fieldPage>["fields"],
): IndexLists {
  const own = fields.filter(({ indexConfig }) => !indexConfig.usesAncestorConfig);
  return {
    indexes: new Map(
      indexes.map((index) => [describe(segment(index.name, "collectionGroups"), index), index.state]),
    ),
    fields: new Map(
      own.map(({ name, indexConfig }) => [
        fieldName(name),
        new Map(indexConfig.indexes.map((index) => [describeSingle(index), index.state])),
      ]),
    ),
    ttls: new Map(
      fields.flatMap(({ name, ttlConfig }) =>
        ttlConfig === undefined ? [] : [[fieldName(name), ttlConfig.state] as const],
      ),
    ),
  };
}

interface Described {
  readonly queryScope: string;
  readonly fields: readonly IndexField[];
}

/** Google adds `__name__` at the end, in the direction of the field before: a file need not name it. */
function describe(group: string, { queryScope, fields }: Described): string {
  const last = fields.at(-1);
  const before = fields.at(-2)?.order ?? "ASCENDING";
  const implied = last?.fieldPath === "__name__" && last.order === before;
  const shown = (implied ? fields.slice(0, -1) : fields).map((field) => `${field.fieldPath} ${mode(field)}`);
  return `${group}${queryScope === "COLLECTION_GROUP" ? " (group)" : ""}: ${shown.join(", ")}`;
}

function describeSingle({ queryScope, fields: [first] }: Described): string {
  return `${first === undefined ? "" : mode(first)}${queryScope === "COLLECTION_GROUP" ? " (group)" : ""}`;
}

function mode({ order, arrayConfig }: Pick<IndexField, "order" | "arrayConfig">): string {
  if (arrayConfig !== undefined) return "contains";
  return order === "DESCENDING" ? "↓" : "↑";
}

function fieldName(name: string): string {
  return `${segment(name, "collectionGroups")}.${segment(name, "fields")}`;
}

function segment(name: string, after: string): string {
  const parts = name.split("/");
  return parts[parts.indexOf(after) + 1] ?? "";
}
