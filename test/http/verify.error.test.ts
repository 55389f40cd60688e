import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  ACCOUNT_KEY,
  expectProblem,
  PACKAGE,
  sharedService,
  startService,
  verifiedOf,
} from "./support/service.ts";

const VERIFY = "/v1/purchases/verify";
const REAL_LOOKING = `${"a".repeat(24)}.${"B".repeat(120)}`;

function request<T extends object>(overrides?: T) {
  return { package_name: PACKAGE, product_id: "lifetime", purchase_token: REAL_LOOKING, ...overrides };
}

describe("400 invalid_request", () => {
  const shared = sharedService();
  const { package_name: _, ...withoutPackage } = request();
  test.each<[string, unknown, string]>([
    ["an empty package", request({ package_name: "" }), "package_name"],
    ["an empty product", request({ product_id: "" }), "product_id"],
    ["an empty token", request({ purchase_token: "" }), "purchase_token"],
    ["a number as token", request({ purchase_token: 5 }), "purchase_token"],
    ["null as product", request({ product_id: null }), "product_id"],
    ["no package", withoutPackage, "package_name"],
    ["a list", [request()], "(body)"],
    ["null", null, "(body)"],
  ])("%s", async (_what, body, path) => {
    const service = shared();
    const problem = expectProblem(
      await service.call("POST", VERIFY, { as: "ann", body }),
      400,
      "invalid_request",
    );
    expect(problem.errors?.map((error) => error.path)).toContain(path);
    expect(service.sandbox.play.calls.get).toBe(0);
  });

  test("every wrong field is named at once", async () => {
    const service = shared();
    const body = { package_name: "", product_id: 1 };
    const problem = expectProblem(
      await service.call("POST", VERIFY, { as: "ann", body }),
      400,
      "invalid_request",
    );
    expect(problem.errors?.map((error) => error.path)).toEqual([
      "package_name",
      "product_id",
      "purchase_token",
    ]);
  });

  test.each(["{", "", "not json", '{"package_name": "a",}', "\u0000"])("malformed JSON: %j", async (body) => {
    const service = shared();
    const answer = await service.call("POST", VERIFY, { as: "ann", body });
    expectProblem(answer, 400, "invalid_request");
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])(
    "a body sent as %j",
    async (type) => {
      const service = shared();
      const body = JSON.stringify(request());
      const answer = await service.call("POST", VERIFY, {
        as: "ann",
        body,
        headers: { "Content-Type": type },
      });
      expectProblem(answer, 400, "invalid_request");
      expect(service.sandbox.play.calls.get).toBe(0);
    },
  );

  test("no value that was sent comes back, not even of a wrong type", async () => {
    const service = shared();
    const body = { ...request(), purchase_token: { secret: "hidden-value" }, package_name: ["hidden-value"] };
    const answer = await service.call("POST", VERIFY, { as: "ann", body });
    expectProblem(answer, 400, "invalid_request");
    expect(answer.text).not.toContain("hidden-value");
  });

  test("JSON with a charset, and fields that we don't know, are fine", async () => {
    const service = shared();
    const body = JSON.stringify({ ...service.buy("badge"), later: true });
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    expect((await service.call("POST", VERIFY, { as: "ann", body, headers })).status).toBe(200);
  });
});

describe("413 request_too_large", () => {
  const padded = (bytes: number) => {
    const body = JSON.stringify(request({ pad: "" }));
    return JSON.stringify(request({ pad: "x".repeat(bytes - body.length) }));
  };

  test("one byte more than 16 KiB", async () => {
    const service = await startService();
    const body = padded(16 * 1024 + 1);
    const headers = { "Content-Length": String(body.length) };
    expectProblem(await service.call("POST", VERIFY, { as: "ann", body, headers }), 413, "request_too_large");
    expectProblem(await service.call("POST", VERIFY, { as: "ann", body }), 413, "request_too_large");
  });

  test("16 KiB are read", async () => {
    const service = await startService();
    const answer = await service.call("POST", VERIFY, { as: "ann", body: padded(16 * 1024) });
    expectProblem(answer, 404, "purchase_not_found");
  });

  test("a body without an announced length is cut off as well", async () => {
    const service = await startService();
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(4096).fill(0x20));
        if (pulled > 1000) controller.close();
      },
    });
    const token = await service.sandbox.identity.token({ uid: "ann" });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await service.app.request(VERIFY, { method: "POST", headers, body, duplex: "half" });
    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(20);
  });
});

