import { expect, test, vi } from "vitest";
import { temporaryFile } from "../http/support/service.ts";
import { startMain } from "./support/process.ts";

// A process takes its time to start on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

const MEMORY = {
  PLAYGRANT_STORE: "memory",
  AUTH_ISSUER: "https://issuer.example",
  AUTH_AUDIENCE: "shop",
  AUTH_JWKS_URL: "https://issuer.example/jwks.json",
};

async function refused(environment: Record<string, string>): Promise<string> {
  const child = startMain(environment);
  expect(await child.ended, child.stderr()).toBe(78);
  expect(child.stdout()).toBe("");
  return child.stderr();
}

test("every wrong setting is on stderr at once, the catalogue's with their JSON paths; no secret is", async () => {
  const catalogue = {
    entitlements: {
      desktop: { name: "D", integration: { type: "license_key", product: "p", policy_id: "q" } },
    },
    products: [
      { package_name: "a.b", product_id: "x", type: "one_time", entitlements: ["desktop", "ghost"] },
      {
        package_name: "a.b",
        product_id: "x",
        type: "subscription",
        entitlements: [],
        base_plans: { m: ["ghost"] },
      },
    ],
  };
  const told = await refused({
    ...MEMORY,
    PORT: "kt_live_mixed_up",
    LOG_LEVEL: "kt_live_mixed_up",
    ADMIN_API_KEYS: "ann:plain-admin-key",
    LICENSE_ENCRYPTION_KEYS: "k1:bm90IDMyIGJ5dGVz",
    CATALOG_FILE: temporaryFile("catalog.json", JSON.stringify(catalogue)),
  });
  for (const part of [
    "PORT: ",
    "LOG_LEVEL: ",
    "ADMIN_API_KEYS: ",
    "KEYTHAI_API_KEY: ",
    "LICENSE_ENCRYPTION_KEYS: ",
    "CATALOG_FILE: products[0].entitlements[1]: ",
    "CATALOG_FILE: products[1]: ",
    "CATALOG_FILE: products[1].base_plans.m[0]: ",
  ]) {
    expect(told).toContain(part);
  }
  expect(told).not.toMatch(/mixed_up|plain-admin-key|bm90|\n\s+at /);
});

test("production refuses what is for development", async () => {
  const told = await refused({
    ...MEMORY,
    NODE_ENV: "production",
    FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:9099",
    WEBHOOK_ALLOW_LOOPBACK: "1",
    CATALOG_FILE: temporaryFile("catalog.json", '{"entitlements":{},"products":[]}'),
  });
  for (const name of ["PLAYGRANT_STORE", "FIREBASE_AUTH_EMULATOR_HOST", "WEBHOOK_ALLOW_LOOPBACK"]) {
    expect(told).toContain(`  ${name}: `);
  }
});
