import { describe, expect, test } from "vitest";
import { aSandbox, fixture, google, PACKAGE, productPath, reasonOf, shape, told } from "./support.ts";

const LIFETIME = { uid: "u".repeat(64), packageName: PACKAGE, productId: "lifetime" };
const COINS = { ...LIFETIME, productId: "coins", quantity: 3 };

describe("a one-time product", () => {
  test.each([
    ["product-v2-purchased-lifetime", {}],
    ["product-v2-consumable-quantity-3", { quantity: 3 }],
    ["product-v2-promo-code-without-order", { promo: true, obfuscatedAccountId: null }],
    ["product-v2-test-purchase", { test: true }],
    ["product-v2-rental", { rental: true }],
  ])("reads as %s", async (like, input) => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy({ ...LIFETIME, ...input });
    const { body } = await google(sandbox, "GET", productPath(purchaseToken));
    expect(shape(body)).toEqual(shape(fixture(like)));
    expect(told(sandbox)).toEqual(["one-time 1"]);
  });

  test("pending (PromptPay QR): no order, no completion, no notice, no acknowledgement; then paid", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken, orderId } = sandbox.play.buy({ ...LIFETIME, pending: true });
    expect(orderId).toBeNull();
    const { body } = await google(sandbox, "GET", productPath(purchaseToken));
    expect(body).toMatchObject({ purchaseStateContext: { purchaseState: "PENDING" } });
    expect(body).not.toHaveProperty("orderId");
    expect(body).not.toHaveProperty("purchaseCompletionTime");
    expect(told(sandbox)).toEqual([]);
    const path = `/purchases/products/lifetime/tokens/${purchaseToken}`;
    expect((await google(sandbox, "POST", `${path}:acknowledge`)).status).toBe(400);
    sandbox.play.act(purchaseToken, "pay");
    expect((await google(sandbox, "POST", `${path}:acknowledge`)).status).toBe(200);
    expect(told(sandbox)).toEqual(["one-time 1"]);
  });

  test("given up while pending", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy({ ...LIFETIME, pending: true });
    sandbox.play.act(purchaseToken, "cancel");
    const { body } = await google(sandbox, "GET", productPath(purchaseToken));
    expect(body).toMatchObject({ purchaseStateContext: { purchaseState: "CANCELLED" } });
    expect(told(sandbox)).toEqual(["one-time 2"]);
  });

  test("acknowledging twice is fine, consuming twice is not", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(COINS);
    const path = `/purchases/products/coins/tokens/${purchaseToken}`;
    for (const verb of ["acknowledge", "acknowledge", "consume"]) {
      expect(await google(sandbox, "POST", `${path}:${verb}`)).toMatchObject({ status: 200, body: "" });
    }
    const again = await google(sandbox, "POST", `${path}:consume`);
    expect(again.status).toBe(400);
    expect(shape(again.body)).toEqual({
      error: expect.objectContaining(
        shape((fixture("error-400-product-not-owned") as { error: object }).error) as object,
      ),
    });
    expect(reasonOf(again)).toBe("productNotOwnedByUser");
    expect(sandbox.play.purchase(purchaseToken).calls).toEqual({ get: 0, acknowledge: 2, consume: 2 });
  });

  test("the older get speaks in numbers, and wants the right product", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(LIFETIME);
    const { body } = await google(sandbox, "GET", `/purchases/products/lifetime/tokens/${purchaseToken}`);
    expect(shape(body)).toEqual(shape(fixture("product-v1-purchased")));
    const other = await google(sandbox, "GET", `/purchases/products/coins/tokens/${purchaseToken}`);
    expect(other.status).toBe(400);
  });
});

