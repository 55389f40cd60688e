import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rules } from "../../src/doctor/checks/rules.ts";
import { type Answer, aContext, aStandIn, lines, PROJECT, refusal, rootsAt } from "./support.ts";

const OURS = readFileSync(new URL("../../firestore.rules", import.meta.url), "utf8");
const RELEASE = `GET /v1/projects/${PROJECT}/releases/cloud.firestore`;
const DEPLOY = `firebase deploy --only firestore:rules --project ${PROJECT}`;

async function look(content: string, answers: Record<string, Answer> = {}) {
  const { url } = await aStandIn({
    [RELEASE]: { body: { name: "r", rulesetName: `projects/${PROJECT}/rulesets/abc` } },
    [`GET /v1/projects/${PROJECT}/rulesets/abc`]: {
      body: { name: "r", source: { files: [{ name: "firestore.rules", content }] } },
    },
    ...answers,
  });
  return lines(rules, aContext({ GOOGLE_CLOUD_PROJECT: PROJECT }, { roots: rootsAt(url) }));
}

test("ours are deployed, whatever their comments and spaces", async () => {
  const told = ["ok: those of firestore.rules are deployed"];
  expect(await look(OURS)).toEqual(told);
  expect(await look(`// the shop's\n${OURS.replaceAll("  ", "\t\n")}`)).toEqual(told);
});

test("others are a warning: they may be merged", async () => {
  const [line] = await look(OURS.replace(/: if [^;]+;/, ": if false;"));
  expect(line).toMatch(
    /^warning: the rules that are deployed are not those of firestore\.rules → If you merged/,
  );
});

test.each([
  "allow read, write: if true;",
  "allow read, write;",
  "allow write: if request.time < timestamp.date(2027, 1, 1);",
])("rules that let anybody write are a failure: %s", async (allow) => {
  const [line] = await look(`service cloud.firestore { match /{document=**} { ${allow} } }`);
  expect(line).toBe(
    `failed: the rules that are deployed let anybody write → Put firestore.rules in their place: ${DEPLOY}`,
  );
});

test("none at all", async () => {
  expect(await look("", { [RELEASE]: refusal(404, "NOT_FOUND") })).toEqual([
    `failed: no rules are deployed: apps can read nothing → ${DEPLOY}`,
  ]);
});

test("not ours to look at", async () => {
  expect(await look("", { [RELEASE]: refusal(403, "PERMISSION_DENIED") })).toEqual([
    expect.stringMatching(
      /^warning: the rules that are deployed: Google refuses .*roles\/firebaserules\.viewer/,
    ),
  ]);
});

test("the emulator has its own", async () => {
  const context = aContext({ GOOGLE_CLOUD_PROJECT: "demo", FIRESTORE_EMULATOR_HOST: "127.0.0.1:1" });
  expect(await lines(rules, context)).toEqual([expect.stringMatching(/^skipped/)]);
});
