import { describe, expect, test } from "vitest";
import { type Config, readConfig } from "../../src/config.ts";
import { Secret } from "../../src/domain/secret.ts";

const FIRESTORE = { GOOGLE_CLOUD_PROJECT: "shop" };
const MEMORY = {
  PLAYGRANT_STORE: "memory",
  AUTH_ISSUER: "https://issuer.example",
  AUTH_AUDIENCE: "shop",
  AUTH_JWKS_URL: "https://issuer.example/jwks.json",
};
const HASH = "0123456789abcdef".repeat(4);

function configOf(environment: Record<string, string>): Config {
  const result = readConfig(environment);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.config;
}

/** The variables that are said to be wrong. */
function wrong(environment: Record<string, string>): string[] {
  const result = readConfig(environment);
  return result.ok ? [] : [...new Set(result.issues.map(({ variable }) => variable))].sort();
}

test("with what is required alone, every other setting has the contract's default", () => {
  expect(configOf(FIRESTORE)).toEqual({
    GOOGLE_CLOUD_PROJECT: "shop",
    PORT: 8080,
    HOST: "0.0.0.0",
    PLAYGRANT_ROLES: ["api", "subscriber", "worker"],
    PLAYGRANT_STORE: "firestore",
    CATALOG_FILE: "catalog.json",
    RTDN_SUBSCRIPTION: "playgrant-rtdn",
    KEYTHAI_BASE_URL: "https://api.keythai.net/v1",
    ADMIN_API_KEYS: [],
    OBFUSCATED_ACCOUNT_ID: "uid",
    PURCHASE_TRANSFER: "reject",
    VERIFY_FRESH_SECONDS: 30,
    REFUND_REVIEW_DEFAULT: "none",
    RENEWAL_LEEWAY_HOURS: 72,
    VERIFY_WAIT_MS: 5000,
    PLAY_QUOTA_PER_MINUTE: 2400,
    VERIFY_RATE_PER_MINUTE: 300,
    WEBHOOK_ALLOW_LOOPBACK: false,
    EFFECT_LEASE_SECONDS: 45,
    LOG_LEVEL: "info",
  });
});

test("a line's end behind a value, as secret stores are often given one, is none of it", () => {
  const read = configOf({ ...FIRESTORE, KEYTHAI_API_KEY: "kt_test_sandbox\n", LOG_LEVEL: "warn\r\n" });
  expect(read.KEYTHAI_API_KEY?.reveal()).toBe("kt_test_sandbox");
  expect(read.LOG_LEVEL).toBe("warn");
  expect(configOf({ ...FIRESTORE, KEYTHAI_API_KEY: "\n" }).KEYTHAI_API_KEY).toBeUndefined();
});

test("an empty variable counts as not set", () => {
  const empty = Object.fromEntries(["PORT", "HOST", "SMTP_URL", "PLAYGRANT_ROLES"].map((name) => [name, ""]));
  expect(configOf({ ...FIRESTORE, ...empty })).toEqual(configOf(FIRESTORE));
});

test("variables that aren't ours are none of our business", () => {
  expect(configOf({ ...FIRESTORE, PATH: "/bin", PORTER: "x" })).toEqual(configOf(FIRESTORE));
});

test("what is given is read", () => {
  const key = Buffer.alloc(32, 1).toString("base64");
  const config = configOf({
    ...FIRESTORE,
    PORT: "0",
    PLAYGRANT_ROLES: " worker , api,",
    ADMIN_API_KEYS: `ann:${HASH}, ops@example.com:${HASH}`,
    OBFUSCATED_ACCOUNT_ID: "hmac",
    OBFUSCATED_ACCOUNT_KEY: key,
    VERIFY_FRESH_SECONDS: "0",
    WEBHOOK_ALLOW_LOOPBACK: "1",
    PLAY_API_ROOT_URL: "http://127.0.0.1:8090/play",
    KEYTHAI_API_KEY: "kt_live_x",
    REFUND_REVIEW_DEFAULT: "decline",
  });
  expect(config).toMatchObject({
    PORT: 0,
    PLAYGRANT_ROLES: ["worker", "api"],
    ADMIN_API_KEYS: [
      { name: "ann", sha256: HASH },
      { name: "ops@example.com", sha256: HASH },
    ],
    VERIFY_FRESH_SECONDS: 0,
    WEBHOOK_ALLOW_LOOPBACK: true,
    PLAY_API_ROOT_URL: "http://127.0.0.1:8090/play",
    REFUND_REVIEW_DEFAULT: "decline",
  });
  expect(config.OBFUSCATED_ACCOUNT_KEY?.reveal()).toBe(key);
  expect(config.KEYTHAI_API_KEY?.reveal()).toBe("kt_live_x");
});

