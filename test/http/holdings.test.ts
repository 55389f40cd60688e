import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import {
  accountSchema,
  entitlementsSchema,
  grantSchema,
  pageOf,
  purchaseSchema,
} from "../../src/http/schemas.ts";
import {
  ACCOUNT_KEY,
  type Answer,
  expectCommonHeaders,
  expectProblem,
  sharedService,
  startService,
  type TestService,
  until,
  verifiedOf,
} from "./support/service.ts";

afterEach(() => {
  vi.useRealTimers();
});

const grantsPage = pageOf(grantSchema, "Grants");
const purchasesPage = pageOf(purchaseSchema, "Purchases");

/** The answer as its schema has it: not one key more. */
function exactly<T extends z.ZodType>(schema: T, answer: Answer): z.output<T> {
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expectCommonHeaders(answer);
  const parsed = schema.parse(answer.body);
  expect(parsed).toEqual(answer.body);
  return parsed;
}

async function bought(service: TestService, uid: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    verifiedOf(await service.verify(uid, service.buy("badge", { uid })));
}

describe("GET /v1/entitlements", () => {
  test("nobody holds anything at first", async () => {
    const service = await startService();
    expect((await service.get("/v1/entitlements", "ann")).body).toEqual({ entitlements: [] });
    expect(service.tables.customers.size).toBe(0);
  });

  test("the same as verify's", async () => {
    const service = await startService();
    const { entitlements } = verifiedOf(await service.verify("ann", service.buy("lifetime")));
    expect(exactly(entitlementsSchema, await service.get("/v1/entitlements", "ann"))).toEqual({
      entitlements,
    });
  });

  test("they are told as of now: an end that passed counts, whoever has or hasn't settled it", async () => {
    const service = await startService({ RENEWAL_LEEWAY_HOURS: "0" });
    const { purchase } = verifiedOf(await service.verify("ann", service.buy("plan", { periodDays: 1 })));
    const end = Date.parse(purchase.expires_at ?? "");
    vi.useFakeTimers({ toFake: ["Date"], now: end - 1000 });
    const before = exactly(entitlementsSchema, await service.get("/v1/entitlements", "ann"));
    expect(before.entitlements[0]).toMatchObject({ active: true, state: "active", will_renew: true });
    vi.setSystemTime(end);
    const after = exactly(entitlementsSchema, await service.get("/v1/entitlements", "ann"));
    expect(after.entitlements[0]).toMatchObject({
      active: false,
      will_renew: false,
      expires_at: purchase.expires_at,
      access_until: purchase.expires_at,
      purchase_ids: [purchase.id],
      product_ids: ["plan"],
    });
    const { data } = exactly(purchasesPage, await service.get("/v1/purchases", "ann"));
    expect(data[0]).toMatchObject({ id: purchase.id, access: false });
  });

  test("the leeway keeps a renewing subscription open through a silent day", async () => {
    const service = await startService();
    const { purchase } = verifiedOf(await service.verify("ann", service.buy("plan", { periodDays: 1 })));
    const end = Date.parse(purchase.expires_at ?? "");
    vi.useFakeTimers({ toFake: ["Date"], now: end + 71 * 3_600_000 });
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: true }],
    });
    vi.setSystemTime(end + 72 * 3_600_000);
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: false }],
    });
  });

  test("an ended one says when access ended, never later than it was updated", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const request = service.buy("plan");
    verifiedOf(await service.verify("ann", request));
    service.sandbox.play.act(request.purchase_token, "hold");
    const { purchase, entitlements, grants } = verifiedOf(await service.verify("ann", request));
    expect(purchase).toMatchObject({ state: "on_hold", access: false });
    const [row] = entitlements;
    expect(row).toMatchObject({ active: false, state: "on_hold", purchase_ids: [purchase.id] });
    expect(Date.parse(row?.access_until ?? "")).toBeLessThanOrEqual(Date.parse(row?.updated_at ?? ""));
    expect(grants[0]).toMatchObject({ status: "Revoked", revocation_reason: "subscription_on_hold" });
  });
});

describe("lists", () => {
  const shared = sharedService();

  test.each([
    ["/v1/purchases", purchasesPage],
    ["/v1/grants", grantsPage],
  ] as const)("%s comes in pages, newest first, each row once", async (path, schema) => {
    const service = await startService();
    await bought(service, "ben", 1);
    await bought(service, "ann", 5);
    const all = exactly(schema, await service.get(path, "ann"));
    expect(all.data).toHaveLength(5);
    expect(all.next_cursor).toBeNull();
    const ids: string[] = [];
    let cursor = "";
    do {
      const page = exactly(schema, await service.get(`${path}?limit=2${cursor}`, "ann"));
      expect(page.data.length).toBeLessThanOrEqual(2);
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== "");
    expect(ids).toEqual(all.data.map(({ id }) => id));
    expect(new Set(ids).size).toBe(5);
  });

  test("a page that just holds all says so", async () => {
    const service = await startService();
    await bought(service, "ann", 2);
    const page = exactly(purchasesPage, await service.get("/v1/purchases?limit=2", "ann"));
    expect(page.next_cursor).toBeNull();
  });

  test("newest first", async () => {
    const service = await startService();
    const first = verifiedOf(await service.verify("ann", service.buy("badge")));
    await until(() => Date.now() > Date.parse(first.purchase.updated_at) + 5);
    const second = verifiedOf(await service.verify("ann", service.buy("seats")));
    const { data } = exactly(purchasesPage, await service.get("/v1/purchases", "ann"));
    expect(data.map(({ id }) => id)).toEqual([second.purchase.id, first.purchase.id]);
  });

  test("100 is the most there is at once, 50 comes unasked", async () => {
    const service = await startService();
    const request = service.buy("seats", { quantity: 60 });
    verifiedOf(await service.verify("ann", request));
    const page = exactly(grantsPage, await service.get("/v1/grants", "ann"));
    expect(page.data).toHaveLength(50);
    expect(page.next_cursor).not.toBeNull();
    expect(exactly(grantsPage, await service.get("/v1/grants?limit=100", "ann")).data).toHaveLength(60);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1.5",
    "limit=x",
    "limit=",
    "cursor=",
    "limit=1&limit=2",
  ])("400: ?%s", async (query) => {
    const service = shared();
    for (const path of ["/v1/purchases", "/v1/grants"]) {
      const problem = expectProblem(await service.get(`${path}?${query}`, "ann"), 400, "invalid_request");
      expect(problem.errors?.[0]?.path).toBe(query.slice(0, query.indexOf("=")));
    }
  });

  test("400: a cursor that isn't ours, also one of another customer's list", async () => {
    const service = await startService();
    await bought(service, "ann", 2);
    await bought(service, "ben", 2);
    const bens = exactly(purchasesPage, await service.get("/v1/purchases?limit=1", "ben")).next_cursor;
    for (const cursor of [
      "abc",
      "AAAA",
      "%00",
      encodeURIComponent("../../x"),
      "x".repeat(500),
      String(bens),
    ]) {
      for (const path of ["/v1/purchases", "/v1/grants"]) {
        expectProblem(await service.get(`${path}?cursor=${cursor}`, "ann"), 400, "invalid_request");
      }
    }
  });
});

