import { expect, test } from "vitest";
import { catalog } from "../../src/doctor/checks/catalog.ts";
import { encryption } from "../../src/doctor/checks/encryption.ts";
import { kms } from "../../src/doctor/checks/kms.ts";
import { publicUrl } from "../../src/doctor/checks/public-url.ts";
import { settings } from "../../src/doctor/checks/settings.ts";
import { smtp } from "../../src/doctor/checks/smtp.ts";
import { aCatalog, aContext, aFile, lines } from "./support.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");

function production(): Record<string, string> {
  return {
    NODE_ENV: "production",
    GOOGLE_CLOUD_PROJECT: "shop",
    CATALOG_FILE: aFile(JSON.stringify(aCatalog())),
    KEYTHAI_API_KEY: "kt_live_abcdefgh",
    LICENSE_ENCRYPTION_KEYS: `k1:${KEY}`,
    ADMIN_API_KEYS: `ann:${"0".repeat(64)}`,
    PUBLIC_URL: "https://licenses.example.com",
  };
}

test("right settings of a shop are one line, without a warning", async () => {
  expect(await lines(settings, aContext(production()))).toEqual(["ok: all that are set are right"]);
});

test("each wrong one is a line that says what to do, and quotes nothing", async () => {
  const { KEYTHAI_API_KEY: _, ...rest } = production();
  const told = await lines(
    settings,
    aContext({
      ...rest,
      PORT: "kt_live_mixed_up",
      LICENSE_ENCRYPTION_KEYS: "k1:bm90IDMy",
      SMTP_URL: "smtp://u:pass@h",
    }),
  );
  expect(told).toEqual([
    "failed: PORT: expected a whole number → Correct PORT in the environment: .env.example says what it may be",
    "failed: MAIL_FROM: is required with SMTP_URL → Correct MAIL_FROM in the environment: .env.example says what it may be",
    expect.stringMatching(/^failed: KEYTHAI_API_KEY: is required.* → Make an API key with license:read/),
    expect.stringMatching(
      /^failed: LICENSE_ENCRYPTION_KEYS: encryption key 1 of 1.* → Make one, .*openssl rand/,
    ),
  ]);
  expect(told.join()).not.toMatch(/mixed_up|bm90|pass/);
});

test.each([
  ["KEYTHAI_API_KEY", "ключ"],
  ["ADMIN_API_KEYS", "ann"],
  ["PUBLIC_URL", "licenses.example.com"],
])("%s that is wrong is not called missing as well", async (name, value) => {
  const told = await lines(settings, aContext({ ...production(), [name]: value }));
  expect(told.filter((line) => line.includes(`: ${name}`))).toEqual([
    expect.stringMatching(`^failed: ${name}`),
  ]);
});

test.each([
  [publicUrl, "PUBLIC_URL", "licenses.example.com"],
  [kms, "LICENSE_KMS_KEY", "licenses"],
  [smtp, "SMTP_URL", "mail.example.com"],
])("nor by the check that is about it: $name", async (check, name, value) => {
  expect(await lines(check, aContext({ ...production(), [name]: value }))).toEqual([
    `skipped: because ${name} is not right: see settings`,
  ]);
});

test.each([
  ["NODE_ENV", "development"],
  ["FIRESTORE_EMULATOR_HOST", "127.0.0.1:1"],
  ["PUBSUB_EMULATOR_HOST", "127.0.0.1:1"],
  ["PLAY_API_ROOT_URL", "http://127.0.0.1:1"],
  ["ADMIN_API_KEYS", ""],
  ["PUBLIC_URL", ""],
])("%s as %j is a warning", async (name, value) => {
  const told = await lines(settings, aContext({ ...production(), [name]: value }));
  expect(told).toEqual(["ok: all that are set are right", expect.stringMatching(`^warning: ${name} `)]);
});

test("what production refuses is a warning elsewhere", async () => {
  const told = await lines(
    settings,
    aContext({
      ...production(),
      NODE_ENV: "test",
      PLAYGRANT_STORE: "memory",
      FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:1",
      WEBHOOK_ALLOW_LOOPBACK: "1",
    }),
  );
  expect(told.map((line) => line.split(" ")[1])).toEqual([
    "all",
    "NODE_ENV",
    "PLAYGRANT_STORE=memory",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "WEBHOOK_ALLOW_LOOPBACK",
  ]);
});

test("the catalogue is counted", async () => {
  expect(await lines(catalog, aContext(production()))).toEqual([
    "ok: products: 1, apps: 1, entitlements: 2, licenses among them: 1",
  ]);
});

test.each([
  ["{", /is not JSON/],
  ['{"entitlements":{},"products":[{}]}', /products\[0\]/],
])("a catalogue that holds %j is told with its places", async (text, told) => {
  const [line] = await lines(catalog, aContext({ ...production(), CATALOG_FILE: aFile(text) }));
  expect(line).toMatch(/^failed: .* → Correct .*catalog\.json \(CATALOG_FILE\)/);
  expect(line).toMatch(told);
});

test("a catalogue that isn't there, and one that sells nothing", async () => {
  expect(await lines(catalog, aContext({ ...production(), CATALOG_FILE: "/no/such.json" }))).toEqual([
    expect.stringMatching(/^failed: \/no\/such\.json can't be read/),
  ]);
  const empty = aFile('{"entitlements":{},"products":[]}');
  expect(await lines(catalog, aContext({ ...production(), CATALOG_FILE: empty }))).toEqual([
    expect.stringMatching(/^warning: it sells nothing/),
  ]);
});

test("keys of the owner's seal and open", async () => {
  const two = `k2:${Buffer.alloc(32, 8).toString("base64")},k1:${KEY}`;
  expect(await lines(encryption, aContext({ ...production(), LICENSE_ENCRYPTION_KEYS: two }))).toEqual([
    expect.stringMatching(/^ok: 2 of your own, and what they seal opens again/),
  ]);
});

test.each([
  [{ LICENSE_ENCRYPTION_KEYS: "k1:short" }, /^skipped: because LICENSE_ENCRYPTION_KEYS is not right/],
  [{ LICENSE_ENCRYPTION_KEYS: "" }, /^warning: neither LICENSE_ENCRYPTION_KEYS nor LICENSE_KMS_KEY/],
  [
    { LICENSE_ENCRYPTION_KEYS: "", LICENSE_KMS_KEY: "projects/p/locations/l/keyRings/r/cryptoKeys/k" },
    /^skipped: .*Cloud KMS seals/,
  ],
])("%j: %s", async (changes, told) => {
  const CATALOG_FILE = aFile('{"entitlements":{},"products":[]}');
  expect(await lines(encryption, aContext({ ...production(), CATALOG_FILE, ...changes }))).toEqual([
    expect.stringMatching(told),
  ]);
});
