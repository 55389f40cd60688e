import { expect, test } from "vitest";
import { createCloud, isCall, type Run, shown } from "./support/cloud.ts";
import { PULL_SHOP, PUSH_SHOP, SECRETS } from "./support/shops.ts";

/** Where secrets go: to Secret Manager, by standard input, and nowhere else. */

const STEP = { args: ["40-secrets"] };
const kept = (run: Run) =>
  run.calls.filter((call) => isCall(call, "secrets", "versions", "add")).map((call) => call[3]);

test("values from files are kept as they are, and said nowhere", () => {
  const cloud = createCloud(PULL_SHOP);
  const run = cloud.deploy({ ...STEP, secrets: SECRETS });
  expect(run.status).toBe(0);
  expect(cloud.secret("playgrant-smtp-url")).toBe(SECRETS.SMTP_URL);
  expect(cloud.secret("playgrant-license-encryption-keys")).toBe(SECRETS.LICENSE_ENCRYPTION_KEYS);
  const said = JSON.stringify(run.calls) + run.stdout + run.stderr;
  for (const value of Object.values(SECRETS)) expect(said).not.toContain(value);
});

test("values are asked for where there is no file, once", () => {
  const cloud = createCloud(PUSH_SHOP);
  const run = cloud.deploy({ ...STEP, typed: "one of many\nan\\other\n" });
  expect(run.status).toBe(0);
  expect(cloud.secret("playgrant-admin-api-keys")).toBe("one of many");
  expect(cloud.secret("playgrant-keythai-api-key")).toBe("an\\other");
  expect(JSON.stringify(run.calls) + run.stdout).not.toMatch(/one of many|other/);
  const again = cloud.deploy(STEP);
  expect([again.status, kept(again)]).toEqual([0, []]);
});

test("a file with another value makes a new version, with the same one none", () => {
  const cloud = createCloud(PUSH_SHOP);
  cloud.deploy({ ...STEP, secrets: SECRETS });
  expect(kept(cloud.deploy({ ...STEP, secrets: SECRETS }))).toEqual([]);
  const changed = cloud.deploy({ ...STEP, secrets: { KEYTHAI_API_KEY: "kt_test_new" } });
  expect(kept(changed)).toEqual(["playgrant-keythai-api-key"]);
  expect(cloud.secret("playgrant-keythai-api-key")).toBe("kt_test_new");
});

test("an empty value is refused, and nothing is kept", () => {
  const cloud = createCloud(PUSH_SHOP);
  const run = cloud.deploy({ ...STEP, typed: "\n" });
  expect([run.status, kept(run)]).toEqual([78, []]);
  expect(run.stderr).toContain("ADMIN_API_KEYS is empty");
});

test("a catalogue that changed is a new version, and is deployed as that", () => {
  const cloud = createCloud({ ...PUSH_SHOP, CATALOG: "package.json" });
  cloud.deploy({ ...STEP, secrets: SECRETS });
  cloud.configure({ CATALOG: "tsconfig.json" });
  expect(kept(cloud.deploy({ ...STEP, secrets: SECRETS }))).toEqual(["playgrant-catalog"]);
  const [api] = shown(cloud.deploy({ args: ["60-run"] }));
  expect(api).toContain("catalog.json=playgrant-catalog:2");
});
