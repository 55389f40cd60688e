import { expect, test } from "vitest";
import { purchaseId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import { expectCommonHeaders, PACKAGE, startService, until, verifiedOf } from "./support/service.ts";

const DAY = 86_400_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const LICENCE_KEY = /^KEYT(-[0-9A-Z]{4}){5}$/;

test("a one-time purchase gives what the catalogue says, every key of the contract present", async () => {
  const service = await startService();
  const request = service.buy("lifetime");
  const answer = await service.verify("ann", request);
  expectCommonHeaders(answer);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(answer.headers.get("Content-Type")).toBe("application/json");

  const { orderIds } = service.sandbox.play.purchase(request.purchase_token);
  const id = purchaseId(PACKAGE, new Secret(request.purchase_token));
  const time = expect.stringMatching(TIME);
  const entitlement = {
    active: true,
    expires_at: null,
    access_until: null,
    state: "purchased",
    will_renew: false,
    purchase_ids: [id],
    product_ids: ["lifetime"],
    updated_at: time,
  };
  const grant = {
    id: expect.stringMatching(/^egr_[0-9a-f]{32}$/),
    business_id: PACKAGE,
    customer_id: "ann",
    status: "Delivered",
    payment_id: orderIds[0],
    subscription_id: null,
    digital_product_delivery: null,
    oauth_url: null,
    oauth_expires_at: null,
    delivered_at: time,
    revoked_at: null,
    revocation_reason: null,
    error_code: null,
    error_message: null,
    metadata: expect.objectContaining({ purchase_id: id }),
    created_at: time,
    updated_at: time,
    access_url: null,
  };
  expect(answer.body).toStrictEqual({
    purchase: {
      id,
      package_name: PACKAGE,
      product_id: "lifetime",
      base_plan_id: null,
      type: "one_time",
      state: "purchased",
      access: true,
      quantity: 1,
      order_id: orderIds[0],
      starts_at: time,
      expires_at: null,
      auto_renewing: null,
      acknowledged: expect.any(Boolean),
      test: false,
      replaced_by: null,
      updated_at: time,
    },
    entitlements: [
      { entitlement_id: "desktop", ...entitlement },
      { entitlement_id: "premium", ...entitlement },
    ],
    grants: [
      { ...grant, entitlement_id: "premium", integration_type: "feature", license_key: null },
      {
        ...grant,
        entitlement_id: "desktop",
        integration_type: "license_key",
        license_key: {
          id: expect.any(String),
          key: expect.stringMatching(LICENCE_KEY),
          status: "active",
          activations_used: 0,
          activations_limit: null,
          expires_at: null,
        },
      },
    ],
    pending_entitlements: [],
  });
  expect(answer.text).not.toContain(request.purchase_token);
});

test("the licence key is the one that KeyThai issued, its metadata tell what it is for", async () => {
  const service = await startService();
  const { grants, purchase } = verifiedOf(await service.verify("ann", service.buy("seats")));
  const licence = service.sandbox.keythai.findByKey(grants[0]?.license_key?.key ?? "");
  expect(licence?.metadata).toMatchObject({
    order: purchase.order_id,
    purchase: purchase.id,
    grant: grants[0]?.id,
    slot: expect.any(String),
    customer: "ann",
  });
});

test("a subscription tells its base plan, period and chain", async () => {
  const service = await startService();
  const request = service.buy("plan", { basePlanId: "team" });
  const { purchase, entitlements, grants } = verifiedOf(await service.verify("ann", request));
  expect(purchase).toMatchObject({
    type: "subscription",
    product_id: "plan",
    base_plan_id: "team",
    state: "active",
    access: true,
    quantity: 1,
    auto_renewing: true,
  });
  expect(entitlements.map((row) => row.entitlement_id)).toEqual(["desktop", "premium", "team"]);
  const end = Date.parse(purchase.expires_at ?? "");
  expect(entitlements[0]).toMatchObject({
    active: true,
    state: "active",
    will_renew: true,
    expires_at: purchase.expires_at,
    access_until: new Date(end + 3 * DAY).toISOString(),
  });
  expect(new Set(grants.map((grant) => grant.subscription_id))).toEqual(
    new Set([expect.stringMatching(/^sub_[0-9a-f]{32}$/)]),
  );
});

test("a base plan that the product doesn't name gives what the product gives", async () => {
  const service = await startService();
  const { entitlements } = verifiedOf(await service.verify("ann", service.buy("plan")));
  expect(entitlements.map((row) => row.entitlement_id)).toEqual(["premium"]);
});

test.each(["0", "30"])("repeated it gives the same answer (VERIFY_FRESH_SECONDS=%s)", async (fresh) => {
  const service = await startService({ VERIFY_FRESH_SECONDS: fresh });
  const request = service.buy("lifetime");
  const first = verifiedOf(await service.verify("ann", request));
  await until(() => service.tables.outbox.size === 0);
  const calls = service.sandbox.play.calls.get;
  const second = await service.verify("ann", request);
  const third = await service.verify("ann", request);
  expect(third.body).toEqual(second.body);
  // What was told to Google in the meantime is the one thing that may have moved.
  const { purchase, ...rest } = verifiedOf(second);
  expect(rest).toEqual({ ...first, purchase: undefined } satisfies object);
  expect({ ...purchase, acknowledged: true, updated_at: "" }).toEqual({
    ...first.purchase,
    acknowledged: true,
    updated_at: "",
  });
  expect(service.sandbox.play.calls.get - calls).toBe(fresh === "0" ? 2 : 0);
});

test("a hundred at once make one purchase, one set of grants, one licence", async () => {
  const service = await startService();
  const request = service.buy("lifetime");
  const answers = await Promise.all(Array.from({ length: 100 }, () => service.verify("ann", request)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await until(() => service.tables.outbox.size === 0);
  expect(service.sandbox.keythai.calls.create).toBe(1);
  expect(service.tables.purchases.size).toBe(1);
  expect(service.tables.grants.size).toBe(2);
  expect(service.sandbox.play.calls.acknowledge).toBe(1);
});

test("a pending purchase is a 200 without access, and gives it once paid", async () => {
  const service = await startService();
  const request = service.buy("lifetime", { pending: true });
  const before = verifiedOf(await service.verify("ann", request));
  expect(before).toMatchObject({ purchase: { state: "pending", access: false, acknowledged: false } });
  expect(before).toMatchObject({ grants: [], entitlements: [], pending_entitlements: [] });
  expect(service.sandbox.play.calls.acknowledge).toBe(0);
  service.sandbox.play.act(request.purchase_token, "pay");
  const after = verifiedOf(await service.verify("ann", request));
  expect(after.purchase).toMatchObject({ state: "purchased", access: true });
  expect(after.grants).toHaveLength(2);
});

test("a pending subscription is a 200 without access", async () => {
  const service = await startService();
  const { purchase, grants } = verifiedOf(
    await service.verify("ann", service.buy("plan", { pending: true })),
  );
  expect(purchase).toMatchObject({ type: "subscription", state: "pending", access: false });
  expect(grants).toEqual([]);
});

test("a quantity of three gives three licences", async () => {
  const service = await startService();
  const { purchase, grants, entitlements } = verifiedOf(
    await service.verify("ann", service.buy("seats", { quantity: 3 })),
  );
  expect(purchase.quantity).toBe(3);
  expect(new Set(grants.map((grant) => grant.license_key?.key)).size).toBe(3);
  expect(new Set(grants.map((grant) => grant.id)).size).toBe(3);
  expect(entitlements.map((row) => row.entitlement_id)).toEqual(["desktop"]);
});

test("a quantity of three gives three licences, and a feature once", async () => {
  const service = await startService();
  const { grants } = verifiedOf(await service.verify("ann", service.buy("lifetime", { quantity: 3 })));
  const ids = grants.map((grant) => grant.entitlement_id).sort();
  expect(ids).toEqual(["desktop", "desktop", "desktop", "premium"]);
});

test("a consumable gives no grants and is consumed", async () => {
  const service = await startService();
  const { purchase, grants } = verifiedOf(await service.verify("ann", service.buy("coins")));
  expect(purchase).toMatchObject({ state: "purchased", access: true });
  expect(grants).toEqual([]);
  await until(() => service.sandbox.play.calls.consume === 1);
});

test("in-app access never waits for KeyThai: the licence is named as pending", async () => {
  const service = await startService({ VERIFY_WAIT_MS: "200" });
  service.sandbox.faults.add({ service: "keythai", kind: "slow", delayMs: 900, count: 1 });
  const request = service.buy("lifetime");
  const startedAt = Date.now();
  const { purchase, entitlements, grants, pending_entitlements } = verifiedOf(
    await service.verify("ann", request),
  );
  expect(Date.now() - startedAt).toBeLessThan(850);
  expect(purchase.access).toBe(true);
  expect(entitlements.map(({ entitlement_id, active }) => [entitlement_id, active])).toEqual([
    ["desktop", true],
    ["premium", true],
  ]);
  expect(grants.map((grant) => grant.entitlement_id)).toEqual(["premium"]);
  expect(pending_entitlements).toEqual(["desktop"]);
  await until(() => service.tables.outbox.size === 0);
  const later = verifiedOf(await service.verify("ann", request));
  expect(later.pending_entitlements).toEqual([]);
  expect(later.grants).toHaveLength(2);
});

test("with KeyThai down the answer is a 200 all the same", async () => {
  const service = await startService({ VERIFY_WAIT_MS: "300" });
  service.sandbox.faults.add({ service: "keythai", kind: "status_503", count: null });
  const answer = verifiedOf(await service.verify("ann", service.buy("lifetime")));
  expect(answer.pending_entitlements).toEqual(["desktop"]);
  expect(answer.entitlements.every((row) => row.active)).toBe(true);
});

test("verify accepts the product of any item and tells the one that ends last", async () => {
  const service = await startService();
  const request = service.buy("plan", {
    items: [
      { productId: "plan", basePlanId: "monthly", periodDays: 30 },
      { productId: "extra", basePlanId: "yearly", periodDays: 365 },
    ],
  });
  const { purchase } = verifiedOf(await service.verify("ann", request));
  expect(purchase).toMatchObject({ product_id: "extra", base_plan_id: "yearly", access: true });
});

test("a tester's purchase says so", async () => {
  const service = await startService();
  const { purchase } = verifiedOf(await service.verify("ann", service.buy("badge", { test: true })));
  expect(purchase).toMatchObject({ test: true, access: true });
});

test("a purchase with a promo code has no order", async () => {
  const service = await startService();
  const { purchase, grants } = verifiedOf(await service.verify("ann", service.buy("badge", { promo: true })));
  expect(purchase).toMatchObject({ order_id: null, access: true });
  expect(grants[0]?.payment_id).toBeNull();
});

test("after a plan change the old purchase names the new one", async () => {
  const service = await startService();
  const old = service.buy("plan");
  const before = verifiedOf(await service.verify("ann", old));
  const { purchaseToken } = service.sandbox.play.act(old.purchase_token, "change_plan", {
    basePlanId: "team",
  });
  const { purchase, grants } = verifiedOf(
    await service.verify("ann", { ...old, purchase_token: purchaseToken }),
  );
  expect(purchase.base_plan_id).toBe("team");
  expect(new Set(grants.map((grant) => grant.subscription_id))).toEqual(
    new Set([before.grants[0]?.subscription_id]),
  );
  const replaced = verifiedOf(await service.verify("ann", old));
  expect(replaced.purchase).toMatchObject({ replaced_by: purchase.id, access: false });
  expect(replaced.grants[0]).toMatchObject({ status: "Revoked", revocation_reason: "plan_changed" });
});

test("a customer may ask with spaces after Bearer, in any case of the word", async () => {
  const service = await startService();
  const token = await service.sandbox.identity.token({ uid: "ann" });
  const answer = await service.call("GET", "/v1/entitlements", {
    headers: { Authorization: `bearer  ${token}` },
  });
  expect(answer.status).toBe(200);
});