describe("a wrong value is named", () => {
  test.each([
    ["PORT", "abc"],
    ["PORT", "-1"],
    ["PORT", "65536"],
    ["PORT", "80.5"],
    ["PORT", " 80"],
    ["PLAYGRANT_ROLES", "api,cook"],
    ["PLAYGRANT_ROLES", ","],
    ["PLAYGRANT_STORE", "redis"],
    ["PLAY_API_ROOT_URL", "not a url"],
    ["PLAY_API_ROOT_URL", "http://play.example.com"],
    ["PLAY_API_ROOT_URL", "http://127.0.0.1.evil.example"],
    ["PLAY_API_ROOT_URL", "ftp://127.0.0.1"],
    ["PLAY_API_ROOT_URL", "http://127.0.0.1/play?x=1"],
    ["KEYTHAI_API_KEY", "kt_live_a b"],
    ["KEYTHAI_API_KEY", "kt_live_กข"],
    ["KEYTHAI_BASE_URL", "https://u:p@api.keythai.net/v1"],
    ["KEYTHAI_BASE_URL", "https://api.keythai.net/v1?x=1"],
    ["AUTH_JWKS_URL", "http://issuer.example/jwks.json"],
    ["RTDN_PUSH_JWKS_URL", "jwks.json"],
    ["KEYTHAI_BASE_URL", "http://api.keythai.net/v1"],
    ["RTDN_SUBSCRIPTION", "1"],
    ["RTDN_SUBSCRIPTION", "projects/p/subscriptions/s p"],
    ["ADMIN_API_KEYS", "ann"],
    ["ADMIN_API_KEYS", "ann:abc"],
    ["ADMIN_API_KEYS", `ann:${HASH.toUpperCase()}`],
    ["ADMIN_API_KEYS", `ann:${HASH},ben`],
    ["OBFUSCATED_ACCOUNT_ID", "sha1"],
    ["OBFUSCATED_ACCOUNT_KEY", "c2hvcnQ="],
    ["OBFUSCATED_ACCOUNT_KEY", "this is not base64 but it is surely long enough to be a key"],
    ["PURCHASE_TRANSFER", "maybe"],
    ["VERIFY_FRESH_SECONDS", "-1"],
    ["VERIFY_FRESH_SECONDS", "half"],
    ["REFUND_REVIEW_DEFAULT", "approve"],
    ["RENEWAL_LEEWAY_HOURS", "721"],
    ["VERIFY_WAIT_MS", "60001"],
    ["PLAY_QUOTA_PER_MINUTE", "0"],
    ["VERIFY_RATE_PER_MINUTE", "0"],
    ["PUBLIC_URL", "shop.example.com"],
    ["WEBHOOK_ALLOW_LOOPBACK", "true"],
    ["EFFECT_LEASE_SECONDS", "60"],
    ["LOG_LEVEL", "loud"],
  ])("%s=%s", (name, value) => {
    expect(wrong({ ...FIRESTORE, [name]: value })).toEqual([name]);
  });

  test("all at once, and what goes together as well", () => {
    const environment = { PORT: "x", LOG_LEVEL: "y", PLAYGRANT_ROLES: "z", OBFUSCATED_ACCOUNT_ID: "hmac" };
    expect(wrong(environment)).toEqual([
      "GOOGLE_CLOUD_PROJECT",
      "LOG_LEVEL",
      "OBFUSCATED_ACCOUNT_KEY",
      "PLAYGRANT_ROLES",
      "PORT",
    ]);
  });

  test("no value is quoted: it may be a secret that got into the wrong line", () => {
    const names = Object.keys(configOf(FIRESTORE)).concat("PUBLIC_URL", "PLAY_API_ROOT_URL", "AUTH_JWKS_URL");
    for (const name of [...names, "OBFUSCATED_ACCOUNT_KEY", "RTDN_PUSH_JWKS_URL"]) {
      const result = readConfig({ ...FIRESTORE, [name]: "kt_live_secret secret" });
      if (!result.ok) expect(JSON.stringify(result.issues)).not.toContain("secret secret");
    }
  });

  test("a configuration that is printed shows no secret", () => {
    const config = configOf({
      ...FIRESTORE,
      KEYTHAI_API_KEY: "kt_live_1",
      SMTP_URL: "smtp://u:pw@h",
      MAIL_FROM: "shop@example.com",
    });
    expect(config.KEYTHAI_API_KEY).toBeInstanceOf(Secret);
    expect(JSON.stringify(config)).not.toMatch(/kt_live_1|pw/);
  });
});