test("401 without a valid ID token, before anything of the body is read", async () => {
  const service = await startService();
  let pulled = 0;
  const body = new ReadableStream(
    {
      pull: () => {
        pulled += 1;
      },
    },
    { highWaterMark: 0 },
  );
  const response = await service.app.request(VERIFY, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": "99999999" },
    body,
    duplex: "half",
  });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ code: "unauthenticated" });
  expect(pulled).toBe(0);
});

test("403 package_not_allowed: a package that the catalogue doesn't have", async () => {
  const service = await startService();
  const answer = await service.verify("ann", { ...service.buy("lifetime"), package_name: "com.other.app" });
  expectProblem(answer, 403, "package_not_allowed");
  expect(service.sandbox.play.calls.get).toBe(0);
});

describe("404 purchase_not_found", () => {
  const shared = sharedService();

  test("Google knows no such token", async () => {
    const service = await startService();
    const before = service.stored();
    expectProblem(await service.verify("ann", request()), 404, "purchase_not_found");
    expectProblem(await service.verify("ann", request({ product_id: "plan" })), 404, "purchase_not_found");
    expect(service.sandbox.play.calls.get).toBe(2);
    expect(service.stored()).toBe(before);
  });

  test("Google's 400: a token that isn't in Google's form", async () => {
    const service = await startService();
    const answer = await service.verify("ann", request({ purchase_token: "x".repeat(30) }));
    expectProblem(answer, 404, "purchase_not_found");
    expect(service.sandbox.play.calls.get).toBe(1);
  });

  test.each([
    ["19 characters", "a".repeat(19)],
    ["2049 characters", "a".repeat(2049)],
    ["a slash", `${"a".repeat(20)}/../${"b".repeat(20)}`],
    ["an escaped slash", `${"a".repeat(20)}%2F${"b".repeat(20)}`],
    ["dots alone", ".".repeat(30)],
    ["a space", `${"a".repeat(20)} ${"b".repeat(20)}`],
    ["a newline", `${"a".repeat(30)}\n`],
    ["a query", `${"a".repeat(30)}?x=1`],
    ["Thai", "ก".repeat(30)],
    ["a null character", `${"a".repeat(30)}\u0000`],
  ])("a token with %s can't be one, and never reached Google", async (_what, purchase_token) => {
    const service = shared();
    for (const product_id of ["lifetime", "plan"]) {
      const answer = await service.verify("ann", { package_name: PACKAGE, product_id, purchase_token });
      expectProblem(answer, 404, "purchase_not_found");
    }
    expect(service.sandbox.play.calls.get).toBe(0);
    expect(service.tables.purchases.size).toBe(0);
  });

  test("20 and 2048 characters are asked about", async () => {
    const service = await startService();
    for (const length of [20, 2048]) {
      const answer = await service.verify("ann", request({ purchase_token: "a".repeat(length) }));
      expectProblem(answer, 404, "purchase_not_found");
    }
    expect(service.sandbox.play.calls.get).toBe(2);
  });
});

