import { expect, test } from "vitest";
import {
  aSandbox,
  call,
  DAY,
  fixture,
  google,
  PACKAGE,
  productPath,
  reasonOf,
  shape,
  subscriptionPath,
} from "./support.ts";

const PLAN = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };
const LIFETIME = { uid: "u1", packageName: PACKAGE, productId: "lifetime" };

test("a token that nobody knows, one that is none, one of another app, one of the other kind", async () => {
  const sandbox = await aSandbox();
  const plan = sandbox.play.buy(PLAN).purchaseToken;
  const lifetime = sandbox.play.buy(LIFETIME).purchaseToken;
  const foreign = sandbox.play.buy({ ...PLAN, packageName: "com.other" }).purchaseToken;
  const unknown = await google(sandbox, "GET", subscriptionPath(plan.replace(/^./, "z")));
  expect([unknown.status, reasonOf(unknown)]).toEqual([404, "notFound"]);
  expect(shape(unknown.body)).toEqual(shape(fixture("error-404-not-found")));
  const malformed = await google(sandbox, "GET", productPath("nonsense"));
  expect([malformed.status, reasonOf(malformed)]).toEqual([400, "invalidValue"]);
  expect(reasonOf(await google(sandbox, "GET", subscriptionPath(foreign)))).toBe(
    "purchaseTokenDoesNotMatchPackageName",
  );
  expect((await google(sandbox, "GET", subscriptionPath(lifetime))).status).toBe(410);
  expect((await google(sandbox, "GET", productPath(plan))).status).toBe(404);
});

test("410 from 60 days after expiry", async () => {
  let now = Date.UTC(2026, 0, 1);
  const sandbox = await aSandbox({ now: () => now });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  sandbox.play.act(purchaseToken, "expire");
  now += 60 * DAY;
  expect((await google(sandbox, "GET", subscriptionPath(purchaseToken))).status).toBe(200);
  now += 1;
  const gone = await google(sandbox, "GET", subscriptionPath(purchaseToken));
  expect([gone.status, reasonOf(gone)]).toEqual([410, "subscriptionNoLongerAvailable"]);
  expect(shape(gone.body)).toEqual(shape(fixture("error-410-subscription-gone")));
});

test("acknowledge takes both shapes of the path, and neither a wrong product nor a pending purchase", async () => {
  const sandbox = await aSandbox();
  const { purchaseToken } = sandbox.play.buy(PLAN);
  const pending = sandbox.play.buy({ ...PLAN, pending: true }).purchaseToken;
  const acknowledge = async (path: string) =>
    (await google(sandbox, "POST", `/purchases/subscriptions${path}:acknowledge`, {})).status;
  expect(await acknowledge(`/other/tokens/${purchaseToken}`)).toBe(400);
  expect(await acknowledge(`/plan/tokens/${pending}`)).toBe(400);
  expect(sandbox.play.purchase(purchaseToken).acknowledged).toBe(false);
  expect(await acknowledge(`/plan/tokens/${purchaseToken}`)).toBe(200);
  expect(await acknowledge(`/tokens/${purchaseToken}`)).toBe(200);
  expect(sandbox.play.purchase(purchaseToken)).toMatchObject({ acknowledged: true });
  expect(sandbox.play.calls.acknowledge).toBe(4);
});

test("the API answers without the /play prefix too, for other packages with 404 where they are named", async () => {
  const sandbox = await aSandbox({ packageNames: [PACKAGE] });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  const path = (name: string) =>
    `${sandbox.url}/androidpublisher/v3/applications/${name}${subscriptionPath(purchaseToken)}`;
  expect((await call(path(PACKAGE))).status).toBe(200);
  expect(reasonOf(await call(path("com.other")))).toBe("applicationNotFound");
  expect(() => sandbox.play.buy({ ...PLAN, packageName: "com.other" })).toThrow(/com.other/);
  expect(reasonOf(await google(sandbox, "GET", "/nothing/here"))).toBe("notFound");
});

test("the quota is kept by bucket and minute", async () => {
  let now = Date.UTC(2026, 0, 1);
  const sandbox = await aSandbox({ playQuotaPerMinute: 3, now: () => now });
  const plan = sandbox.play.buy(PLAN).purchaseToken;
  const statuses = [];
  for (let i = 0; i < 5; i += 1) {
    statuses.push((await google(sandbox, "GET", subscriptionPath(plan))).status);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect(sandbox.play.calls).toMatchObject({ get: 5, status429: 2 });
  const lifetime = sandbox.play.buy(LIFETIME).purchaseToken;
  expect((await google(sandbox, "GET", productPath(lifetime))).status).toBe(200);
  now += 60_000;
  expect((await google(sandbox, "GET", subscriptionPath(plan))).status).toBe(200);
});

test("Play blocks an account id longer than 64 characters", async () => {
  const sandbox = await aSandbox();
  const body = { uid: "u", package_name: PACKAGE, product_id: "plan", obfuscated_account_id: "x".repeat(65) };
  expect((await call(`${sandbox.url}/sandbox/purchases`, "POST", body)).status).toBe(400);
  const none = { ...body, obfuscated_account_id: null };
  const made = (await call(`${sandbox.url}/sandbox/purchases`, "POST", none)).body as {
    purchase_token: string;
  };
  const answer = await google(sandbox, "GET", productPath(made.purchase_token));
  expect(answer.body).not.toHaveProperty("obfuscatedExternalAccountId");
});

test("ten thousand purchases, many readers at once", async () => {
  const sandbox = await aSandbox();
  const tokens = Array.from(
    { length: 10_000 },
    (_, i) => sandbox.play.buy({ ...PLAN, uid: `u${i}` }).purchaseToken,
  );
  expect(new Set(tokens).size).toBe(10_000);
  const asked = tokens.filter((_, i) => i % 50 === 0);
  const answers = await Promise.all(asked.map((token) => google(sandbox, "GET", subscriptionPath(token))));
  const ids = answers.map(
    ({ body }) => body as { externalAccountIdentifiers: { obfuscatedExternalAccountId: string } },
  );
  expect(ids.map((answer) => answer.externalAccountIdentifiers.obfuscatedExternalAccountId)).toEqual(
    asked.map((_, i) => `u${i * 50}`),
  );
});
