import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { PACKAGE, PUSH_ACCOUNT, PUSH_AUDIENCE } from "./shop.ts";

export interface ShopOptions {
  /** What a purchase gives. */
  readonly gives: "feature" | "licence";
  /** An endpoint that hears of all, and letters. */
  readonly tells: boolean;
}

export const ADMIN_KEY = randomBytes(16).toString("hex");

/**
 * As a shop would set it, but for limits that are not the matter here.
 *
 * @param folder Where its catalogue is put.
 */
export function costedConfig(sandbox: Sandbox, folder: string, { gives, tells }: ShopOptions): Config {
  writeFileSync(join(folder, "catalog.json"), catalogJson(gives));
  const read = readConfig(settings(sandbox, folder, tells));
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  return read.config;
}

function settings({ url, smtpPort }: Sandbox, folder: string, tells: boolean): Record<string, string> {
  return {
    GOOGLE_CLOUD_PROJECT: `demo-costs-${randomBytes(4).toString("hex")}`,
    CATALOG_FILE: join(folder, "catalog.json"),
    PLAY_API_ROOT_URL: `${url}/play/`,
    PLAY_QUOTA_PER_MINUTE: "10000000",
    VERIFY_RATE_PER_MINUTE: "1000000",
    AUTH_ISSUER: `${url}/identity`,
    AUTH_AUDIENCE: "playgrant-sandbox",
    AUTH_JWKS_URL: `${url}/identity/jwks.json`,
    RTDN_PUSH_AUDIENCE: PUSH_AUDIENCE,
    RTDN_PUSH_SERVICE_ACCOUNT: PUSH_ACCOUNT,
    RTDN_PUSH_JWKS_URL: `${url}/identity/jwks.json`,
    KEYTHAI_API_KEY: "kt_test_sandbox",
    KEYTHAI_BASE_URL: `${url}/keythai/v1`,
    LICENSE_ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
    ADMIN_API_KEYS: `bench:${createHash("sha256").update(ADMIN_KEY).digest("hex")}`,
    WEBHOOK_ALLOW_LOOPBACK: "1",
    ...(tells ? { SMTP_URL: `smtp://127.0.0.1:${smtpPort}`, MAIL_FROM: "shop@costs.example" } : {}),
  };
}

/** One product of each kind, which gives one thing. */
function catalogJson(gives: ShopOptions["gives"]): string {
  const entitlements = ["one_time", "subscription"].map((type) => [
    `of_${type}`,
    { name: "What is sold", integration: gives === "feature" ? { type: "feature" } : licenceFor(type) },
  ]);
  const products = ["one_time", "subscription"].map((type) => ({
    ...{ package_name: PACKAGE, product_id: type, type },
    entitlements: [`of_${type}`],
  }));
  return JSON.stringify({ entitlements: Object.fromEntries(entitlements), products });
}

function licenceFor(type: string): object {
  const policyId = type === "one_time" ? "01J0000000000000000000PERP" : "01J00000000000000000000SUB";
  return { type: "license_key", product: "my-app", policy_id: policyId };
}
