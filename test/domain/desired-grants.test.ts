import { describe, expect, test } from "vitest";
import { desiredGrants, MAX_UNITS, type Policy } from "../../src/domain/desired-grants.ts";
import { slotId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import { NO_OBSERVATIONS, observe } from "../../src/domain/observation.ts";
import type { PurchaseRecord } from "../../src/domain/purchase-file.ts";
import {
  ANN,
  active,
  CATALOG_JSON,
  catalog,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  POLICY,
  policyWithout,
  product,
  record,
  slot,
  subscription,
  target,
} from "../support/builders.ts";

function desired(
  purchase: PurchaseRecord,
  policy: Policy = POLICY,
  held = [] as Parameters<typeof desiredGrants>[2],
) {
  return desiredGrants(purchase, ANN, held, policy, NOW);
}

/** `premium: active` for each slot that a purchase has a say in. */
function told(purchase: PurchaseRecord, policy?: Policy): string[] {
  return desired(purchase, policy).map(
    ({ entitlementId, target: { access } }) =>
      `${entitlementId}: ${access.kind === "active" ? "active" : access.reason}`,
  );
}

test("a subscription wants its entitlements of the slots of its chain", () => {
  const purchase = record();
  const [pro, desktop] = desired(purchase);
  expect(pro?.slotId).toBe(slotId(ANN, must(purchase.chainId), "pro", 0));
  expect(desktop).toEqual({
    slotId: slotId(ANN, must(purchase.chainId), "desktop", 0),
    entitlementId: "desktop",
    target: target({ access: active(NOW + 13 * DAY), chainId: purchase.chainId }),
  });
});

test("a one-time product wants them of slots of the purchase itself, one for each product", () => {
  const purchase = record({ answer: oneTime({ items: [product(), product({ productId: "lumen_v2" })] }) });
  const wishes = desired(purchase);
  expect(wishes.map((wish) => wish.slotId)).toEqual([
    slotId(ANN, `${purchase.id}/lumen_lifetime`, "pro", 0),
    slotId(ANN, `${purchase.id}/lumen_lifetime`, "desktop", 0),
    slotId(ANN, `${purchase.id}/lumen_v2`, "pro", 0),
  ]);
  expect(only(wishes.slice(2)).target).toMatchObject({
    chainId: null,
    expiresAt: null,
    willRenew: false,
    state: "purchased",
  });
});

describe("quantities", () => {
  const bought = (quantity: number, refundableQuantity: number) =>
    record({
      answer: oneTime({ items: [product({ productId: "credit_pack_50", quantity, refundableQuantity })] }),
    });

  test("N units are N slots", () => {
    const wishes = desired(bought(3, 3));
    expect(new Set(wishes.map((wish) => wish.slotId)).size).toBe(3);
    expect(told(bought(3, 3))).toEqual(["seat: active", "seat: active", "seat: active"]);
  });

  test("refunded units are taken from the newest", () => {
    expect(told(bought(3, 1))).toEqual(["seat: active", "seat: refund", "seat: refund"]);
  });

  test("a feature is one, however many units: only licences are counted", () => {
    const [pack] = CATALOG_JSON.products.filter(({ product_id }) => product_id === "credit_pack_50");
    const products = [{ ...pack, entitlements: ["pro", "seat"] }];
    const both = { ...POLICY, catalog: catalog({ ...CATALOG_JSON, products }) };
    const tell = (purchase: PurchaseRecord) =>
      desired(purchase, both).map(({ entitlementId, target: { access } }) => [entitlementId, access.kind]);
    expect(tell(bought(2, 1))).toEqual([
      ["pro", "active"],
      ["seat", "active"],
      ["seat", "ended"],
    ]);
  });

  test("what one purchase can make us do is bounded", () => {
    expect(desired(bought(5000, 5000)).length).toBe(MAX_UNITS);
    expect(MAX_UNITS).toBe(100);
  });
});

describe("nothing is wanted", () => {
  test.each<[string, PurchaseRecord, Policy]>([
    ["while pending", record({ answer: subscription({ state: "pending" }) }), POLICY],
    ["of a token of which nothing is known", record({ answer: null }), POLICY],
    [
      "of an item not started",
      record({ answer: subscription({ items: [lineItem({ expiresAt: null })] }) }),
      POLICY,
    ],
    [
      "of a tester's purchase, where these are ignored",
      record({ answer: oneTime({ test: true }) }),
      { ...POLICY, catalog: catalog({ ...CATALOG_JSON, test_purchases: "ignore" }) },
    ],
  ])("%s", (_, purchase, policy) => expect(desired(purchase, policy)).toEqual([]));

  test("but a tester's purchase gives like any other by default", () => {
    expect(told(record({ answer: oneTime({ test: true }) }))).toEqual(["pro: active", "desktop: active"]);
  });
});

describe("several items for one slot: the strongest access counts", () => {
  const studio = (expiresAt: number, autoRenewing: boolean | null = null) =>
    lineItem({ productId: "lumen_studio", expiresAt, autoRenewing });
  const pro = (expiresAt: number | null) => lineItem({ expiresAt, autoRenewing: null });

  test.each<[string, ReturnType<typeof lineItem>[], string]>([
    ["the one that ends later", [pro(NOW + DAY), studio(NOW + 2 * DAY)], "lumen_studio"],
    ["the one that ends later, standing first", [studio(NOW + 2 * DAY), pro(NOW + DAY)], "lumen_studio"],
    ["the first of equals", [studio(NOW + DAY), pro(NOW + DAY)], "lumen_studio"],
    ["what is active before what has ended", [studio(NOW - DAY), pro(NOW + DAY)], "lumen_pro"],
    [
      "what is active before what has ended, standing first",
      [pro(NOW + DAY), studio(NOW - DAY)],
      "lumen_pro",
    ],
    ["what has begun before what has not", [pro(null), studio(NOW + DAY)], "lumen_studio"],
  ])("%s", (_, items, expected) => {
    const wish = must(
      desired(record({ answer: subscription({ items }) })).find((each) => each.entitlementId === "pro"),
    );
    expect(wish.target.productId).toBe(expected);
  });

  test("all that give it are named, and none that doesn't any more", () => {
    const named = (items: ReturnType<typeof lineItem>[]) =>
      must(desired(record({ answer: subscription({ items }) })).find((each) => each.entitlementId === "pro"))
        .target.productIds;
    expect(named([studio(NOW + 2 * DAY), pro(NOW + DAY)])).toEqual(["lumen_pro", "lumen_studio"]);
    expect(named([pro(NOW + DAY), studio(NOW - DAY)])).toEqual(["lumen_pro"]);
    expect(named([pro(NOW - DAY), studio(NOW - DAY)])).toEqual([]);
  });

  test("one refunded on hold doesn't take the other's", () => {
    const items = [lineItem({ orderId: "GPA.x" }), lineItem({ productId: "lumen_studio", orderId: "GPA.y" })];
    const seen = observe(NO_OBSERVATIONS, {
      kind: "voided",
      order: { orderId: "GPA.x", extent: "full", at: NOW },
    });
    const wishes = desired(record({ answer: subscription({ state: "on_hold", items }), observations: seen }));
    const kinds = Object.fromEntries(wishes.map((wish) => [wish.entitlementId, wish.target.access.kind]));
    expect(kinds).toEqual({ pro: "suspended", studio: "suspended", desktop: "suspended" });
  });

  test("of items that are all on hold the first speaks", () => {
    const items = [lineItem({ orderId: "GPA.x" }), lineItem({ orderId: "GPA.y" })];
    const [wish] = desired(record({ answer: subscription({ state: "on_hold", items }) }));
    expect(wish?.target.orderId).toBe("GPA.x");
  });

  test("bought for good twice over, the first speaks", () => {
    const items = [product({ orderId: "GPA.x" }), product({ orderId: "GPA.y" })];
    const wishes = desired(record({ answer: oneTime({ items }) }));
    expect(wishes.map((wish) => wish.target.orderId)).toEqual(["GPA.x", "GPA.x"]);
  });
});

describe("products that left the catalogue", () => {
  test("go on giving what they gave, once per entitlement", () => {
    const answer = oneTime({ items: [product({ productId: "credit_pack_50", quantity: 2 })] });
    const purchase = record({ answer });
    const gone = policyWithout("credit_pack_50");
    const held = [0, 1].map((unit) => {
      const aim = target({ purchaseId: purchase.id, productId: "credit_pack_50" });
      return slot({
        id: slotId(ANN, `${purchase.id}/credit_pack_50`, "seat", unit),
        entitlementId: "seat",
        target: aim,
      });
    });
    const emptied = { ...POLICY, catalog: catalog({ ...CATALOG_JSON, entitlements: {}, products: [] }) };
    for (const policy of [gone, emptied]) {
      expect(desired(purchase, policy, held).map((wish) => wish.slotId)).toEqual(held.map((each) => each.id));
    }
  });

  test("don't give what another product, or another purchase of it, gave", () => {
    const gone = policyWithout("lumen_pro");
    const other = slot({ target: target({ productId: "lumen_studio" }) });
    const elsewhere = slot({ target: target({ purchaseId: "pur_other" as never }) });
    expect(desired(record(), gone, [other, elsewhere])).toEqual([]);
  });
});

describe("what a target says besides", () => {
  const aim = (answer: PurchaseRecord["answer"], observations = NO_OBSERVATIONS) =>
    must(desired(record({ answer, observations }))[0]).target;

  test("whether it will renew", () => {
    expect(aim(subscription()).willRenew).toBe(true);
    expect(aim(subscription({ state: "canceled" })).willRenew).toBe(false);
    expect(aim(subscription({ items: [lineItem({ autoRenewing: false })] })).willRenew).toBe(false);
    expect(aim(subscription({ items: [lineItem({ leaving: true })] })).willRenew).toBe(false);
    expect(aim(subscription({ state: "paused" })).willRenew).toBe(true);
  });

  test("the end of a rental as its expiry, which Google doesn't tell", () => {
    const rented = product({ productId: "course_pack", rental: true });
    expect(aim(oneTime({ items: [rented], startedAt: NOW - DAY }))).toMatchObject({
      access: active(NOW + 29 * DAY),
      expiresAt: NOW + 29 * DAY,
    });
    expect(aim(oneTime({ items: [rented], startedAt: NOW - 31 * DAY })).expiresAt).toBeNull();
  });

  test("Google's end, while access has another", () => {
    expect(aim(subscription())).toMatchObject({ access: active(NOW + 13 * DAY), expiresAt: NOW + 10 * DAY });
    expect(aim(subscription({ state: "on_hold" })).expiresAt).toBe(NOW + 10 * DAY);
  });

  test("the state as the outside calls it", () => {
    const seen = observe(NO_OBSERVATIONS, { kind: "revoked" });
    expect(aim(subscription({ state: "expired" }), seen).state).toBe("revoked");
  });
});
