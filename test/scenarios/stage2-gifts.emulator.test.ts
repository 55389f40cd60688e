import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/lab.ts";
import { entitlementsOf, keysOf } from "../support/wire.ts";
import type { AdminGrant, Page, Problem } from "./support/desk.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** Gifts and failed deliveries, at the desks of two processes at once. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url, { services: 2 });
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

function give(customer_id: string, entitlement_id: string, forMs: number | null = null, desk = 0) {
  const expires_at = forMs === null ? null : new Date(Date.now() + forMs).toISOString();
  return shop.admin<AdminGrant>("/grants", { body: { customer_id, entitlement_id, expires_at } }, desk);
}

const revoke = (id: string, desk = 0) =>
  shop.admin<AdminGrant>(`/grants/${id}/revoke`, { body: {}, by: "ben" }, desk);
const retry = (id: string, desk = 0) =>
  shop.admin<{ readonly code?: Problem["code"] }>(`/grants/${id}/retry`, { body: {} }, desk);

test("the same gift from many hands is one grant and one licence; revoked, it can be given again", async () => {
  const given = await Promise.all(
    Array.from({ length: 6 }, (_, desk) => give("gina", "desktop", null, desk)),
  );
  expect(given.map(({ status }) => status)).toEqual(Array(6).fill(201));
  const [first] = given.map(({ body }) => body);
  expect(first).toMatchObject({ status: "Delivered", payment_id: null, subscription_id: null });
  expect(new Set(given.map(({ body }) => body.id))).toEqual(new Set([first?.id]));
  expect(shop.standing("gina")).toEqual(["active"]);

  const revoked = await Promise.all([revoke(first?.id ?? "", 0), revoke(first?.id ?? "", 1)]);
  for (const { body } of revoked)
    expect(body).toMatchObject({ id: first?.id, status: "Revoked", revocation_reason: "manual" });
  const again = await give("gina", "desktop");
  expect(again.body).toMatchObject({ status: "Delivered", metadata: { regrant_of: first?.id } });
  await shop.settled();
  expect(await shop.told("gina")).toEqual(["desktop Delivered", "desktop Revoked: manual"]);
  expect(shop.standing("gina")).toEqual(["active", "revoked"]);
});

test("a gift ends when it should, a moved end counts, and what is paid for goes on", async () => {
  await shop.verified("otto", "plan", shop.subscribe("otto"));
  await give("otto", "premium", 1500);
  await give("ida", "desktop", null);
  await give("ida", "desktop", 1500);
  await give("max", "premium", 1500);
  await give("max", "premium", null);
  await sleep(1500);
  await eventually(async () => {
    expect(await shop.told("ida")).toEqual(["desktop Revoked: subscription_expired"]);
    expect(shop.standing("ida")).toEqual(["revoked"]);
    expect(await shop.told("otto")).toEqual([
      "premium Delivered",
      "premium Revoked: subscription_expired",
      "studio Delivered",
    ]);
  });
  expect(await shop.told("max")).toEqual(["premium Delivered"]);
  const { premium } = await entitlementsOf(shop.lab, shop.at(), "otto");
  expect(premium).toMatchObject({ active: true, product_ids: ["plan"], will_renew: true });
});

test("a delivery that KeyThai refused is visible, and a retry makes one licence", async () => {
  const refusal = { service: "keythai", kind: "status_403", code: "QUOTA_EXCEEDED" } as const;
  shop.faults.add({ ...refusal, path: "POST /keythai/v1/licenses" });
  const token = shop.lab.buy("quin", "lifetime");
  const { grants, entitlements } = await shop.verified("quin", "lifetime", token);
  expect(entitlements.every(({ active }) => active)).toBe(true);
  await shop.settled();
  expect(shop.play.purchase(token)).toMatchObject({ acknowledged: true });
  const failed = grants.find(({ entitlement_id }) => entitlement_id === "desktop");
  expect(failed).toMatchObject({ status: "Failed", error_code: "keythai_quota_exceeded", license_key: null });
  const listed = await shop.admin<Page<AdminGrant>>("/grants?customer_id=quin&status=Failed");
  expect(listed.body.data.map(({ id }) => id)).toEqual([failed?.id]);

  const retried = await Promise.all([retry(failed?.id ?? "", 0), retry(failed?.id ?? "", 1)]);
  expect(retried.map(({ status }) => status)).toContain(200);
  for (const { status, body } of retried) if (status !== 200) expect(body.code).toBe("grant_not_failed");
  await shop.settled();
  expect(await retry(failed?.id ?? "")).toMatchObject({ status: 409, body: { code: "grant_not_failed" } });
  expect(await shop.told("quin")).toEqual(["desktop Delivered", "desktop Failed", "premium Delivered"]);
  expect(shop.standing("quin")).toEqual(["active"]);
  expect(keysOf(await shop.grants("quin"))).toHaveLength(1);
});
