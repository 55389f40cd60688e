import { afterAll, beforeAll, expect, test } from "vitest";
import type { AdminGrant, AdminPurchase, Customer, Page, Problem } from "./support/desk.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** The admin API as a stranger tries it: who may not, what is wrong, and what is shown to those who may. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url);
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

const GIFT = { customer_id: "eve", entitlement_id: "premium", expires_at: null };

test("whoever isn't an admin learns nothing, not even whether there is such a route", async () => {
  const strangers = [null, "Bearer wrong", "Basic YTpi", `Bearer ${await shop.lab.idToken("eve")}`];
  const tries = [
    { path: "/customers/eve" },
    { path: "/nothing-here" },
    { path: "/grants", body: "{not json" },
    { path: "/grants", body: { ...GIFT, note: "x".repeat(20_000) } },
    { path: "/purchases?limit=0" },
  ];
  for (const authorization of strangers) {
    for (const { path, body } of tries) {
      const answer = await shop.admin<Problem>(path, { authorization, body });
      expect(answer.status, path).toBe(401);
      expect(answer.body.code).toBe("unauthenticated");
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
  }
  expect(await shop.lab.documents("audit_events")).toEqual([]);
});

test.each([
  ["/grants?limit=101", undefined, 400, "limit"],
  ["/grants?status=Gone", undefined, 400, "status"],
  ["/purchases?state=Gone", undefined, 400, "state"],
  ["/customers/a%2Fb", undefined, 400, "uid"],
  ["/grants", { ...GIFT, customer_id: "a/b" }, 400, "customer_id"],
  ["/grants", { ...GIFT, customer_id: 5 }, 400, "customer_id"],
  ["/grants", { ...GIFT, entitlement_id: "__proto__" }, 400, "entitlement_id"],
  ["/grants", { ...GIFT, expires_at: "2020-01-01T00:00:00Z" }, 400, "expires_at"],
  ["/grants", { ...GIFT, expires_at: undefined }, 400, "expires_at"],
  ["/grants", { ...GIFT, note: "x".repeat(5000) }, 400, "note"],
  ["/grants", "{not json", 400, "(body)"],
  ["/grants", { ...GIFT, note: "x".repeat(20_000) }, 413, null],
  ["/grants/egr_none/revoke", {}, 404, null],
  ["/grants/a%2Fb/retry", {}, 404, null],
  ["/purchases/pur_none/sync", {}, 404, null],
  ["/dead_letters/none/replay", {}, 404, null],
  ["/license_orphans/none/resolve", {}, 404, null],
  ["/refund_reviews/none/answer", { preference: "approve" }, 404, null],
  ["/refund_reviews/none/answer", { preference: "APPROVE" }, 400, "preference"],
])("%s, badly asked for (%#)", async (path, body, status, wrong) => {
  const answer = await shop.admin<Problem>(path, { body });
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code: { 400: "invalid_request", 404: "not_found", 413: "request_too_large" }[status],
    request_id: answer.headers.get("x-request-id"),
  });
  expect(answer.body.errors?.map(({ path: at }) => at)).toEqual(wrong === null ? undefined : [wrong]);
  expect(answer.headers.get("cache-control")).toBe("no-store");
});

test("a customer's page shows all there is, page by page, each change with its cause", async () => {
  const { admin, act, settled } = shop;
  const token = shop.subscribe("ann");
  const { purchase } = await shop.verified("ann", "plan", token);
  await settled();
  for (const action of ["hold", "recover", "renew"]) {
    act(token, action);
    await settled();
  }
  act(token, "cancel", { notify: false });
  const synced = await admin<{ purchase: AdminPurchase }>(`/purchases/${purchase.id}/sync`, {
    body: {},
    by: "ben",
  });
  expect(synced.body.purchase).toMatchObject({ state: "canceled", access: true, customer_id: "ann" });

  // The end came nearer, and the licence's with it.
  await settled();
  const { body, headers } = await admin<Customer>("/customers/ann?limit=100");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(body.purchases.data.map(({ id }) => id)).toEqual([purchase.id]);
  expect(body.entitlements.map(({ entitlement_id, active }) => [entitlement_id, active])).toEqual([
    ["premium", true],
    ["studio", true],
  ]);
  expect(body.grants.data).toHaveLength(4);
  for (const { license_key } of body.grants.data) {
    if (license_key !== null) expect(license_key.key).toMatch(/^[^A-Z0-9]+.{4}$/);
  }
  const told = body.timeline.data.map(({ kind, cause, summary }) => `${kind} ${cause} ${summary}`).reverse();
  for (const [what, words] of [
    // Google's notice may have been faster than the app.
    ["purchase", "new → active"],
    ["purchase rtdn", "on_hold"],
    ["grant rtdn", "premium Revoked subscription_on_hold"],
    ["grant effect", "studio"],
    ["purchase admin", "(ben)"],
  ] as const) {
    expect(told.filter((line) => line.startsWith(what)).join("\n"), what).toContain(words);
  }
  for (const entry of body.timeline.data) {
    expect(Object.keys(entry).sort()).toEqual(["at", "cause", "grant_id", "kind", "purchase_id", "summary"]);
  }

  const paged: Customer["timeline"]["data"] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await admin<Customer>(`/customers/ann?limit=2${after}`)).body.timeline;
    paged.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(paged).toEqual(body.timeline.data);
});

test("purchases are found by token, any of their orders and state; grants by all that is asked", async () => {
  const { admin } = shop;
  const token = shop.subscribe("bob");
  const { purchase } = await shop.verified("bob", "plan", token);
  shop.act(token, "renew");
  await shop.settled();
  const orders = shop.play.purchase(token).orderIds;
  expect(orders).toHaveLength(2);
  const queries = [`purchase_token=${token}`, ...orders.map((id) => `order_id=${encodeURIComponent(id)}`)];
  for (const query of [...queries, "customer_id=bob&state=active"]) {
    const { body } = await admin<Page<AdminPurchase>>(`/purchases?${query}`);
    expect(body.data.map(({ id }) => id)).toEqual([purchase.id]);
  }
  const none = await admin<Page<AdminPurchase>>(`/purchases?purchase_token=${token}&state=expired`);
  expect(none.body).toEqual({ data: [], next_cursor: null });
  const query = "customer_id=bob&status=Delivered&entitlement_id=studio";
  const { body } = await admin<Page<AdminGrant>>(`/grants?${query}`);
  expect(body.data.map(({ entitlement_id }) => entitlement_id)).toEqual(["studio"]);
});
