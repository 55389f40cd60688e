import { expect, test } from "vitest";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { ConfigError, checkFiles, readSettings } from "../../src/config-files.ts";
import { CATALOG, temporaryFile } from "../http/support/service.ts";

const MEMORY = {
  PLAYGRANT_STORE: "memory",
  AUTH_ISSUER: "https://issuer.example",
  AUTH_AUDIENCE: "shop",
  AUTH_JWKS_URL: "https://issuer.example/jwks.json",
};

/** What is said to be wrong; a service can't be composed of it. */
function refused(environment: Record<string, string>): string {
  const read = readConfig(environment);
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  expect(() => compose(read.config)).toThrow("these settings are wrong");
  return checkFiles(read.config)
    .map(({ variable, message }) => `${variable}: ${message}`)
    .join("\n");
}

test("unknown keys and durations in the catalogue are named by path", () => {
  const catalogue = {
    entitlements: { "b/c": { name: "B", integration: { type: "feature" } } },
    products: [
      { package_name: "a.b", product_id: "x", type: "one_time", entitlements: [], rental_period: "30 days" },
    ],
    surprise: 1,
  };
  const file = temporaryFile("catalog.json", JSON.stringify(catalogue));
  const told = refused({ ...MEMORY, CATALOG_FILE: file });
  for (const part of ["entitlements.b/c", "products[0].rental_period", "surprise"])
    expect(told).toContain(part);
});

test("an integration that there is none of is named by path", () => {
  const catalogue = { entitlements: { a: { name: "A", integration: { type: "teleport" } } }, products: [] };
  const file = temporaryFile("catalog.json", JSON.stringify(catalogue));
  expect(refused({ ...MEMORY, CATALOG_FILE: file })).toContain("entitlements.a.integration.type");
});

test.each([
  ["that isn't there", "/nowhere/catalog.json", "can't be read"],
  ["that isn't JSON", () => temporaryFile("catalog.json", "{"), "is not JSON"],
] as const)("a catalogue %s", (_what, file, reason) => {
  const told = refused({ ...MEMORY, CATALOG_FILE: typeof file === "string" ? file : file() });
  expect(told).toContain("CATALOG_FILE: ");
  expect(told).toContain(reason);
});

test("a licence in the catalogue needs KeyThai's key and one to encrypt with", () => {
  const told = refused({ ...MEMORY, CATALOG_FILE: temporaryFile("catalog.json", JSON.stringify(CATALOG)) });
  expect(told).toContain("KEYTHAI_API_KEY: ");
  expect(told).toContain("LICENSE_ENCRYPTION_KEYS: ");
});

test("one that sells no licence needs neither", async () => {
  const file = temporaryFile("catalog.json", JSON.stringify({ entitlements: {}, products: [] }));
  const read = readConfig({ ...MEMORY, CATALOG_FILE: file });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  expect(checkFiles(read.config)).toEqual([]);
  await compose(read.config).close();
});

test("where nothing says who signs ID tokens, the service starts and nobody signs in", async () => {
  const read = readConfig({ PLAYGRANT_STORE: "memory", CATALOG_FILE: "test/config/empty-catalog.json" });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  const service = compose(read.config);
  const app = await service.app();
  expect((await app.request("/healthz")).status).toBe(200);
  const answer = await app.request("/v1/entitlements", {
    headers: { Authorization: "Bearer a.b.c" },
  });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ code: "unauthenticated" });
  await service.close();
});

test("settings and the files they name are told at once, and none of them twice", () => {
  const wrong = { PLAYGRANT_STORE: "memory", PORT: "x", CATALOG_FILE: "nowhere.json" };
  try {
    readSettings({ ...wrong, KEYTHAI_API_KEY: "a b" });
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.issues.map(({ variable }) => variable)).toEqual(["PORT", "KEYTHAI_API_KEY", "CATALOG_FILE"]);
    expect(error.message).toContain("\n  CATALOG_FILE: nowhere.json can't be read");
  }
});
