import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { aServer } from "../adapters/smtp/support.ts";
import { aCatalog, aFile } from "../doctor/support.ts";
import { emulatorProject } from "../support/emulator.ts";
import { createOutput, startService } from "../support/processes.ts";
import { playgrant, reportOf } from "./support.ts";

const SECRETS = {
  KEYTHAI_API_KEY: "kt_live_0123456789abcdef",
  LICENSE_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString("base64")}`,
  OBFUSCATED_ACCOUNT_KEY: randomBytes(32).toString("base64"),
};
const PASSWORD = "battery-staple";
const SHOP = { GOOGLE_CLOUD_PROJECT: "", FIRESTORE_EMULATOR_HOST: "", PUBSUB_EMULATOR_HOST: "" };

function emulators(): typeof SHOP {
  return {
    GOOGLE_CLOUD_PROJECT: emulatorProject(import.meta.url),
    FIRESTORE_EMULATOR_HOST: process.env.FIRESTORE_EMULATOR_HOST ?? "",
    PUBSUB_EMULATOR_HOST: process.env.PUBSUB_EMULATOR_HOST ?? "",
  };
}

async function put(host: string, path: string, body: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`http://${host}/v1/${path}`, {
    method: "PUT",
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`Pub/Sub emulator: ${response.status}`);
}

async function makeTopic({
  GOOGLE_CLOUD_PROJECT: project,
  PUBSUB_EMULATOR_HOST: host,
}: typeof SHOP): Promise<void> {
  const name = (kind: string, id: string) => `projects/${project}/${kind}/${id}`;
  await Promise.all(["play-rtdn", "dead"].map((id) => put(host, name("topics", id), {})));
  await put(host, name("subscriptions", "dead"), { topic: name("topics", "dead") });
  await put(host, name("subscriptions", "playgrant-rtdn"), {
    topic: name("topics", "play-rtdn"),
    expirationPolicy: {},
    retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
    deadLetterPolicy: { deadLetterTopic: name("topics", "dead"), maxDeliveryAttempts: 100 },
  });
}

/** A whole shop on emulators and the sandbox, with a mail server that wants a login. */
async function aShop() {
  const sandbox = await startSandbox({ keythaiApiKey: SECRETS.KEYTHAI_API_KEY });
  onTestFinished(() => sandbox.close());
  const mail = await aServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, done) =>
      password === PASSWORD ? done(null, { user: "shop" }) : done(new Error("no")),
  });
  return {
    ...emulators(),
    ...SECRETS,
    CATALOG_FILE: aFile(JSON.stringify(aCatalog())),
    PLAY_API_ROOT_URL: `${sandbox.url}/play`,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    AUTH_ISSUER: sandbox.identity.issuer,
    AUTH_AUDIENCE: sandbox.identity.audience,
    AUTH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    SMTP_URL: `smtp://shop:${PASSWORD}@127.0.0.1:${mail.port}`,
    MAIL_FROM: "Shop <licenses@example.com>",
  };
}

/** No secret of these settings, in whatever form it stands there. */
function expectNoSecrets(text: string): void {
  const hidden = [...Object.values(SECRETS).flatMap((value) => value.split(":")), PASSWORD, "wrong-horse"];
  for (const secret of hidden.filter((value) => value.length > 4)) expect(text).not.toContain(secret);
}

test("a shop that is well: status 0, and every check that can be made here is ok", async () => {
  const shop = await aShop();
  await makeTopic(shop);
  const output = createOutput();
  const service = await startService({ ...shop, PLAYGRANT_ROLES: "api" }, output);
  onTestFinished(async () => {
    await service.kill("SIGKILL");
    output.close(false);
  });
  const ended = await playgrant(["doctor", "--json", "--timeout", "20"], {
    ...shop,
    PUBLIC_URL: service.url,
  });
  const { ok, checks } = reportOf(ended);
  expect([ended.status, ok], ended.stdout).toEqual([0, true]);
  const well = new Set(checks.filter(({ status }) => status === "ok").map(({ name }) => name));
  expect([...well]).toEqual([
    ...["settings", "catalog", "keythai", "encryption", "play", "firestore", "pubsub", "public-url"],
    ...["sign-in", "smtp", "webhooks", "outbox"],
  ]);
  const skipped = checks.filter(({ status }) => status === "skipped").map(({ name }) => name);
  expect(skipped).toEqual(["kms", "google", "indexes", "rules", "push"]);
  expect(
    checks.every(({ status, fix }) => (status === "ok" || status === "skipped") === (fix === null)),
  ).toBe(true);
  expect(ended.stderr).toBe("");
  expectNoSecrets(ended.stdout);
});

test("a shop with everything wrong: status 1, each thing named, in JSON and in words, and no secret", async () => {
  const shop = await aShop();
  const wrong = {
    ...shop,
    PORT: "many",
    CATALOG_FILE: aFile(JSON.stringify(aCatalog({ product: "my-ap" }))),
    PLAY_API_ROOT_URL: "http://127.0.0.1:2/play",
    AUTH_JWKS_URL: "http://127.0.0.1:2/keys",
    SMTP_URL: shop.SMTP_URL.replace(PASSWORD, "wrong-horse"),
    PUBLIC_URL: "http://127.0.0.1:2",
    RTDN_PUSH_AUDIENCE: "shop",
  };
  const [json, words] = await Promise.all([
    playgrant(["doctor", "--json"], wrong),
    playgrant(["doctor"], { ...wrong, KEYTHAI_API_KEY: "kt_live_of_somebody_else" }),
  ]);
  const { ok, checks } = reportOf(json);
  expect([json.status, ok, words.status]).toEqual([1, false, 1]);
  const failed = new Set(checks.filter(({ status }) => status === "failed").map(({ name }) => name));
  expect([...failed]).toEqual([
    ...["settings", "keythai", "play", "pubsub", "push", "public-url", "sign-in", "smtp"],
  ]);
  expect(words.stdout).toMatch(
    /failed {3}keythai +KeyThai doesn't know the API key \(401\)\n +fix: Set KEYTHAI_API_KEY/,
  );
  expect(words.stdout).toMatch(/\nfailed: \d+, warnings: \d+, ok: \d+, skipped: \d+\n$/);
  // Nobody looks at a terminal here.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
  expect(words.stdout + words.stderr).not.toMatch(/\u001b/);
  for (const { stdout, stderr } of [json, words]) {
    expectNoSecrets(stdout + stderr);
    expect(stdout + stderr).not.toContain("kt_live");
  }
});

test("a database that nobody runs: told within its time, what needs it is skipped, and the process ends", async () => {
  const shop = { ...(await aShop()), FIRESTORE_EMULATOR_HOST: "127.0.0.1:2" };
  const from = performance.now();
  const ended = await playgrant(["doctor", "--json", "--timeout", "3"], shop);
  const seconds = (performance.now() - from) / 1000;
  const { checks } = reportOf(ended);
  const of = (wanted: string) => checks.find(({ name }) => name === wanted);
  expect(ended.status).toBe(1);
  expect(of("firestore")).toMatchObject({
    status: "failed",
    message: "nobody answers at FIRESTORE_EMULATOR_HOST (127.0.0.1:2)",
  });
  for (const name of ["webhooks", "outbox", "notices"])
    expect(of(name)).toMatchObject({ status: "skipped", message: 'because the check "firestore" failed' });
  expect(seconds).toBeLessThan(20);
});
