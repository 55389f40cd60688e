import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { afterEach, expect, test, vi } from "vitest";

/** What the service is told where it runs as a function. */

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function told(environment: Record<string, string>) {
  vi.stubEnv("GCLOUD_PROJECT", "demo-shop");
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { serviceEnvironment } = await import("../../functions/src/environment.ts");
  return serviceEnvironment();
}

test("in the cloud it is production, whatever stands in functions/.env", async () => {
  expect(await told({ NODE_ENV: "" })).toMatchObject({ NODE_ENV: "production" });
  expect(await told({ NODE_ENV: "development" })).toMatchObject({ NODE_ENV: "production" });
});

test("in Firebase's emulator it is not: unsigned ID tokens and plain http are for there", async () => {
  const settings = await told({ FUNCTIONS_EMULATOR: "true", NODE_ENV: "production" });
  expect(settings).toMatchObject({ NODE_ENV: "development" });
});

test("the catalogue is the one that lies beside the code", async () => {
  const { CATALOG_FILE = "" } = await told({ CATALOG_FILE: "catalog.json" });
  expect(basename(CATALOG_FILE)).toBe("catalog.json");
  expect(existsSync(`${dirname(CATALOG_FILE)}/environment.ts`)).toBe(true);
});

test("the project is Firebase's, the port nobody's, all else as it is set", async () => {
  const settings = await told({ GOOGLE_CLOUD_PROJECT: "another", PORT: "8080", VERIFY_WAIT_MS: "7" });
  expect(settings).toMatchObject({ GOOGLE_CLOUD_PROJECT: "demo-shop", VERIFY_WAIT_MS: "7" });
  expect(settings.PORT).toBeUndefined();
});
