import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { google } from "../../src/doctor/checks/google.ts";
import { createGoogleAccess } from "../../src/doctor/google-access.ts";
import { ACCOUNT, aContext, aFile, aStandIn, lines } from "./support.ts";

const FOUND = "GOOGLE_APPLICATION_CREDENTIALS";

// Nothing of the machine's own, and nobody to ask who it is.
beforeEach(() => {
  vi.stubEnv("HOME", "/nonexistent");
  vi.stubEnv("CLOUDSDK_CONFIG", "/nonexistent");
  vi.stubEnv("METADATA_SERVER_DETECTION", "none");
});
afterEach(() => vi.unstubAllEnvs());

function look(timeoutMs?: number) {
  const context = aContext({ GOOGLE_CLOUD_PROJECT: "shop" }, { google: createGoogleAccess() });
  return lines(google, context, timeoutMs);
}

test("none at all", async () => {
  expect(await look()).toEqual([
    expect.stringMatching(
      /^failed: there are no Google credentials here → .*gcloud auth application-default login/,
    ),
  ]);
});

test("a file that isn't there", async () => {
  vi.stubEnv(FOUND, "/no/such/key.json");
  const [line] = await look();
  expect(line).toMatch(/^failed: GOOGLE_APPLICATION_CREDENTIALS names a file that can't be read/);
  expect(line).not.toContain("/no/such");
});

test.each([
  ["no JSON", "not { json"],
  ["no key", JSON.stringify({ type: "service_account", client_email: ACCOUNT, private_key: "nonsense" })],
])("a file that is no key of an account: %s", async (_name, content) => {
  vi.stubEnv(FOUND, aFile(content, "key.json"));
  const told = await look();
  expect(told).toEqual([
    expect.stringMatching(/^failed: the file of GOOGLE_APPLICATION_CREDENTIALS is no key/),
  ]);
  expect(told.join()).not.toContain("nonsense");
});

test("the machine's own account is told by its address", async () => {
  const ACCOUNTS = "GET /computeMetadata/v1/instance/service-accounts/default";
  const headers = { "Metadata-Flavor": "Google" };
  const token = { access_token: "ya29.machine", expires_in: 3600, token_type: "Bearer" };
  const { url } = await aStandIn({
    "GET /computeMetadata/v1/instance": { headers },
    "GET /computeMetadata/v1/universe/universe-domain": { body: "googleapis.com", headers },
    [`${ACCOUNTS}/token`]: { body: token, headers },
    [`${ACCOUNTS}/email`]: { body: ACCOUNT, headers },
  });
  vi.stubEnv("METADATA_SERVER_DETECTION", "assume-present");
  vi.stubEnv("GCE_METADATA_HOST", new URL(url).host);
  expect(await look()).toEqual([`ok: credentials work, in the name of ${ACCOUNT}`]);
});

test("a token server that gives no answer", async () => {
  const { url } = await aStandIn({ "POST /token": "hang" });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const credentials = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${url}/token`,
    credential_source: {
      file: aFile(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "subject"),
    },
  };
  vi.stubEnv(FOUND, aFile(JSON.stringify(credentials), "pool.json"));
  expect(await look(800)).toEqual([
    expect.stringMatching(/^failed: the token server gives no answer in time/),
  ]);
});

test("where all is emulated there are none to look at", async () => {
  const context = aContext(
    {
      GOOGLE_CLOUD_PROJECT: "demo-shop",
      FIRESTORE_EMULATOR_HOST: "127.0.0.1:1",
      PUBSUB_EMULATOR_HOST: "127.0.0.1:1",
      PLAY_API_ROOT_URL: "http://127.0.0.1:1/play",
    },
    { google: createGoogleAccess() },
  );
  expect(await lines(google, context)).toEqual([expect.stringMatching(/^skipped: emulators/)]);
});

test("somebody who acts for the service's account is told as it", async () => {
  const credentials = {
    type: "impersonated_service_account",
    service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${ACCOUNT}:generateAccessToken`,
    source_credentials: { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "r" },
  };
  vi.stubEnv(FOUND, aFile(JSON.stringify(credentials), "impersonated.json"));
  expect(await createGoogleAccess().account()).toBe(ACCOUNT);
});

test("a person has no address in the credentials", async () => {
  const credentials = { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "r" };
  vi.stubEnv(FOUND, aFile(JSON.stringify(credentials), "person.json"));
  expect(await createGoogleAccess().account()).toBeNull();
});
