import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActionInput } from "../../sandbox/play/inputs.ts";
import { entitlementsOf, keysOf } from "../support/wire.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** Changes of what is bought: plans, items and units, counted in licences at KeyThai. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url);
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

const PREPAID = { basePlanId: "prepaid", autoRenewing: false, periodDays: 7 } as const;

/** @returns The new token; its notice comes before or after the old one's. */
async function change(token: string, input: ActionInput, first: "old" | "new"): Promise<string> {
  const { play } = shop;
  const told = play.notifications.length;
  const next = shop.act(token, "change_plan", { ...input, notify: false });
  const notices = play.notifications.slice(told);
  const ofOld = notices.filter(({ purchaseToken }) => purchaseToken !== next);
  const ofNew = notices.filter(({ purchaseToken }) => purchaseToken === next);
  for (const notice of first === "old" ? [...ofOld, ...ofNew] : [...ofNew, ...ofOld]) {
    play.redeliver(notice);
    await shop.settled();
  }
  expect(play.purchase(next).acknowledged).toBe(true);
  return next;
}

test.each(["old", "new"] as const)(
  "plans up, down and sideways, the %s token's notice first",
  async (first) => {
    const uid = `carl-${first}`;
    const start = shop.subscribe(uid);
    const [key] = keysOf((await shop.verified(uid, "plan", start)).grants);
    await shop.settled();
    const yearly = await change(start, { productId: "plan", basePlanId: "yearly" }, first);
    expect(shop.standing(uid)).toEqual(["active"]);
    expect(new Set(keysOf(await shop.grants(uid)))).toEqual(new Set([key]));
    const up = await change(yearly, { productId: "plan_max", basePlanId: "monthly" }, first);
    expect(shop.standing(uid)).toEqual(["active", "revoked"]);
    await change(up, { productId: "plan_lite", basePlanId: "monthly" }, first);
    expect(shop.standing(uid)).toEqual(["revoked", "revoked"]);
    expect((await shop.told(uid)).filter((line) => !line.endsWith("plan_changed"))).toEqual([
      "premium Delivered",
    ]);
    const { premium, studio } = await entitlementsOf(shop.lab, shop.at(), uid);
    expect([premium?.active, premium?.product_ids, studio?.active]).toEqual([true, ["plan_lite"], false]);
  },
);

test("a prepaid plan is topped up with one key throughout; a change that is never paid leaves it alone", async () => {
  const bought = shop.lab.buy("pia", "plan", PREPAID);
  await shop.verified("pia", "plan", bought);
  await shop.settled();
  const until = () => shop.licences("pia").map(({ expiresAt }) => expiresAt ?? 0)[0] ?? 0;
  const once = until();
  const topped = await change(await change(bought, PREPAID, "new"), PREPAID, "old");
  expect(until() - once).toBe(14 * 86_400);
  expect(shop.standing("pia")).toEqual(["active"]);
  expect(new Set(keysOf(await shop.grants("pia"))).size).toBe(1);

  const before = await shop.told("pia");
  const pending = shop.act(topped, "change_plan", { ...PREPAID, productId: "plan_max", pending: true });
  await shop.settled();
  shop.act(pending, "cancel");
  await shop.settled();
  expect(await shop.told("pia")).toEqual(before);
  expect(shop.play.purchase(pending).calls.acknowledge).toBe(0);
  expect(shop.standing("pia")).toEqual(["active"]);
});

test("items of one purchase have ends of their own, and one can be taken back", async () => {
  const items = [
    { productId: "plan", basePlanId: "m", periodDays: 30 },
    { productId: "addon", basePlanId: "m", periodDays: 10 },
  ];
  const token = shop.lab.buy("mia", "plan", { basePlanId: "m", items });
  const { purchase } = await shop.verified("mia", "addon", token);
  await shop.settled();
  const { desktop, studio } = await entitlementsOf(shop.lab, shop.at(), "mia");
  expect(purchase).toMatchObject({ product_id: "plan", expires_at: studio?.expires_at });
  expect(Date.parse(studio?.expires_at ?? "") - Date.parse(desktop?.expires_at ?? "")).toBe(20 * 86_400_000);
  shop.act(token, "revoke_item", { productId: "addon" });
  await shop.settled();
  expect(await shop.told("mia")).toEqual([
    "desktop Revoked: refund",
    "premium Delivered",
    "studio Delivered",
  ]);
  expect(shop.standing("mia")).toEqual(["active", "revoked"]);
  shop.act(token, "hold");
  await shop.settled();
  expect(shop.standing("mia")).toEqual(["revoked", "suspended"]);
});

test("bought again in the Play app after its end: a new chain and a new key, for the same customer", async () => {
  const token = shop.subscribe("rex");
  const { grants } = await shop.verified("rex", "plan", token);
  shop.act(token, "expire");
  await shop.settled();
  const again = { basePlanId: "monthly", resubscribes: token, obfuscatedAccountId: null };
  const next = shop.lab.buy("rex", "plan", again);
  await shop.settled();
  const open = (await shop.grants("rex")).filter(({ status }) => status === "Delivered");
  expect(open.map(({ entitlement_id }) => entitlement_id).sort()).toEqual(["premium", "studio"]);
  expect(open[0]?.subscription_id).not.toBe(grants[0]?.subscription_id);
  expect(shop.standing("rex")).toEqual(["active", "revoked"]);
  expect(shop.play.purchase(next)).toMatchObject({ acknowledged: true, accountId: "rex" });
});

test("units are refunded one by one; an older renewal's refund takes nothing", async () => {
  const seats = shop.lab.buy("una", "seats", { quantity: 3 });
  await shop.verified("una", "seats", seats);
  await shop.settled();
  for (const left of [2, 1, 0]) {
    shop.act(seats, "refund", { quantity: 1 });
    await shop.settled();
    expect(shop.standing("una").filter((status) => status === "active")).toHaveLength(left);
  }
  const plan = shop.subscribe("una");
  await shop.verified("una", "plan", plan);
  const [first = ""] = shop.play.purchase(plan).orderIds;
  shop.act(plan, "renew");
  await shop.settled();
  shop.act(plan, "refund", { orderId: first });
  await shop.settled();
  expect((await shop.told("una")).slice(-2)).toEqual(["premium Delivered", "studio Delivered"]);
  shop.act(plan, "refund", { keepState: true });
  await shop.settled();
  expect((await shop.told("una")).slice(-2)).toEqual(["premium Revoked: refund", "studio Revoked: refund"]);
});
