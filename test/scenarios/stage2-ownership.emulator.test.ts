import { afterAll, beforeAll, expect, test } from "vitest";
import { entitlementsOf, purchasesOf, verify } from "../support/wire.ts";
import type { AdminPurchase, Page } from "./support/desk.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** Whose a purchase is: two processes that let it move, and others that don't, on the same data. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url, { services: 2, env: { PURCHASE_TRANSFER: "allow" } });
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

async function ownerOf(token: string): Promise<string | null | undefined> {
  const { body } = await shop.admin<Page<AdminPurchase>>(`/purchases?purchase_token=${token}`);
  return body.data[0]?.customer_id;
}

const holds = async (uid: string) =>
  Object.values(await entitlementsOf(shop.lab, shop.at(), uid)).some(({ active }) => active);

test("a purchase moves with all it gives to who presents it, and back", async () => {
  const token = shop.lab.buy("ada", "lifetime", { obfuscatedAccountId: null });
  for (const [to, from] of [
    ["ada", "bea"],
    ["bea", "ada"],
    ["ada", "bea"],
  ] as const) {
    await shop.verified(to, "lifetime", token);
    await shop.settled();
    expect(await ownerOf(token)).toBe(to);
    expect([await holds(to), await holds(from)]).toEqual([true, false]);
    expect(shop.standing(to).filter((status) => status === "active")).toHaveLength(1);
    expect(shop.standing(from)).not.toContain("active");
    expect(await purchasesOf(shop.lab, shop.at(), from)).toEqual([]);
  }
  expect(await shop.told("bea")).toEqual(["desktop Revoked: manual", "premium Revoked: manual"]);
  expect(shop.play.purchase(token).calls.acknowledge).toBe(1);
});

test("it takes units refunded before and a hold along, and gifts stay", async () => {
  const { act, settled } = shop;
  const seats = shop.lab.buy("cat", "seats", { quantity: 3, obfuscatedAccountId: null });
  await shop.verified("cat", "seats", seats);
  act(seats, "refund", { quantity: 1 });
  await shop.admin("/grants", { body: { customer_id: "cat", entitlement_id: "studio", expires_at: null } });
  await settled();
  await shop.verified("dan", "seats", seats);
  const plan = shop.lab.buy("cat", "plan", { basePlanId: "monthly", obfuscatedAccountId: null });
  await shop.verified("cat", "plan", plan);
  await settled();
  act(plan, "hold");
  await settled();
  await shop.verified("dan", "plan", plan);
  await settled();
  expect(await shop.told("dan")).toEqual(["desktop Delivered", "desktop Delivered"]);
  act(plan, "recover");
  await settled();
  expect((await shop.told("dan")).slice(2)).toEqual(["premium Delivered", "studio Delivered"]);
  expect((await shop.told("cat")).filter((line) => !line.includes("Revoked"))).toEqual(["studio Delivered"]);
  expect(shop.standing("dan")).toEqual(["active", "active", "active"]);
  expect(shop.standing("cat").filter((status) => status !== "revoked")).toEqual(["active"]);
});

test("of two customers at two processes at once one has it in the end, with the one live licence", async () => {
  for (let round = 0; round < 3; round += 1) {
    const token = shop.lab.buy("nobody", "lifetime", { obfuscatedAccountId: null });
    const rivals = [`eli${round}`, `fay${round}`];
    const tries = Array.from({ length: 8 }, (_, index) =>
      verify(shop.lab, shop.at(index >> 1), rivals[index % 2] ?? "", "lifetime", token),
    );
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    await shop.settled();
    const owner = await ownerOf(token);
    expect(rivals).toContain(owner);
    for (const rival of rivals) expect(await holds(rival)).toBe(rival === owner);
    const live = rivals.flatMap((rival) => shop.licences(rival)).filter(({ status }) => status === "active");
    expect(live.map(({ metadata }) => metadata.customer)).toEqual([owner]);
    expect(shop.play.purchase(token).calls.acknowledge).toBe(1);
  }
});

test("where nothing moves, a stranger is refused: bound, named by its id, or through the plan it replaces", async () => {
  const strict = await shop.lab.start({ PURCHASE_TRANSFER: "reject" });
  const refused = async (productId: string, token: string) =>
    expect(await verify(shop.lab, strict, "stranger", productId, token)).toMatchObject({
      status: 409,
      body: { code: "purchase_owned_by_another_customer" },
    });
  const unclaimed = shop.lab.buy("gus", "lifetime", { obfuscatedAccountId: null });
  await shop.settled();
  expect(await ownerOf(unclaimed)).toBeNull();
  expect(shop.play.purchase(unclaimed).acknowledged).toBe(false);
  await shop.verified("gus", "lifetime", unclaimed);
  await refused("lifetime", unclaimed);
  await refused("lifetime", shop.lab.buy("gus", "lifetime"));
  const plan = shop.subscribe("gus");
  await shop.verified("gus", "plan", plan);
  const change = { productId: "plan_max", basePlanId: "monthly", obfuscatedAccountId: null, notify: false };
  await refused("plan_max", shop.act(plan, "change_plan", change));
  await shop.settled();
  expect(await shop.told("stranger")).toEqual([]);
  expect(shop.play.purchase(unclaimed).acknowledged).toBe(true);
});

test("with hmac the notice alone finds the customer; with none Google's id says nothing", async () => {
  const key = Buffer.alloc(32, 7).toString("base64");
  // The last one started hears the notices.
  const none = await shop.lab.start({ OBFUSCATED_ACCOUNT_ID: "none", PURCHASE_TRANSFER: "reject" });
  const plain = shop.lab.buy("ike", "lifetime");
  await shop.settled();
  expect(await ownerOf(plain)).toBeNull();
  expect((await verify(shop.lab, none, "joy", "lifetime", plain)).status).toBe(200);
  expect((await verify(shop.lab, none, "ike", "lifetime", plain)).status).toBe(409);

  const hmac = await shop.lab.start({
    OBFUSCATED_ACCOUNT_ID: "hmac",
    OBFUSCATED_ACCOUNT_KEY: key,
    PURCHASE_TRANSFER: "reject",
  });
  const { body } = await shop.lab.call<{ obfuscated_account_id: string }>(hmac, "kim", "/v1/account");
  expect(body.obfuscated_account_id).toMatch(/^[0-9a-f]{64}$/);
  const named = shop.lab.buy("kim", "lifetime", { obfuscatedAccountId: body.obfuscated_account_id });
  const inClear = shop.lab.buy("kim", "lifetime", { obfuscatedAccountId: "kim" });
  await shop.settled();
  expect([await ownerOf(named), await ownerOf(inClear)]).toEqual(["kim", null]);
  expect((await verify(shop.lab, hmac, "leo", "lifetime", named)).status).toBe(409);
});
