import { describe, expect, test } from "vitest";
import { adminPurchasesSchema, customerSchema, syncedSchema } from "../../../src/http/admin-schemas.ts";
import { asAdmin, exactly, push } from "../support/admin.ts";
import {
  expectProblem,
  PACKAGE,
  type PurchaseRequest,
  sharedService,
  startService,
  type TestService,
  until,
  verifiedOf,
} from "../support/service.ts";

const PATH = "/v1/admin/purchases";

async function find(service: TestService, query: Record<string, string>) {
  const answer = await asAdmin(service, "GET", `${PATH}?${new URLSearchParams(query)}`);
  return exactly(adminPurchasesSchema, answer).data;
}

const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();

function bought({ purchase_token }: PurchaseRequest) {
  const oneTimeProductNotification = {
    version: "1.0",
    notificationType: 1,
    purchaseToken: purchase_token,
    sku: "x",
  };
  return { version: "1.0", packageName: PACKAGE, eventTimeMillis: "1", oneTimeProductNotification };
}

describe("GET /v1/admin/purchases", () => {
  const shared = sharedService();

  test("everybody's, with whose they are; nobody's too", async () => {
    const service = await startService();
    const ann = verifiedOf(await service.verify("ann", service.buy("badge"))).purchase;
    const ben = verifiedOf(await service.verify("ben", service.buy("coins", { uid: "ben" }))).purchase;
    const unclaimed = service.buy("seats", { obfuscatedAccountId: null });
    await push(service, bought(unclaimed));
    const all = await find(service, {});
    expect(all).toHaveLength(3);
    expect(all.find(({ id }) => id === ann.id)).toMatchObject({ customer_id: "ann", access: true });
    expect(all.find(({ id }) => id === ben.id)).toMatchObject({ customer_id: "ben" });
    const [nobodys] = await find(service, { purchase_token: unclaimed.purchase_token });
    expect(nobodys).toMatchObject({ product_id: "seats", customer_id: null, acknowledged: false });
  });

  test("by order, token, state and customer; all that is given must hold", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const badge = service.buy("badge");
    const plan = service.buy("plan");
    const one = verifiedOf(await service.verify("ann", badge)).purchase;
    const first = verifiedOf(await service.verify("ann", plan)).purchase;
    service.sandbox.play.act(plan.purchase_token, "renew");
    const two = verifiedOf(await service.verify("ann", plan)).purchase;
    expect(two.order_id).not.toBe(first.order_id);
    // Every order that ever paid for it finds it.
    for (const order of [first.order_id, two.order_id])
      expect(ids(await find(service, { order_id: String(order) }))).toEqual([two.id]);
    expect(ids(await find(service, { purchase_token: badge.purchase_token }))).toEqual([one.id]);
    expect(ids(await find(service, { state: "active" }))).toEqual([two.id]);
    expect(ids(await find(service, { customer_id: "ann" }))).toEqual([one.id, two.id].sort());
    expect(await find(service, { customer_id: "ben" })).toEqual([]);
    expect(await find(service, { order_id: String(one.order_id), state: "active" })).toEqual([]);
    expect(ids(await find(service, { customer_id: "ann", state: "purchased" }))).toEqual([one.id]);
    const token = { purchase_token: badge.purchase_token };
    expect(ids(await find(service, { ...token, customer_id: "ann", state: "purchased" }))).toEqual([one.id]);
    for (const other of [{ customer_id: "ben" }, { state: "active" }, { order_id: "GPA.0" }])
      expect(await find(service, { ...token, ...other })).toEqual([]);
    expect(await find(service, { purchase_token: "nobody's" })).toEqual([]);
    expect(await find(service, { colour: "red", order_id: "GPA.0" })).toEqual([]);
  });

  test("a token that was asked for is in no log line and no answer", async () => {
    const service = await startService();
    const { purchase_token } = service.buy("badge");
    verifiedOf(await service.verify("ann", { package_name: PACKAGE, product_id: "badge", purchase_token }));
    const answer = await asAdmin(service, "GET", `${PATH}?purchase_token=${purchase_token}&limit=0`);
    expectProblem(answer, 400, "invalid_request");
    const found = await asAdmin(service, "GET", `${PATH}?purchase_token=${purchase_token}`);
    const texts = [answer.text, found.text, ...service.lines];
    expect(texts.filter((text) => text.includes(purchase_token))).toEqual([]);
  });

  test.each([
    ["state", "state=paid"],
    ["state", "state=active&state=expired"],
    ["order_id", "order_id="],
    ["purchase_token", "purchase_token="],
    ["customer_id", "customer_id=a/b"],
    ["customer_id", "customer_id="],
    ["limit", "limit=x"],
  ])("400, naming %s: %s", async (path, query) => {
    const problem = expectProblem(await asAdmin(shared(), "GET", `${PATH}?${query}`), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  });

  test("400: a cursor that isn't ours", async () => {
    expectProblem(await asAdmin(shared(), "GET", `${PATH}?cursor=abc`), 400, "invalid_request");
  });
});