describe("what one setting asks of another", () => {
  test("the Firestore store needs a project", () => {
    expect(wrong({ ...MEMORY, PLAYGRANT_STORE: "firestore" })).toEqual(["GOOGLE_CLOUD_PROJECT"]);
  });

  test("without a project, who signs ID tokens is said in full, or nobody signs in", () => {
    expect(wrong(MEMORY)).toEqual([]);
    expect(wrong({ PLAYGRANT_STORE: "memory" })).toEqual([]);
    const half = { PLAYGRANT_STORE: "memory", AUTH_ISSUER: "https://issuer.example" };
    expect(wrong(half)).toEqual(["AUTH_AUDIENCE", "AUTH_JWKS_URL"]);
    expect(wrong({ ...half, PLAYGRANT_STORE: "firestore", GOOGLE_CLOUD_PROJECT: "shop" })).toEqual([]);
  });

  test("hmac needs its key", () => {
    expect(wrong({ ...FIRESTORE, OBFUSCATED_ACCOUNT_ID: "hmac" })).toEqual(["OBFUSCATED_ACCOUNT_KEY"]);
  });

  test.each([
    ["PLAYGRANT_STORE", "memory"],
    ["FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099"],
    ["WEBHOOK_ALLOW_LOOPBACK", "1"],
  ])("production refuses %s=%s", (name, value) => {
    const environment = { ...MEMORY, PLAYGRANT_STORE: "firestore", ...FIRESTORE, [name]: value };
    expect(wrong(environment)).toEqual([]);
    expect(wrong({ ...environment, NODE_ENV: "production" })).toEqual([name]);
  });
});

describe("mail", () => {
  const problems = (given: NodeJS.ProcessEnv) => {
    const result = readConfig({ ...FIRESTORE, ...given });
    return result.ok ? [] : result.issues.map(({ variable }) => variable);
  };

  test("a mail server needs a sender", () => {
    expect(problems({ SMTP_URL: "smtps://user:word@mail.example.com" })).toEqual(["MAIL_FROM"]);
    expect(problems({ SMTP_URL: "smtp://127.0.0.1:25", MAIL_FROM: "Shop <shop@example.com>" })).toEqual([]);
  });

  test.each(["http://mail.example.com", "mail.example.com:25"])("%s is no mail server", (SMTP_URL) => {
    expect(problems({ SMTP_URL, MAIL_FROM: "shop@example.com" })).toContain("SMTP_URL");
  });

  test.each(["nobody", "a@b c", "x@y\r\nBcc: z@example.com"])("%j is no sender", (MAIL_FROM) => {
    expect(problems({ MAIL_FROM })).toEqual(["MAIL_FROM"]);
  });
});

describe("where licence keys are sealed", () => {
  const KMS = "projects/shop/locations/global/keyRings/playgrant/cryptoKeys/licenses";
  const problems = (given: NodeJS.ProcessEnv) => {
    const result = readConfig({ ...FIRESTORE, ...given });
    return result.ok ? [] : result.issues.map(({ variable }) => variable);
  };

  test.each([
    [{ LICENSE_KMS_KEY: KMS }, []],
    [{ LICENSE_KMS_KEY: KMS, LICENSE_SEAL_WITH: "kms" }, []],
    [{ LICENSE_KMS_KEY: `${KMS}/cryptoKeyVersions/1` }, ["LICENSE_KMS_KEY"]],
    [{ LICENSE_KMS_KEY: "licenses" }, ["LICENSE_KMS_KEY"]],
    [{ LICENSE_SEAL_WITH: "kms" }, ["LICENSE_KMS_KEY"]],
    [{ LICENSE_KMS_KEY: KMS, LICENSE_SEAL_WITH: "local" }, ["LICENSE_ENCRYPTION_KEYS"]],
    [{ LICENSE_SEAL_WITH: "paper" }, ["LICENSE_SEAL_WITH"]],
  ])("%j: wrong is %j", (given, wrong) => {
    expect(problems(given)).toEqual(wrong);
  });
});
