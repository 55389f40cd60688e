import { describe, expect, test } from "vitest";
import { restoredSchema } from "../../src/http/schemas.ts";
import {
  type Answer,
  expectProblem,
  PACKAGE,
  startService,
  type TestService,
  verifiedOf,
} from "./support/service.ts";

const PATH = "/v1/purchases/restore";
const UNKNOWN = `${"a".repeat(24)}.${"B".repeat(120)}`;

const restore = (service: TestService, as: string, purchases: unknown) =>
  service.call("POST", PATH, { as, body: { purchases } });

function restoredOf(answer: Answer) {
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  return restoredSchema.parse(answer.body);
}

/** In order: the product of each purchase, or the code of its problem. */
function told(answer: Answer): string[] {
  return restoredOf(answer).results.map((result) =>
    "problem" in result ? result.problem.code : result.purchase.product_id,
  );
}

test("purchases and problems come in the order given, each with its own", async () => {
  const service = await startService();
  const bens = service.buy("badge", { uid: "ben" });
  const answer = await restore(service, "ann", [
    service.buy("seats", { quantity: 2 }),
    { package_name: PACKAGE, product_id: "lifetime", purchase_token: UNKNOWN },
    service.buy("plan"),
    bens,
    { ...service.buy("badge"), package_name: "com.other.app" },
    { ...service.buy("badge"), product_id: "yacht" },
    { ...service.buy("badge"), product_id: "lifetime" },
    { package_name: PACKAGE, product_id: "badge", purchase_token: "short" },
    service.buy("badge", { pending: true }),
    service.buy("badge"),
  ]);
  expect(told(answer)).toEqual([
    "seats",
    "purchase_not_found",
    "plan",
    "purchase_owned_by_another_customer",
    "package_not_allowed",
    "product_not_in_catalog",
    "product_mismatch",
    "purchase_not_found",
    "badge",
    "badge",
  ]);
  const { results, entitlements } = restoredOf(answer);
  expect(entitlements.map((row) => row.entitlement_id)).toEqual(["desktop", "premium"]);
  expect(results[1]).toStrictEqual({
    problem: {
      type: expect.any(String),
      title: expect.any(String),
      status: 404,
      detail: expect.any(String),
      code: "purchase_not_found",
      request_id: answer.headers.get("X-Request-Id"),
    },
  });
  expect(results[0]).toMatchObject({ purchase: { quantity: 2 }, pending_entitlements: [] });
  expect(results[0]).toHaveProperty("grants.length", 2);
});

test("the same token twice is the same purchase twice", async () => {
  const service = await startService();
  const bought = service.buy("seats");
  const answer = await restore(service, "ann", [bought, bought, bought]);
  expect(told(answer)).toEqual(["seats", "seats", "seats"]);
  expect(service.sandbox.keythai.calls.create).toBe(1);
});

test("fifty are taken, and Google's outage is told for each that meets it", { timeout: 20_000 }, async () => {
  const service = await startService();
  const fifty = Array.from({ length: 50 }, () => service.buy("badge"));
  expect(told(await restore(service, "ann", fifty))).toEqual(Array.from({ length: 50 }, () => "badge"));
  service.sandbox.faults.add({ service: "play", kind: "status_401", count: null });
  const later = [fifty[0], service.buy("badge")];
  expect(told(await restore(service, "ann", later))).toEqual(["badge", "play_rejected_credentials"]);
});

test("a restore after a re-install answers from our own record while that is fresh", async () => {
  const service = await startService();
  const bought = service.buy("badge");
  verifiedOf(await service.verify("ann", bought));
  const calls = service.sandbox.play.calls.get;
  expect(told(await restore(service, "ann", [bought]))).toEqual(["badge"]);
  expect(service.sandbox.play.calls.get).toBe(calls);
});

describe("refused whole", () => {
  const one = { package_name: PACKAGE, product_id: "badge", purchase_token: UNKNOWN };
  test.each<[string, unknown, string]>([
    ["51 purchases", Array.from({ length: 51 }, () => one), "purchases"],
    ["none", [], "purchases"],
    ["no list", one, "purchases"],
    ["an empty token in one", [one, { ...one, purchase_token: "" }], "purchases.1.purchase_token"],
  ])("400: %s", async (_what, purchases, path) => {
    const service = await startService();
    const problem = expectProblem(await restore(service, "ann", purchases), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect(service.sandbox.play.calls.get).toBe(0);
  });

  test("413: longer than fifty purchases can be", async () => {
    const service = await startService();
    const answer = await restore(service, "ann", [{ ...one, pad: "x".repeat(200 * 1024) }]);
    expectProblem(answer, 413, "request_too_large");
  });

  test("fifty of the longest tokens there can be are not too large", async () => {
    const service = await startService();
    const longest = { ...one, product_id: "x".repeat(150), purchase_token: "a".repeat(2048) };
    const answer = await restore(
      service,
      "ann",
      Array.from({ length: 50 }, () => longest),
    );
    expect(new Set(told(answer))).toEqual(new Set(["product_not_in_catalog"]));
  });

  test("429: each token counts", async () => {
    const service = await startService({ VERIFY_RATE_PER_MINUTE: "3" });
    const bought = service.buy("badge");
    expect((await restore(service, "ann", [bought, bought])).status).toBe(200);
    expectProblem(await restore(service, "ann", [bought, bought]), 429, "rate_limited");
  });
});
