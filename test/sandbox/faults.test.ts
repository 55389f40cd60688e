import { describe, expect, test } from "vitest";
import type { FaultInput } from "../../sandbox/faults.ts";
import { aSandbox, call, fixture, google, PACKAGE, reasonOf, shape, subscriptionPath } from "./support.ts";

const PLAN = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };
const AUTH = { Authorization: "Bearer kt_test_sandbox" };
const ORDER = { product: "my-app", policyId: "01J0000000000000000000PERP" };

describe("statuses", () => {
  test.each([
    ["status_503", 503, "error-503-backend"],
    ["status_429", 429, "error-429-quota"],
    ["status_401", 401, "error-401-unauthenticated"],
    ["status_403", 403, "error-403-insufficient-permission"],
  ] as const)("Google's %s has Google's body, once", async (kind, status, like) => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const body = { service: "play", kind };
    expect((await call(`${sandbox.url}/sandbox/faults`, "POST", body)).status).toBe(201);
    const answer = await google(sandbox, "GET", subscriptionPath(purchaseToken));
    expect(answer.status).toBe(status);
    expect(shape(answer.body)).toEqual(shape(fixture(like)));
    expect(answer.headers.has("Retry-After")).toBe(status === 429);
    expect((await google(sandbox, "GET", subscriptionPath(purchaseToken))).status).toBe(200);
  });

  test("a code of one's own, a path filter, and until cleared", async () => {
    const sandbox = await aSandbox();
    sandbox.faults.add({
      service: "keythai",
      kind: "status_403",
      code: "QUOTA_EXCEEDED",
      count: null,
      path: "POST",
    });
    const create = () => call(`${sandbox.url}/keythai/v1/licenses`, "POST", ORDER, AUTH);
    for (let i = 0; i < 3; i += 1) {
      expect(await create()).toMatchObject({ status: 403, body: { error: { code: "QUOTA_EXCEEDED" } } });
    }
    expect((await call(`${sandbox.url}/keythai/v1/products`, "GET", undefined, AUTH)).status).toBe(200);
    await call(`${sandbox.url}/sandbox/faults`, "DELETE");
    expect((await create()).status).toBe(201);
  });

  test("by chance: some strike, some do not", async () => {
    const sandbox = await aSandbox();
    sandbox.faults.add({ service: "play", kind: "status_503", count: null, probability: 0.5 });
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const asked = Array.from({ length: 60 }, () => google(sandbox, "GET", subscriptionPath(purchaseToken)));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  });

  test("a fault that the service cannot have is refused", async () => {
    const sandbox = await aSandbox();
    const wrong: FaultInput = { service: "keythai", kind: "stale" };
    expect(() => sandbox.faults.add(wrong)).toThrow(/stale is a fault of play/);
    expect((await call(`${sandbox.url}/sandbox/faults`, "POST", wrong)).status).toBe(400);
  });
});

describe("connections", () => {
  test("cut_before does nothing, cut_after does it and its answer never comes", async () => {
    const sandbox = await aSandbox();
    const create = () => call(`${sandbox.url}/keythai/v1/licenses`, "POST", ORDER, AUTH);
    sandbox.faults.add({ service: "keythai", kind: "cut_before" });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(sandbox.keythai.licences).toHaveLength(0);
    sandbox.faults.add({ service: "keythai", kind: "cut_after" });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(sandbox.keythai.licences).toHaveLength(1);
  });

  test("hang lasts until the client leaves, and does not keep the sandbox from closing", async () => {
    const sandbox = await aSandbox();
    sandbox.faults.add({ service: "play", kind: "hang", count: 2 });
    const url = `${sandbox.url}/androidpublisher/v3/applications/x/orders/y`;
    await expect(fetch(url, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
    const hanging = fetch(url).catch((error: Error) => error.message);
    while (sandbox.faults.list().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await sandbox.close();
    expect(await hanging).toBe("fetch failed");
  });

  test("slow answers late, broken_json answers what is none", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    sandbox.faults.add({ service: "play", kind: "slow", delayMs: 80 });
    const start = performance.now();
    expect((await google(sandbox, "GET", subscriptionPath(purchaseToken))).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(70);
    sandbox.faults.add({ service: "play", kind: "broken_json" });
    await expect(google(sandbox, "GET", subscriptionPath(purchaseToken))).rejects.toThrow(SyntaxError);
  });
});

test("stale: Google answers what was true before the last change", async () => {
  const sandbox = await aSandbox();
  const { purchaseToken } = sandbox.play.buy(PLAN);
  sandbox.play.act(purchaseToken, "hold");
  sandbox.faults.add({ service: "play", kind: "stale" });
  const state = async () => {
    const { body } = await google(sandbox, "GET", subscriptionPath(purchaseToken));
    return (body as { subscriptionState: string }).subscriptionState;
  };
  expect(await state()).toBe("SUBSCRIPTION_STATE_ACTIVE");
  expect(await state()).toBe("SUBSCRIPTION_STATE_ON_HOLD");
});

test("Google's quota reason on a 403", async () => {
  const sandbox = await aSandbox();
  sandbox.faults.add({ service: "play", kind: "status_403", code: "quotaExceeded" });
  expect(reasonOf(await google(sandbox, "GET", "/orders/x"))).toBe("quotaExceeded");
});