describe("409 purchase_owned_by_another_customer", () => {
  const OWNED = "purchase_owned_by_another_customer";

  test("it is bound to somebody else, who keeps it; Google isn't asked", async () => {
    const service = await startService();
    const bought = service.buy("badge", { obfuscatedAccountId: null });
    verifiedOf(await service.verify("ann", bought));
    const before = service.tables.purchases.size;
    const calls = service.sandbox.play.calls.get;
    expectProblem(await service.verify("ben", bought), 409, OWNED);
    expect(service.sandbox.play.calls.get).toBe(calls);
    expect(service.tables.purchases.size).toBe(before);
    expect((await service.get("/v1/entitlements", "ben")).body).toEqual({ entitlements: [] });
    expect((await service.verify("ann", bought)).status).toBe(200);
  });

  test("it replaces a purchase of somebody else's", async () => {
    const service = await startService();
    const old = service.buy("plan", { obfuscatedAccountId: null });
    verifiedOf(await service.verify("ann", old));
    const { purchaseToken } = service.sandbox.play.act(old.purchase_token, "change_plan", {
      basePlanId: "team",
      obfuscatedAccountId: null,
    });
    const next = { ...old, purchase_token: purchaseToken };
    expectProblem(await service.verify("ben", next), 409, OWNED);
    expect((await service.get("/v1/grants", "ben")).body).toEqual({ data: [], next_cursor: null });
    expect((await service.verify("ann", next)).status).toBe(200);
  });

  test("its obfuscated account id is somebody else's uid", async () => {
    const service = await startService();
    const bought = service.buy("badge", { uid: "ann" });
    const before = service.stored();
    expectProblem(await service.verify("ben", bought), 409, OWNED);
    expect(service.stored()).toBe(before);
    expect((await service.verify("ann", bought)).status).toBe(200);
  });

  test("hmac: its account id was given to somebody else, or to nobody we know", async () => {
    const service = await startService({
      OBFUSCATED_ACCOUNT_ID: "hmac",
      OBFUSCATED_ACCOUNT_KEY: ACCOUNT_KEY,
    });
    const { body } = await service.get("/v1/account", "ann");
    const { obfuscated_account_id: annsId } = body as { obfuscated_account_id: string };
    const bought = service.buy("badge", { obfuscatedAccountId: annsId });
    expectProblem(await service.verify("ben", bought), 409, OWNED);
    expect((await service.verify("ann", bought)).status).toBe(200);
    const strangers = service.buy("badge", { obfuscatedAccountId: "f".repeat(64) });
    expectProblem(await service.verify("ben", strangers), 409, OWNED);
  });

  test("hmac: the very owner needn't have asked for the id before; what is no id of ours counts as none", async () => {
    const service = await startService({
      OBFUSCATED_ACCOUNT_ID: "hmac",
      OBFUSCATED_ACCOUNT_KEY: ACCOUNT_KEY,
    });
    const id = createHmac("sha256", Buffer.from(ACCOUNT_KEY, "base64")).update("cid").digest("hex");
    const own = service.buy("badge", { obfuscatedAccountId: id });
    expect((await service.verify("cid", own)).status).toBe(200);
    const plain = service.buy("badge", { obfuscatedAccountId: "ann" });
    expect((await service.verify("ben", plain)).status).toBe(200);
  });

  test("none: Google's id is not looked at", async () => {
    const service = await startService({ OBFUSCATED_ACCOUNT_ID: "none" });
    expect((await service.verify("ben", service.buy("badge", { uid: "ann" }))).status).toBe(200);
  });

  test("uid: an id that can't be a customer's counts as none", async () => {
    const service = await startService();
    const bought = service.buy("badge", { obfuscatedAccountId: "a/b" });
    expect((await service.verify("ben", bought)).status).toBe(200);
  });
});

test("410 purchase_token_expired: Google has forgotten the token", async () => {
  const service = await startService();
  // The sandbox, as Google in the field, says so of a one-time token asked for as a subscription.
  const answer = await service.verify("ann", { ...service.buy("lifetime"), product_id: "plan" });
  expectProblem(answer, 410, "purchase_token_expired");
  expect(service.tables.purchases.size).toBe(0);
});

describe("422", () => {
  test("product_mismatch: the token is for another product", async () => {
    const service = await startService();
    const answer = await service.verify("ann", { ...service.buy("lifetime"), product_id: "badge" });
    expectProblem(answer, 422, "product_mismatch");
    expect(service.tables.purchases.size).toBe(0);
    expect(service.tables.grants.size).toBe(0);
  });

  test("product_mismatch of a purchase that is bound already changes nothing", async () => {
    const service = await startService();
    const bought = service.buy("badge");
    verifiedOf(await service.verify("ann", bought));
    expectProblem(
      await service.verify("ann", { ...bought, product_id: "lifetime" }),
      422,
      "product_mismatch",
    );
    expect((await service.verify("ann", bought)).status).toBe(200);
  });

  test("product_not_in_catalog: the product named isn't sold here, nor is Google asked", async () => {
    const service = await startService();
    const answer = await service.verify("ann", { ...service.buy("lifetime"), product_id: "yacht" });
    expectProblem(answer, 422, "product_not_in_catalog");
    expect(service.sandbox.play.calls.get).toBe(0);
  });
});

test("429 rate_limited: too many from this customer, others go on", async () => {
  const service = await startService({ VERIFY_RATE_PER_MINUTE: "2" });
  const bought = service.buy("badge");
  for (let count = 0; count < 2; count += 1) verifiedOf(await service.verify("ann", bought));
  const answer = await service.verify("ann", bought);
  expectProblem(answer, 429, "rate_limited");
  expect(Number(answer.headers.get("Retry-After"))).toBeLessThanOrEqual(60);
  expect((await service.verify("ben", service.buy("badge", { uid: "ben" }))).status).toBe(200);
  expect((await service.get("/v1/entitlements", "ann")).status).toBe(200);
});