describe("POST /v1/admin/purchases/{id}/sync", () => {
  test("what no notice told is known, and by whose doing", async () => {
    const service = await startService();
    const request = service.buy("plan");
    const { purchase } = verifiedOf(await service.verify("ann", request));
    service.sandbox.play.act(request.purchase_token, "hold");
    const synced = exactly(syncedSchema, await asAdmin(service, "POST", `${PATH}/${purchase.id}/sync`));
    expect(synced.purchase).toMatchObject({ id: purchase.id, state: "on_hold", access: false });
    const { timeline, grants } = exactly(
      customerSchema,
      await asAdmin(service, "GET", "/v1/admin/customers/ann"),
    );
    expect(timeline.data.slice(0, 2)).toMatchObject([
      { kind: "purchase", cause: "admin", summary: "active → on_hold (tests)" },
      { kind: "grant", cause: "admin", grant_id: grants.data[0]?.id },
    ]);
    expect(grants.data).toMatchObject([{ status: "Revoked", revocation_reason: "subscription_on_hold" }]);
  });

  test("it asks Google however fresh the record is, and claims nothing for anybody", async () => {
    const service = await startService();
    const request = service.buy("badge", { obfuscatedAccountId: null });
    await push(service, bought(request));
    const [row] = await find(service, {});
    const before = service.sandbox.play.calls.get;
    const { purchase } = exactly(syncedSchema, await asAdmin(service, "POST", `${PATH}/${row?.id}/sync`));
    expect(service.sandbox.play.calls.get).toBe(before + 1);
    expect(purchase).toMatchObject({ id: row?.id, customer_id: null, acknowledged: false });
  });

  test("404: an id of nothing, and what is no id", async () => {
    const service = await startService();
    for (const id of [`pur_${"0".repeat(32)}`, "x", "a%2Fb"])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/sync`), 404, "not_found");
    expect(service.sandbox.play.calls.get).toBe(0);
  });

  test("an answer of Google's that names no product is one that can't be read", async () => {
    const service = await startService();
    const request = service.buy("badge", { obfuscatedAccountId: null });
    service.ports.play.getPurchase = async () => ({ purchaseStateContext: { purchaseState: "PURCHASED" } });
    await push(service, bought(request));
    expect(await find(service, {})).toEqual([]);
    const [id] = service.tables.purchases.keys();
    expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/sync`), 503, "play_unavailable");
  });

  test.each([
    ["status_503", 503, "play_unavailable"],
    ["status_401", 502, "play_rejected_credentials"],
    ["broken_json", 503, "play_unavailable"],
  ] as const)("Google's %s is a %i, and nothing changes", async (kind, status, code) => {
    const service = await startService();
    const { purchase } = verifiedOf(await service.verify("ann", service.buy("badge")));
    await until(() => service.tables.outbox.size === 0);
    const before = service.stored();
    service.sandbox.faults.add({ service: "play", kind, count: null });
    expectProblem(await asAdmin(service, "POST", `${PATH}/${purchase.id}/sync`), status, code);
    expect(service.stored() === before).toBe(true);
  });
});
