import { join } from "node:path";
import { expect, test } from "vitest";
import { createCloud, DEPLOY, flag, isCall, type Run } from "./support/cloud.ts";
import { PUSH_SHOP, SECRETS } from "./support/shops.ts";

/** What the deploy scripts do when something is missing, wrong or refused. */

test("without settings they say where these come from", () => {
  const run = createCloud({}).deploy();
  expect([run.status, run.calls]).toEqual([78, []]);
  expect(run.stderr).toContain("copy deploy/env.example to deploy/env");
});

test.each([
  [{ PROJECT_ID: "" }, "PROJECT_ID and REGION are required"],
  [{ RTDN_DELIVERY: "pushed" }, "RTDN_DELIVERY is one of: push pull"],
  [{ WORKER: "no" }, "WORKER is one of: pool schedule"],
  [{ WORKER: "schedule", RTDN_DELIVERY: "pull" }, "nobody pulls"],
  [{ LICENSE_KMS: "1" }, "LICENSE_KMS is one of: yes no"],
])("wrong settings are refused: %o", (settings, says) => {
  const run = createCloud({ ...PUSH_SHOP, ...settings }).deploy({ secrets: SECRETS });
  expect([run.status, run.calls]).toEqual([78, []]);
  expect(run.stderr).toContain(says);
});

test("a step that doesn't exist is refused before any runs", () => {
  const run = createCloud(PUSH_SHOP).deploy({ args: ["50-image", "60-rum"] });
  expect([run.status, run.calls]).toEqual([64, []]);
  expect(run.stderr).toContain("60-run");
});

test("steps can be run by themselves", () => {
  const run = createCloud(PUSH_SHOP).deploy({ args: ["35-keys"] });
  expect(run.status).toBe(0);
  expect(run.calls.every((call) => isCall(call, "kms"))).toBe(true);
});

test("a missing catalogue is told", () => {
  const cloud = createCloud({ ...PUSH_SHOP, CATALOG: "no-such.json" });
  const run = cloud.deploy({ args: ["40-secrets"], secrets: SECRETS });
  expect(run.status).toBe(78);
  expect(run.stderr).toContain("no-such.json is missing");
});

test("a wrong catalogue goes nowhere: what runs keeps the one it has", () => {
  const cloud = createCloud(PUSH_SHOP);
  const run = cloud.deploy({ secrets: SECRETS, env: { NPX_FAILS: "playgrant catalog" } });
  expect([run.status, cloud.secret("playgrant-catalog")]).toEqual([78, null]);
  expect(run.npx.at(-1)).toEqual(["playgrant", "catalog", join(DEPLOY, "../examples/catalog.json")]);
  expect(run.calls.some((call) => isCall(call, "run", "deploy"))).toBe(false);
});

test("what gcloud refuses stops everything after it", () => {
  const run = createCloud(PUSH_SHOP).deploy({ secrets: SECRETS, env: { FAIL: "kms keyrings create" } });
  expect(run.status).not.toBe(0);
  expect(run.calls.at(-1)?.slice(0, 3)).toEqual(["kms", "keyrings", "create"]);
});

const GRANT = "kms keys add-iam-policy-binding";
const grants = (run: Run) => run.calls.filter((call) => isCall(call, ...GRANT.split(" "))).length;

test("a right is given again where a new account isn't known yet", () => {
  const run = createCloud(PUSH_SHOP).deploy({ args: ["35-keys"], env: { FAIL: GRANT, FAIL_TIMES: "2" } });
  expect([run.status, grants(run)]).toEqual([0, 4]);
});

test("a right that can't be given ends it", () => {
  const run = createCloud(PUSH_SHOP).deploy({ args: ["35-keys"], env: { FAIL: GRANT } });
  expect([run.status, grants(run)]).toEqual([78, 4]);
  expect(run.stderr).toContain("this right could not be given");
});

test("changes that are not committed are not built", () => {
  const run = createCloud(PUSH_SHOP).deploy({ args: ["50-image"], env: { CHANGES: " M src/main.ts" } });
  expect([run.status, run.calls]).toEqual([78, []]);
  expect(run.stderr).toContain("not committed");
});

test("an image that is there can be deployed without building any", () => {
  const cloud = createCloud(PUSH_SHOP);
  cloud.deploy({ secrets: SECRETS });
  const run = cloud.deploy({ args: ["50-image", "60-run"], env: { IMAGE: "registry.example/shop:1" } });
  const deployed = run.calls.flatMap((call) => flag(call, "image") ?? []);
  expect([run.status, deployed]).toEqual([0, ["registry.example/shop:1", "registry.example/shop:1"]]);
  expect(run.calls.some((call) => isCall(call, "builds"))).toBe(false);
});

test("a change of the delivery turns the same subscription, and loses nothing", () => {
  const cloud = createCloud(PUSH_SHOP);
  cloud.deploy({ secrets: SECRETS });
  cloud.configure({ RTDN_DELIVERY: "pull" });
  const run = cloud.deploy({ args: ["45-notices"] });
  const changed = run.calls.filter((call) => isCall(call, "pubsub", "subscriptions", "update"));
  expect(changed.map((call) => [call[3], flag(call, "push-endpoint")])).toEqual([["playgrant-rtdn", ""]]);
  expect(run.calls.some((call) => call.includes("create"))).toBe(false);
});