describe("GET /v1/grants/{id}", () => {
  test("the owner sees the licence key in clear, in one as in the list", async () => {
    const service = await startService();
    const { grants } = verifiedOf(await service.verify("ann", service.buy("lifetime")));
    expect(grants).toHaveLength(2);
    const listed = exactly(grantsPage, await service.get("/v1/grants", "ann")).data;
    for (const grant of grants) {
      expect(exactly(grantSchema, await service.get(`/v1/grants/${grant.id}`, "ann"))).toEqual(grant);
      expect(listed).toContainEqual(grant);
    }
  });

  test("nobody else: 404, with nothing of it", async () => {
    const service = await startService();
    const { grants } = verifiedOf(await service.verify("ann", service.buy("seats")));
    const answer = await service.get(`/v1/grants/${grants[0]?.id}`, "ben");
    expectProblem(answer, 404, "not_found");
    expect(answer.text).not.toContain("KEYT");
    expect((await service.get("/v1/grants", "ben")).body).toEqual({ data: [], next_cursor: null });
    expect((await service.get("/v1/purchases", "ben")).body).toEqual({ data: [], next_cursor: null });
  });

  test("an id that none can be, and one that isn't there, are 404", async () => {
    const service = await startService();
    expectProblem(await service.get("/v1/grants/x", "ann"), 404, "not_found");
    expectProblem(await service.get(`/v1/grants/egr_${"0".repeat(32)}`, "ann"), 404, "not_found");
  });

  test("a revoked licence still shows its key, disabled", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const request = service.buy("seats");
    const before = verifiedOf(await service.verify("ann", request)).grants[0];
    service.sandbox.play.act(request.purchase_token, "refund");
    const { purchase, grants } = verifiedOf(await service.verify("ann", request));
    expect(purchase).toMatchObject({ state: "refunded", access: false });
    expect(grants[0]).toMatchObject({
      id: before?.id,
      status: "Revoked",
      revocation_reason: "refund",
      revoked_at: expect.any(String),
      license_key: { key: before?.license_key?.key, status: "disabled" },
    });
    await until(() => service.sandbox.keythai.licences[0]?.status === "revoked");
  });

  test("what KeyThai refuses for good is a failed grant without a key", async () => {
    const service = await startService();
    service.sandbox.faults.add({
      service: "keythai",
      kind: "status_403",
      code: "QUOTA_EXCEEDED",
      count: null,
    });
    const answer = await service.verify("ann", service.buy("seats"));
    const { grants, entitlements } = verifiedOf(answer);
    expect(entitlements[0]?.active).toBe(true);
    for (const grant of grants) {
      expect(grant).toMatchObject({ status: "Failed", license_key: null, delivered_at: null });
      expect(grant.error_code).toMatch(/^keythai_[a-z_]+$/);
      expect(grant.error_message).toMatch(/\w/);
    }
  });
});

describe("GET /v1/account", () => {
  test("uid: the app passes the uid", async () => {
    const service = await startService();
    expect(exactly(accountSchema, await service.get("/v1/account", "ann"))).toEqual({
      customer_id: "ann",
      obfuscated_account_id: "ann",
    });
  });

  test("hmac: 64 hex digits that only we can tell, and from now on know", async () => {
    const service = await startService({
      OBFUSCATED_ACCOUNT_ID: "hmac",
      OBFUSCATED_ACCOUNT_KEY: ACCOUNT_KEY,
    });
    const id = createHmac("sha256", Buffer.from(ACCOUNT_KEY, "base64")).update("ann").digest("hex");
    const first = exactly(accountSchema, await service.get("/v1/account", "ann"));
    expect(first).toEqual({ customer_id: "ann", obfuscated_account_id: id });
    expect((await service.get("/v1/account", "ann")).body).toEqual(first);
    expect(service.tables.accountIds.get(id)).toBe("ann");
  });

  test("none: there is none", async () => {
    const service = await startService({ OBFUSCATED_ACCOUNT_ID: "none" });
    expect(exactly(accountSchema, await service.get("/v1/account", "ann"))).toEqual({
      customer_id: "ann",
      obfuscated_account_id: null,
    });
  });
});