describe("refunds of a one-time product", () => {
  test("by quantity: type 2 until the last unit, which is type 1 and ends it", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(COINS);
    const state = async () => (await google(sandbox, "GET", productPath(purchaseToken))).body;
    sandbox.play.act(purchaseToken, "refund", { quantity: 1 });
    expect(await state()).toMatchObject({
      purchaseStateContext: { purchaseState: "PURCHASED" },
      productLineItem: [{ productOfferDetails: { quantity: 3, refundableQuantity: 2 } }],
    });
    sandbox.play.act(purchaseToken, "refund", { quantity: 2 });
    expect(await state()).toMatchObject({
      purchaseStateContext: { purchaseState: "CANCELLED" },
      productLineItem: [{ productOfferDetails: { quantity: 3, refundableQuantity: 0 } }],
    });
    expect(told(sandbox)).toEqual(["one-time 1", "void 2", "void 1"]);
  });

  test("a developer's revoke tells CANCELED as well", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(LIFETIME);
    sandbox.play.act(purchaseToken, "revoke");
    expect(told(sandbox)).toEqual(["one-time 1", "one-time 2", "void 1"]);
  });

  test("orders.refund without revoke leaves the access, with it ends it", async () => {
    const sandbox = await aSandbox();
    const [kept, taken] = [sandbox.play.buy(LIFETIME), sandbox.play.buy(LIFETIME)];
    await google(sandbox, "POST", `/orders/${kept.orderId}:refund`);
    await google(sandbox, "POST", `/orders/${taken.orderId}:refund?revoke=true`);
    expect(sandbox.play.purchase(kept.purchaseToken).state).toBe("PURCHASED");
    expect(sandbox.play.purchase(taken.purchaseToken).state).toBe("CANCELLED");
    const order = await google(sandbox, "GET", `/orders/${kept.orderId}`);
    expect(order.body).toMatchObject({ state: "REFUNDED", purchaseToken: kept.purchaseToken });
    expect((await google(sandbox, "POST", `/orders/${kept.orderId}:refund`)).status).toBe(400);
  });
});

describe("voidedpurchases.list", () => {
  test("one-time products alone by default, partial ones on demand, oldest first, by pages", async () => {
    const sandbox = await aSandbox();
    const plan = sandbox.play.buy({ ...LIFETIME, productId: "plan", basePlanId: "monthly" });
    const coins = sandbox.play.buy(COINS);
    const lifetime = sandbox.play.buy(LIFETIME);
    sandbox.play.act(plan.purchaseToken, "revoke");
    sandbox.play.act(coins.purchaseToken, "refund", { quantity: 1 });
    sandbox.play.act(lifetime.purchaseToken, "refund", { source: 2, reason: 7 });
    const list = async (query: string) => {
      const { body } = await google(sandbox, "GET", `/purchases/voidedpurchases?${query}`);
      return body as { voidedPurchases?: { orderId: string }[]; tokenPagination?: { nextPageToken: string } };
    };
    const orders = (page: Awaited<ReturnType<typeof list>>) =>
      page.voidedPurchases?.map(({ orderId }) => orderId);
    expect(orders(await list(""))).toEqual([lifetime.orderId]);
    expect(orders(await list("type=1"))).toEqual([plan.orderId, lifetime.orderId]);
    const all = "type=1&includeQuantityBasedPartialRefund=true&maxResults=2";
    const first = await list(all);
    expect(shape(first.voidedPurchases?.[1])).toEqual(
      shape((fixture("voided-purchases-page-1") as typeof first).voidedPurchases?.[1]),
    );
    const second = await list(`${all}&token=${first.tokenPagination?.nextPageToken}`);
    expect([orders(first), orders(second)]).toEqual([[plan.orderId, coins.orderId], [lifetime.orderId]]);
    expect(await list(`endTime=${Date.now() - 60_000}`)).toEqual({});
    const tooOld = `startTime=${Date.now() - 31 * 86_400_000}`;
    expect((await google(sandbox, "GET", `/purchases/voidedpurchases?${tooOld}`)).status).toBe(400);
  });
});

test("only the first answer to a refund review counts", async () => {
  const sandbox = await aSandbox();
  const { purchaseToken, orderId } = sandbox.play.buy(LIFETIME);
  sandbox.play.act(purchaseToken, "refund_review");
  const notice = sandbox.play.notifications.at(-1)?.body;
  expect(shape(notice)).toEqual(shape(fixture("rtdn-pending-refund-review")));
  const [review] = sandbox.play.reviews.values();
  for (const refundPreference of ["DECLINE", "APPROVE"]) {
    const { pendingRefundToken } = review ?? {};
    const body = { pendingRefundToken, refundPreference, sampleContentProvided: false };
    expect((await google(sandbox, "POST", `/orders/${orderId}:reviewrefund`, body)).status).toBe(200);
  }
  expect(review).toMatchObject({ preference: "DECLINE", answers: 2 });
});
