import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FieldOverride, type IndexFile, indexText, isServed, readIndexFile } from "./indexes.ts";
import type { Need } from "./need.ts";

/** Their fields keep what Firestore indexes by itself: the owner's app asks for its own rows in its own way. */
const READ_BY_APPS: ReadonlySet<string> = new Set(["entitlements", "grants"]);

/** What firestore.indexes.json lacks or has too much of, for the queries that were asked; empty where it fits. */
export function indexFaults(needs: readonly Need[], file: IndexFile): string[] {
  const missing = needs.filter((need) => !isServed(need, file)).map((need) => `missing: ${indexText(need)}`);
  const served = needs.filter((need) => isServed(need, file));
  const unused = withoutOne(file)
    .filter(({ rest }) => served.every((need) => isServed(need, rest)))
    .map(({ name }) => `unused: ${name}`);
  return [...new Set([...missing, ...unused])].sort();
}

/**
 * After a run of the whole suite: what its queries found no index for, and the indexes that none of them needed.
 *
 * @param folder Where the runs wrote what they asked; see watch.ts.
 * @returns Sentences for a person; none where all is well.
 */
export function unusedIndexes(folder: string): string[] {
  return indexFaults(readNeeds(folder), readIndexFile());
}

function readNeeds(folder: string): Need[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
  return [...new Set(lines)].filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** The file, each time without one of its indexes: where all is answered still, nobody needs that one. */
function withoutOne({ indexes, fieldOverrides }: IndexFile): { name: string; rest: IndexFile }[] {
  const composite = indexes.map((index) => ({
    name: `${index.collectionGroup} ${index.queryScope}: ${index.fields.map(textOf).join(", ")}`,
    rest: { indexes: indexes.filter((other) => other !== index), fieldOverrides },
  }));
  const single = fieldOverrides.flatMap((override) =>
    override.indexes
      .filter(({ queryScope }) => queryScope !== "COLLECTION" || !READ_BY_APPS.has(override.collectionGroup))
      .map((index) => ({
        name: `${override.collectionGroup} ${index.queryScope}: ${textOf({ ...index, ...override })}`,
        rest: { indexes, fieldOverrides: fieldOverrides.map((one) => without(one, override, index)) },
      })),
  );
  return [...composite, ...single];
}

function textOf(field: { fieldPath: string; order?: string; arrayConfig?: string }): string {
  return `${field.fieldPath} ${field.order ?? field.arrayConfig}`;
}

function without(one: FieldOverride, changed: FieldOverride, index: FieldOverride["indexes"][number]) {
  return one === changed ? { ...one, indexes: one.indexes.filter((other) => other !== index) } : one;
}
