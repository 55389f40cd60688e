import { describe, expect, test } from "vitest";
import { toOneTimePurchase } from "../../../src/domain/google-play/product-purchase.ts";
import type { PurchaseState } from "../../../src/domain/purchase.ts";
import { at, only } from "../../support/builders.ts";
import { fixture } from "../../support/fixtures.ts";

const PAID = "2026-11-10T04:05:06.789Z";
const inState = (purchaseState: string) => ({ purchaseStateContext: { purchaseState } });
const BARE = inState("PURCHASED");

describe("states", () => {
  test.each<[string, string | null, PurchaseState]>([
    ["PURCHASED", PAID, "purchased"],
    ["PENDING", null, "pending"],
    // One-time products spell it with two L.
    ["CANCELLED", null, "canceled"],
    ["CANCELLED", PAID, "refunded"],
    ["CANCELED", PAID, "unknown"],
    ["PURCHASE_STATE_UNSPECIFIED", null, "unknown"],
    ["RESERVED_IN_2028", PAID, "unknown"],
  ])("%s, paid at %s, is %s", (state, purchaseCompletionTime, expected) => {
    expect(toOneTimePurchase({ ...inState(state), purchaseCompletionTime }).state).toBe(expected);
  });
});

test("an answer with nothing but a state is read", () => {
  expect(toOneTimePurchase(BARE)).toEqual({
    type: "one_time",
    state: "purchased",
    items: [],
    startedAt: null,
    acknowledged: false,
    test: false,
    accountId: null,
    replaces: null,
    resubscribes: null,
    endedBy: null,
    autoResumesAt: null,
  });
});

test("a purchase in full", () => {
  const purchase = toOneTimePurchase(fixture("product-v2-consumed-partially-refunded"));
  expect(purchase).toMatchObject({
    acknowledged: true,
    test: false,
    startedAt: at("2026-11-03T11:22:32.900Z"),
    accountId: "5769e5a265a9700fea81490a38c965c3a4ffeef8b2b44990a03f92e650b17b88",
  });
  expect(only(purchase.items)).toEqual({
    productId: "credit_pack_50",
    basePlanId: null,
    orderId: "GPA.3377-9701-9154-85887",
    expiresAt: null,
    autoRenewing: null,
    leaving: false,
    quantity: 3,
    refundableQuantity: 2,
    consumed: true,
    rental: false,
  });
});

test("what Google leaves out: one unit, not counted, not consumed, not rented", () => {
  const bare = { quantity: 1, refundableQuantity: null, consumed: false, rental: false, orderId: null };
  for (const item of [{ productId: "p" }, { productId: "p", productOfferDetails: {} }]) {
    expect(only(toOneTimePurchase({ ...BARE, productLineItem: [item] }).items)).toMatchObject(bare);
  }
});

test("a promo code leaves no order", () => {
  expect(only(toOneTimePurchase(fixture("product-v2-promo-code-without-order")).items).orderId).toBeNull();
});

test("rentals and testers are told by the presence of an object", () => {
  expect(only(toOneTimePurchase(fixture("product-v2-rental")).items).rental).toBe(true);
  expect(toOneTimePurchase(fixture("product-v2-test-purchase")).test).toBe(true);
  expect(toOneTimePurchase({ ...BARE, testPurchaseContext: {} }).test).toBe(true);
});

test("acknowledged means that word alone", () => {
  expect(
    toOneTimePurchase({ ...BARE, acknowledgementState: "ACKNOWLEDGEMENT_STATE_PENDING" }).acknowledged,
  ).toBe(false);
});

test.each([
  ["an answer about a subscription", fixture("sub-on-hold")],
  ["an error page", "<html>"],
  ["no units", { ...BARE, productLineItem: [{ productId: "p", productOfferDetails: { quantity: 0 } }] }],
  [
    "a negative count",
    { ...BARE, productLineItem: [{ productId: "p", productOfferDetails: { refundableQuantity: -1 } }] },
  ],
])("%s can't be read", (_, json) => {
  expect(() => toOneTimePurchase(json)).toThrow("can't be read");
});

test("a purchase of which nothing can be refunded any more is read", () => {
  const item = { productId: "p", productOfferDetails: { quantity: 2, refundableQuantity: 0 } };
  expect(only(toOneTimePurchase({ ...BARE, productLineItem: [item] }).items).refundableQuantity).toBe(0);
});
