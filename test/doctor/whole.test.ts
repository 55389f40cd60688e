import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/memory-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { DoctorContext } from "../../src/doctor/check.ts";
import { checks } from "../../src/doctor/checks/index.ts";
import { jsonReport } from "../../src/doctor/report.ts";
import { runChecks } from "../../src/doctor/run-checks.ts";
import {
  ACCESS_TOKEN,
  aCatalog,
  aContext,
  aFile,
  aStandIn,
  PACKAGE,
  PERPETUAL,
  PROJECT,
  rootsAt,
  someAccess,
} from "./support.ts";

const SECRETS = {
  KEYTHAI_API_KEY: "kt_live_0123456789abcdef",
  LICENSE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 5).toString("base64")}`,
};

/** A shop at Google's own services, all of them stand-ins; KeyThai and the issuer too. */
async function aShop(changes: Partial<DoctorContext> = {}): Promise<DoctorContext> {
  const rules = readFileSync(new URL("../../firestore.rules", import.meta.url), "utf8");
  const { url } = await aStandIn({
    "GET /products": { body: { products: [{ id: "p1", code: "my-app" }] } },
    "GET /policies": { body: { policies: [{ id: PERPETUAL, name: "P", type: "perpetual" }] } },
    [`GET /androidpublisher/v3/applications/${PACKAGE}/purchases/voidedpurchases`]: {},
    "GET /keys": { body: { keys: [{ kty: "RSA" }] } },
    [`GET /v1/projects/${PROJECT}/releases/cloud.firestore`]: { body: { rulesetName: "r" } },
    "GET /v1/r": { body: { source: { files: [{ content: rules }] } } },
    [`GET /v1/projects/${PROJECT}/databases/(default)/collectionGroups/-/indexes`]: {},
    [`GET /v1/projects/${PROJECT}/databases/(default)/collectionGroups/-/fields`]: {},
    [`GET /v1/projects/${PROJECT}/subscriptions`]: {},
  });
  const settings = {
    ...SECRETS,
    GOOGLE_CLOUD_PROJECT: PROJECT,
    CATALOG_FILE: aFile(JSON.stringify(aCatalog())),
    KEYTHAI_BASE_URL: url,
    AUTH_ISSUER: "i",
    AUTH_AUDIENCE: "a",
    AUTH_JWKS_URL: `${url}/keys`,
  };
  const memory = createMemoryStore({
    clock: systemClock,
    chance: Math.random,
    leaseMs: 1000,
    newLease: () => "l",
  });
  return aContext(settings, { roots: rootsAt(url), store: async () => memory, ...changes });
}

async function statuses(context: DoctorContext): Promise<Record<string, string>> {
  const reports = await runChecks(checks, context, { timeoutMs: 5000 });
  const text = jsonReport(reports);
  for (const secret of [...Object.values(SECRETS), ACCESS_TOKEN]) expect(text).not.toContain(secret);
  return Object.fromEntries(
    reports.map(({ name, findings }) => [name, [...new Set(findings.map(({ status }) => status))].join("+")]),
  );
}

test("all at once: each says what it found, none breaks another", async () => {
  expect(await statuses(await aShop())).toEqual({
    settings: "ok+warning",
    catalog: "ok",
    keythai: "ok",
    encryption: "ok",
    kms: "skipped",
    google: "ok",
    play: "ok",
    firestore: "ok",
    // Google lists none.
    indexes: "failed+warning",
    rules: "ok",
    pubsub: "failed",
    push: "skipped",
    "public-url": "skipped",
    "sign-in": "ok",
    smtp: "skipped",
    webhooks: "ok",
    outbox: "ok",
    notices: "warning",
  });
});

test("without credentials all that is Google's is left out, and the rest is looked at", async () => {
  const headers = () => Promise.reject(new Error(`Could not load the default credentials ${ACCESS_TOKEN}`));
  const found = await statuses(await aShop({ google: { ...someAccess, headers } }));
  const skipped = Object.keys(found).filter((name) => found[name] === "skipped");
  expect(found.google).toBe("failed");
  expect(skipped).toEqual([
    ...["kms", "play", "firestore", "indexes", "rules", "pubsub", "push", "public-url", "smtp"],
    ...["webhooks", "outbox", "notices"],
  ]);
  expect(found).toMatchObject({ keythai: "ok", "sign-in": "ok", encryption: "ok" });
});

test("no two checks have the same name, and what one needs is there", async () => {
  const names = checks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const context = await aShop();
  for (const check of checks)
    expect(names).toEqual(expect.arrayContaining([...(check.needs?.(context) ?? [])]));
});
