import { expect, onTestFinished, test } from "vitest";
import type { FaultInput } from "../../sandbox/faults.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { play } from "../../src/doctor/checks/play.ts";
import {
  ACCESS_TOKEN,
  ACCOUNT,
  type Answer,
  aCatalog,
  aContext,
  aFile,
  aStandIn,
  lines,
  PACKAGE,
  rootsAt,
} from "./support.ts";

const settings = () => ({
  GOOGLE_CLOUD_PROJECT: "shop",
  CATALOG_FILE: aFile(JSON.stringify(aCatalog())),
});

async function aSandbox(packageNames?: readonly string[]) {
  const sandbox = await startSandbox(packageNames === undefined ? {} : { packageNames });
  onTestFinished(() => sandbox.close());
  const context = aContext({ ...settings(), PLAY_API_ROOT_URL: `${sandbox.url}/play` });
  return { sandbox, look: (timeoutMs?: number) => lines(play, context, timeoutMs) };
}

test("purchases and refunds can be read; that orders may be managed is not promised", async () => {
  const { look } = await aSandbox();
  expect(await look()).toEqual([
    expect.stringMatching(/^ok: com\.example\.app: .* "Manage orders and subscriptions" .* can't be tried/),
  ]);
});

test("an app that isn't this developer's", async () => {
  const { look } = await aSandbox(["com.example.other"]);
  expect(await look()).toEqual([
    expect.stringMatching(
      /^failed: com\.example\.app: Google Play knows no such app .* → Correct package_name/,
    ),
  ]);
});

test.each<[FaultInput["kind"], RegExp]>([
  ["status_401", /refuses its purchases to the service's account \(401 .*→ Invite .* Users and permissions/],
  ["status_403", /refuses its purchases to the service's account \(403 /],
  ["status_503", /gave no usable answer \(503/],
  ["hang", /Google Play gives no answer → Look whether this machine may reach http:\/\/127/],
])("%s: %s", async (kind, told) => {
  const { look, sandbox } = await aSandbox();
  sandbox.faults.add({ service: "play", kind, count: null });
  expect(await look(1500)).toEqual([expect.stringMatching(told)]);
});

test.each(["voidedpurchases", "subscriptionsv2"])("one refusal is enough: %s", async (path) => {
  const { look, sandbox } = await aSandbox();
  sandbox.faults.add({ service: "play", kind: "status_403", count: null, path });
  expect(await look()).toEqual([expect.stringMatching(/^failed: .*refuses/)]);
});

// -------------------------------------------------------------- At Google's, with credentials

const BASE = `/androidpublisher/v3/applications/${PACKAGE}/purchases`;

async function atGoogle(voids: Answer, purchase: Answer) {
  const server = await aStandIn({
    [`GET ${BASE}/voidedpurchases`]: voids,
    [`GET ${BASE}/subscriptionsv2/tokens/playgrant-doctor-asks-for-nobody`]: purchase,
  });
  return { ...server, told: await lines(play, aContext(settings(), { roots: rootsAt(`${server.url}/`) })) };
}

function googleError(code: number, reason: string): Answer {
  return { status: code, body: { error: { code, message: "m", errors: [{ reason }] } } };
}

test.each([400, 404, 410])("Google's %s to a made-up token is what is hoped for", async (status) => {
  const { told, authorizations } = await atGoogle({ body: {} }, googleError(status, "invalidValue"));
  expect(told).toEqual([expect.stringMatching(/^ok: /)]);
  expect(authorizations).toEqual([`Bearer ${ACCESS_TOKEN}`, `Bearer ${ACCESS_TOKEN}`]);
});

test("an app whose list can be read and whose purchases aren't there", async () => {
  const { told } = await atGoogle({ body: {} }, googleError(404, "applicationNotFound"));
  expect(told).toEqual([expect.stringMatching(/^failed: .*knows no such app \(404 applicationNotFound\)/)]);
});

test.each<[number, string, RegExp]>([
  [
    401,
    "permissionDenied",
    new RegExp(`refuses its purchases to ${ACCOUNT} .*→ Invite ${ACCOUNT} in Play Console`),
  ],
  [403, "userInsufficientPermission", /View financial data.*Manage orders and subscriptions/],
  [
    403,
    "accessNotConfigured",
    /API is not enabled .*→ gcloud services enable androidpublisher\.googleapis\.com --project=shop/,
  ],
  [403, "insufficientPermissions", /lack the scope .*→ gcloud auth application-default login --scopes/],
  [404, "applicationNotFound", /knows no such app/],
])("%s %s: %s", async (status, reason, expected) => {
  const { told } = await atGoogle(googleError(status, reason), googleError(status, reason));
  expect(told).toEqual([expect.stringMatching(expected)]);
  expect(told.join()).not.toContain(ACCESS_TOKEN);
});

test("what can't be the name of an app isn't asked for", async () => {
  const text = JSON.stringify(aCatalog()).replace(PACKAGE, "my app");
  expect(await lines(play, aContext({ ...settings(), CATALOG_FILE: aFile(text) }))).toEqual([
    expect.stringMatching(
      /^failed: my app: Google Play knows no such app \(invalidPackageName\) → Correct package_name/,
    ),
  ]);
});

test("without a catalogue there is no app to ask about", async () => {
  expect(await lines(play, aContext({ ...settings(), CATALOG_FILE: "/none" }))).toEqual([
    "skipped: no catalogue names an app",
  ]);
});
