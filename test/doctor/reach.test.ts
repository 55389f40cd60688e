import { expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { publicUrl } from "../../src/doctor/checks/public-url.ts";
import { push } from "../../src/doctor/checks/push.ts";
import { signIn } from "../../src/doctor/checks/sign-in.ts";
import { aContext, aStandIn, lines, NOWHERE } from "./support.ts";

const ALIVE = { "GET /healthz": { body: { status: "ok" } }, "POST /v1/rtdn": { status: 401 } };

async function keysOfSandbox(): Promise<string> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  return `${sandbox.url}/identity/jwks.json`;
}

function signedBy(url: string) {
  return aContext({ AUTH_ISSUER: "https://issuer", AUTH_AUDIENCE: "shop", AUTH_JWKS_URL: url });
}

test("the issuer's keys can be read", async () => {
  const url = await keysOfSandbox();
  expect(await lines(signIn, signedBy(url))).toEqual([
    `ok: the keys that tokens are signed with can be read at ${new URL(url).host}`,
  ]);
});

test.each([
  [{ status: 500, body: "" }, /is no list of keys \(500\)/],
  [{ body: { keys: [] } }, /is no list of keys \(200\)/],
  [{ body: "<html>" }, /is no list of keys \(200\)/],
])("what is no list of keys: %j", async (answer, told) => {
  const { url } = await aStandIn({ "GET /keys": answer });
  const [line] = await lines(signIn, signedBy(`${url}/keys`));
  expect(line).toMatch(told);
  expect(line).toMatch(/^failed: .* → Correct AUTH_JWKS_URL$/);
});

test("how a server can't be reached is told, and no password of its address", async () => {
  expect(await lines(signIn, signedBy(`${NOWHERE}/keys`))).toEqual([
    expect.stringMatching(/^failed: .*127\.0\.0\.1:2 can't be reached: it refuses the connection/),
  ]);
  const [unknown] = await lines(signIn, signedBy("https://u:hunter2@no-such-host.invalid/keys"));
  expect(unknown).toMatch(/no-such-host\.invalid can't be reached: /);
  expect(unknown).not.toContain("hunter2");
  const { url } = await aStandIn({ "GET /keys": "hang" });
  expect(await lines(signIn, signedBy(`${url}/keys`), 300)).toEqual([
    expect.stringContaining("it gives no answer in time"),
  ]);
});

test("who signs is Firebase, an emulator, or nobody", async () => {
  expect(await lines(signIn, aContext({ FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:1" }))).toEqual([
    "skipped: the Auth emulator signs no ID tokens",
  ]);
  expect(await lines(signIn, aContext({}))).toEqual([expect.stringMatching(/^warning: nobody can sign in/)]);
});

test("push: the keys of whom the endpoint believes", async () => {
  const set = { RTDN_PUSH_AUDIENCE: "shop", RTDN_PUSH_SERVICE_ACCOUNT: "push@shop.iam.gserviceaccount.com" };
  const RTDN_PUSH_JWKS_URL = await keysOfSandbox();
  expect(await lines(push, aContext({ ...set, RTDN_PUSH_JWKS_URL }))).toEqual([expect.stringMatching(/^ok/)]);
  expect(await lines(push, aContext({ ...set, RTDN_PUSH_JWKS_URL: NOWHERE }))).toEqual([
    expect.stringMatching(/^failed: .* → Correct RTDN_PUSH_JWKS_URL/),
  ]);
  expect(await lines(push, aContext({}))).toEqual([expect.stringMatching(/^skipped/)]);
});

test.each(["RTDN_PUSH_AUDIENCE", "RTDN_PUSH_SERVICE_ACCOUNT"])(
  "push: %s alone lets nobody in",
  async (name) => {
    const [line] = await lines(push, aContext({ [name]: "shop" }));
    expect(line).toMatch(/^failed: RTDN_PUSH_\w+ is not set, so POST \/v1\/rtdn answers 401 to all/);
    expect(line).not.toContain(`${name} is not set`);
  },
);

test("the service from outside: alive, and closed to strangers", async () => {
  const { url } = await aStandIn(ALIVE);
  expect(await lines(publicUrl, aContext({ PUBLIC_URL: `${url}/` }))).toEqual([
    "ok: GET /healthz answers 200",
    "ok: POST /v1/rtdn without a token answers 401",
  ]);
});

test("behind Google's own address, which keeps /healthz for itself", async () => {
  const { url } = await aStandIn({ ...ALIVE, "GET /healthz": { status: 404 }, "GET /openapi.json": {} });
  expect((await lines(publicUrl, aContext({ PUBLIC_URL: url })))[0]).toBe(
    "ok: GET /openapi.json answers 200",
  );
});

test.each([
  [
    { ...ALIVE, "GET /healthz": { status: 403 } },
    /^failed: GET \/healthz answers 403: .* → Cloud Run: gcloud run services add-iam/,
  ],
  [{ ...ALIVE, "GET /healthz": { status: 503 } }, /^failed: GET \/healthz answers 503 /],
  [{}, /^failed: GET \/healthz answers 404 .*correct PUBLIC_URL/],
  [
    { ...ALIVE, "POST /v1/rtdn": { status: 204 } },
    /^warning: POST \/v1\/rtdn without a token answers 204 where 401/,
  ],
])("what answers otherwise: %j", async (answers, told) => {
  const { url } = await aStandIn(answers);
  expect(await lines(publicUrl, aContext({ PUBLIC_URL: url }))).toContainEqual(expect.stringMatching(told));
});

test("nobody there, and not set", async () => {
  expect(await lines(publicUrl, aContext({ PUBLIC_URL: NOWHERE }))).toEqual([
    "failed: 127.0.0.1:2 can't be reached: it refuses the connection → Deploy the service, or correct PUBLIC_URL",
  ]);
  expect(await lines(publicUrl, aContext({}))).toEqual(["skipped: PUBLIC_URL is not set"]);
});
