import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/commands/check.ts";
import { checkFirebase } from "../support/commands/firebase.ts";
import { lintGcloud, mustCheckAll, noGcloud } from "../support/commands/gcloud.ts";
import { createCloud, isCall, type Run, shown } from "./support/cloud.ts";
import { SECRETS, SHOPS } from "./support/shops.ts";

/** deploy/: what a first run makes, and that a second one makes nothing. */

const SCRIPTS = globSync(
  ["deploy/{deploy,doctor}", "deploy/*.sh", "deploy/env.example", "test/deploy/support/bin/*"],
  {
    cwd: ROOT,
  },
);

test.each(SCRIPTS)("bash can read %s", (script) => {
  const { status, stderr } = spawnSync("bash", ["-n", script], { cwd: ROOT, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("shellcheck has nothing to say", (context) => {
  const files = SCRIPTS.filter((script) => !script.endsWith("env.example"));
  const run = spawnSync("shellcheck", ["-x", "-P", "deploy", ...files], { cwd: ROOT, encoding: "utf8" });
  if (run.error !== undefined) context.skip("shellcheck is not installed");
  expect(run.stdout).toBe("");
});

/** Words of commands that make or change nothing. */
const READS = new Set(["describe", "list", "list-configs", "access"]);
/** Of all shops and runs. */
const all: (readonly string[])[] = [];
const changes = (run: Run) => run.calls.filter((call) => !call.some((word) => READS.has(word)));

function makesSomething(call: readonly string[]): boolean {
  const add = isCall(call, "secrets", "versions", "add");
  return add || call.includes("create") || call.includes("submit");
}

describe.each(Object.entries(SHOPS))("a shop with %s", (_name, settings) => {
  let first: Run;
  let again: Run;

  beforeAll(() => {
    const cloud = createCloud(settings);
    first = cloud.deploy({ secrets: SECRETS });
    again = cloud.deploy({ secrets: SECRETS });
    all.push(...first.calls, ...again.calls);
  });

  test("is deployed by one command", () => {
    expect({ status: first.status, stderr: first.stderr }).toEqual({ status: 0, stderr: "" });
    expect(shown(first)).toHaveLength(changes(first).length + first.npx.length);
  });

  test("is deployed again, and nothing is made", () => {
    expect(again.status).toBe(0);
    expect(first.calls.filter(makesSomething).length).toBeGreaterThan(15);
    // Google's own account is asked for, and made if need be.
    const made = again.calls.filter((call) => makesSomething(call) && !isCall(call, "services", "identity"));
    expect(made).toEqual([]);
  });

  test("is told beforehand what will be run, without any cloud", () => {
    const dry = createCloud(settings).deploy({ args: ["--dry-run"], env: { SECRETS_DIR: "" } });
    expect([dry.status, dry.calls, dry.npx]).toEqual([0, [], []]);
    expect(shown(dry)).toEqual(shown(first));
  });

  test("deploys Firestore's indexes by Firebase's tools", { timeout: 60_000 }, async () => {
    const [yes, program, ...args] = first.npx[0] ?? [];
    expect([yes, program]).toEqual(["--yes", "firebase-tools@15.34.2"]);
    expect(await checkFirebase({ name: "firebase", args, line: 1 }, { folder: ROOT })).toBeNull();
    const what =
      settings.FIRESTORE_RULES === "replace" ? "firestore:rules,firestore:indexes" : "firestore:indexes";
    expect(args.slice(0, 3)).toEqual(["deploy", "--only", what]);
  });
});

/** Of those that differ only in what they look at, or whom they give a right, one: the parser is slow. */
function shape(call: readonly string[]): string {
  const sameFor = call.some((word) => READS.has(word) || word === "add-iam-policy-binding");
  if (!sameFor) return call.join(" ");
  return call
    .map((word) => word.replace(/^--(member|secret|role)=.*/s, "--$1").replace(/^play.*/, "x"))
    .join(" ");
}

test("every command is what gcloud's own parser takes", { timeout: 240_000 }, async (context) => {
  const why = noGcloud();
  if (why !== null && !mustCheckAll()) context.skip(why);
  expect(why).toBeNull();
  const shapes = new Map(all.map((call) => [shape(call), call]));
  expect(shapes.size).toBeGreaterThan(50);
  expect([...(await lintGcloud([...shapes.values()]))]).toEqual([]);
});
