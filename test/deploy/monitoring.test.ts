import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../support/commands/check.ts";
import { DEPLOY } from "./support/cloud.ts";

/** deploy/monitoring: alerts on what the service really says, and on all that a person must see. */

const FOLDER = join(DEPLOY, "monitoring");
const files = globSync("*.json", { cwd: FOLDER }).sort();
const textOf = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const filters = files.flatMap((file) =>
  [...textOf(file).matchAll(/"(?:filter|denominatorFilter)": (".*")/g)].map(([, quoted = ""]) => ({
    file,
    filter: String(JSON.parse(quoted)),
  })),
);

const aggregation = z.strictObject({
  alignmentPeriod: z.string().regex(/^\d+s$/),
  perSeriesAligner: z.enum(["ALIGN_MAX", "ALIGN_DELTA", "ALIGN_RATE", "ALIGN_NEXT_OLDER"]),
  crossSeriesReducer: z.enum(["REDUCE_SUM", "REDUCE_COUNT_FALSE"]).optional(),
  groupByFields: z.array(z.string()).optional(),
});
const seconds = z.string().regex(/^\d+s$/);
const measured = { filter: z.string(), aggregations: z.array(aggregation), duration: seconds };
const threshold = z.strictObject({
  ...measured,
  denominatorFilter: z.string().optional(),
  denominatorAggregations: z.array(aggregation).optional(),
  comparison: z.literal("COMPARISON_GT"),
  thresholdValue: z.number(),
  trigger: z.strictObject({ count: z.number() }),
});
const condition = z.strictObject({
  displayName: z.string(),
  conditionThreshold: threshold.optional(),
  conditionAbsent: z.strictObject(measured).optional(),
  conditionMatchedLog: z
    .strictObject({ filter: z.string(), labelExtractors: z.record(z.string(), z.string()) })
    .optional(),
});

/** The parts of https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies that are used. */
const policySchema = z.strictObject({
  displayName: z.string().startsWith("playgrant: "),
  documentation: z.strictObject({ mimeType: z.literal("text/markdown"), content: z.string().min(40) }),
  combiner: z.literal("OR"),
  conditions: z.tuple([condition]),
  alertStrategy: z.strictObject({
    notificationRateLimit: z.strictObject({ period: seconds }).optional(),
    autoClose: seconds,
  }),
});

describe.each(files.filter((file) => file.startsWith("alert-")))("%s", (file) => {
  const policy = () => policySchema.parse(JSON.parse(textOf(file)));

  test("is an alert policy with one kind of condition", () => {
    const { displayName: _, ...kinds } = policy().conditions[0];
    expect(Object.keys(kinds)).toHaveLength(1);
  });

  test("limits how often it cries if it looks at the log, which it must, and only then", () => {
    const looksAtLog = policy().conditions[0].conditionMatchedLog !== undefined;
    expect(policy().alertStrategy.notificationRateLimit !== undefined).toBe(looksAtLog);
  });

  test("has its name where the script finds it", () => {
    expect(textOf(file)).toContain(`\n  "displayName": "${policy().displayName}",\n`);
  });
});

test("no two alerts have one name", () => {
  const names = files.flatMap((file) => JSON.parse(textOf(file)).displayName ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(9);
});

/** The source in one text. */
const source = globSync("src/**/*.ts", { cwd: ROOT })
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n");
/** What filters ask for by name, as `"fulfill.gave_up"`. */
const events = [...new Set(filters.flatMap(({ filter }) => eventsIn(filter)))];

function eventsIn(filter: string): string[] {
  const lists = [...filter.matchAll(/jsonPayload\.event=\(?((?:"[\w.]+"(?: OR )?)+)/g)];
  return lists.flatMap(([, list = ""]) => [...list.matchAll(/"([\w.]+)"/g)].map(([, event = ""]) => event));
}

test.each(events)("the service says %s", (event) => {
  expect(source).toContain(`"${event}"`);
});

test("every error that docs/operations.md tells to watch is an alert", () => {
  const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
  const named = eventsIn(
    filters
      .filter(({ file }) => file !== "alert-errors.json")
      .map(({ filter }) => filter)
      .join(),
  );
  const watched = [...page.matchAll(/^\| `([\w.]+)` \| log, error \|/gm)].map(([, event = ""]) => event);
  expect(watched.length).toBeGreaterThan(8);
  expect(watched.filter((event) => !named.includes(event))).toEqual([]);
});

test("names of topics, services and metrics are those that are made", () => {
  const made = globSync("*.sh", { cwd: DEPLOY })
    .map((file) => readFileSync(join(DEPLOY, file), "utf8"))
    .join("\n");
  const labels = filters.flatMap(({ filter }) =>
    [...filter.matchAll(/(?:subscription_id|service_name|worker_pool_name) = "([\w-]+)"/g)].map(
      ([, name]) => name ?? "",
    ),
  );
  expect(new Set(labels).size).toBe(4);
  for (const name of labels) expect(made).toMatch(new RegExp(`\\b${name}\\b`));
});

test("every error is an alert: those that none names are one together", () => {
  const named = filters.flatMap(({ file, filter }) =>
    file === "alert-errors.json" || !filter.includes("severity>=ERROR") ? [] : eventsIn(filter),
  );
  const [rest] = filters.filter(({ file }) => file === "alert-errors.json");
  expect(rest?.filter).toContain("severity>=ERROR AND jsonPayload.event:* AND NOT jsonPayload.event=(");
  expect(eventsIn(rest?.filter ?? "").sort()).toEqual(named.sort());
});

test("a dead letter is told in the words that the alert waits for", () => {
  const [unusable] = filters.filter(({ file }) => file === "alert-unusable-notices.json");
  expect(unusable?.filter).toContain(
    'jsonPayload.event="notification" AND jsonPayload.outcome=~"^dead letter"',
  );
  expect(source).toMatch(/log\.info\("notification", \{ \.\.\.fields, outcome: told\(outcome\) \}\)/);
  expect(source).toContain("`dead letter: ");
});
