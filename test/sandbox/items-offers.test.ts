import { describe, expect, test } from "vitest";
import { fixture, PACKAGE, productPath, shape } from "./support.ts";
import { type AnswerItem, ONE_TIME, START, timeline } from "./timeline.ts";

const DAY = 86_400_000;
const UID = "u".repeat(64);
const BUNDLE = {
  uid: UID,
  items: ["plan", "cloud", "extra"].map((productId) => ({ productId, basePlanId: "monthly" })),
};

/** Product, the day on which its access ends, whether it renews. */
function ends(items: AnswerItem[]): string[] {
  return items.map(({ productId, expiryTime = "", autoRenewingPlan }) => {
    const day = (Date.parse(expiryTime) - START) / DAY;
    return `${productId} ${day}${autoRenewingPlan?.autoRenewEnabled ? "" : " ends"}`;
  });
}

describe("several items", () => {
  test("one token, one order, one renewal", () => {
    const { bought, day, answer, told, sandbox } = timeline();
    const token = bought(BUNDLE);
    day(30);
    expect(ends(answer(token).lineItems)).toEqual(["plan 60", "cloud 60", "extra 60"]);
    expect(sandbox.play.purchase(token).orders.map(({ lines }) => lines.length)).toEqual([3, 3]);
    expect(told()).toEqual(["4@0", "2@30"]);
  });

  test("an add-on joins the renewal date of the others; one that is removed leaves at it", () => {
    const { bought, act, day, answer, told } = timeline();
    const token = bought({ uid: UID });
    day(10);
    act(token, "add_item", { productId: "cloud", price: 59 });
    expect(ends(answer(token).lineItems)).toEqual(["plan 30", "cloud 30"]);
    day(40);
    act(token, "remove_item", { productId: "cloud" });
    expect(ends(answer(token).lineItems)).toEqual(["plan 60", "cloud 60 ends"]);
    expect(shape(answer(token))).toEqual(shape(fixture("sub-addons-mixed-expiry")));
    day(60);
    expect(ends(answer(token).lineItems)).toEqual(["plan 90"]);
    expect(told()).toEqual(["4@0", "17@10", "2@30", "17@40", "2@60"]);
  });

  test("what cannot be added or removed is refused", () => {
    const { bought, act } = timeline();
    const token = bought();
    expect(() => act(token, "add_item", { productId: "plan" })).toThrow(/already/);
    expect(() => act(token, "add_item")).toThrow(/product_id/);
    expect(() => act(token, "remove_item", { productId: "plan" })).toThrow(/last item/);
    expect(() => act(token, "remove_item", { productId: "nothing" })).toThrow(/one of plan/);
    expect(() => act(bought({ autoRenewing: false }), "add_item", { productId: "x" })).toThrow(
      /auto-renewing/,
    );
  });

  test("one item is refused: the whole waits, then it ends and the others resume", () => {
    const { bought, act, day, answer, told } = timeline();
    const token = bought(BUNDLE);
    act(token, "decline", { productId: "cloud", graceDays: 2, holdDays: 10 });
    day(34);
    expect(answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_ON_HOLD");
    day(43);
    expect(answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
    expect(ends(answer(token).lineItems)).toEqual(["plan 73", "cloud 33 ends", "extra 73"]);
    expect(told()).toEqual(["4@0", "6@31", "5@33", "1@43"]);
  });

  test("revoked one by one: the last one ends it all", () => {
    const { bought, act, answer, told } = timeline();
    const token = bought(BUNDLE);
    act(token, "revoke_item", { productId: "cloud" });
    act(token, "revoke_item", { productId: "plan" });
    expect(ends(answer(token).lineItems)).toEqual(["plan 0 ends", "cloud 0 ends", "extra 30"]);
    expect(() => act(token, "revoke_item", { productId: "plan" })).toThrow(/one of extra/);
    act(token, "revoke_item", { productId: "extra" });
    expect(answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_EXPIRED");
    expect(told()).toEqual(["4@0", "12@0", "12@0", "12@0", "void 1@0"]);
  });

  test("the refund of an add-on's own order ends that add-on; of the plan's order all it paid for", () => {
    const { bought, act, answer, sandbox } = timeline();
    const token = bought(BUNDLE);
    const order = sandbox.play.act(token, "add_item", { productId: "late" }).orderId ?? "";
    act(token, "refund", { orderId: order });
    expect(ends(answer(token).lineItems)).toEqual(["plan 30", "cloud 30", "extra 30", "late 0 ends"]);
    act(token, "refund", { orderId: sandbox.play.purchase(token).orderIds[0] ?? "" });
    expect(answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_EXPIRED");
  });

  test("a change of plan takes the add-ons along", () => {
    const { bought, act, day, answer } = timeline();
    const old = bought(BUNDLE);
    day(10);
    const next = act(old, "change_plan", { productId: "max" });
    expect(ends(answer(next).lineItems)).toEqual(["max 40", "cloud 30", "extra 30"]);
    expect(answer(next).lineItems[1]).toMatchObject({
      itemReplacement: { replacementMode: "KEEP_EXISTING" },
    });
  });
});

describe("offers", () => {
  test("a free trial, two introductory months, then the base price", () => {
    const { bought, day, answer, sandbox } = timeline();
    const offer = { offerId: "start", freeTrialDays: 7, introductory: { price: 49, cycles: 2 } };
    const token = bought({ uid: UID, price: 149, offer });
    expect(shape(answer(token).lineItems[0]?.offerPhase)).toEqual({ freeTrial: {} });
    expect(answer(token).lineItems[0]?.offerDetails).toEqual({ basePlanId: "monthly", offerId: "start" });
    const phases = [7, 37, 67, 97].map((at) => {
      day(at - 0.01);
      const [item] = answer(token).lineItems;
      return `${Object.keys(item?.offerPhase ?? {})} ${ends(item ? [item] : [])}`;
    });
    expect(phases).toEqual([
      "freeTrial plan 7",
      "introductoryPrice plan 37",
      "introductoryPrice plan 67",
      "basePrice plan 97",
    ]);
    const totals = sandbox.play.purchase(token).orders.map(({ total }) => total.units);
    expect(totals).toEqual(["0", "49", "49", "149"]);
  });

  test("a promo code pays the first period, without an order", () => {
    const { bought, day, answer, sandbox } = timeline();
    const token = bought({ promo: true });
    expect(answer(token).lineItems[0]).toMatchObject({ signupPromotion: { oneTimeCode: {} } });
    expect(sandbox.play.purchase(token).orderIds).toEqual([]);
    day(30);
    expect(sandbox.play.purchase(token).orderIds).toHaveLength(1);
    expect(answer(token).lineItems[0]).toHaveProperty("latestSuccessfulOrderId");
  });
});

describe("what the answer tells has the shape of Google's", () => {
  test("a free trial", () => {
    const { buy, answer } = timeline();
    const token = buy({ uid: UID, offer: { offerId: "try", tags: ["new"], freeTrialDays: 7 } });
    expect(shape(answer(token))).toEqual(shape(fixture("sub-active-free-trial")));
  });

  test("a rise that waits for consent, and what it costs once it has it", () => {
    const { bought, act, day, answer } = timeline();
    const token = bought({ uid: UID });
    day(30);
    act(token, "price_change", { price: 179, days: 40 });
    expect(shape(answer(token))).toEqual(shape(fixture("sub-price-increase-outstanding")));
    act(token, "accept_price");
    day(60);
    const plan = () => answer(token).lineItems[0]?.autoRenewingPlan;
    expect(plan()).toMatchObject({ recurringPrice: { units: "149" } });
    day(90);
    expect(plan()).toMatchObject({
      recurringPrice: { units: "179" },
      priceChangeDetails: { priceChangeState: "APPLIED" },
    });
  });

  test("Korea's step up", () => {
    const { bought, act, day, answer } = timeline();
    const token = bought();
    act(token, "step_up", { price: 179 });
    const details = () => answer(token).lineItems[0]?.autoRenewingPlan?.priceStepUpConsentDetails;
    expect(details()).toMatchObject({ state: "PENDING", newPrice: { units: "179" } });
    act(token, "accept_price");
    day(30);
    expect(details()).toMatchObject({ state: "COMPLETED" });
  });

  test("instalments with a scheduled cancellation", () => {
    const { bought, act, day, answer } = timeline();
    const token = bought({
      uid: UID,
      installments: 12,
      price: { currencyCode: "EUR", units: "9", nanos: 99e7 },
    });
    act(token, "cancel");
    day(60);
    expect(shape(answer(token))).toEqual(shape(fixture("sub-installment-cancel-scheduled")));
    const details = answer(token).lineItems[0]?.autoRenewingPlan?.installmentDetails;
    expect(details).toMatchObject({ remainingCommittedPaymentsCount: 9 });
    expect(() => act(token, "cancel")).toThrow(/already/);
  });

  test("a pre-order", async () => {
    const { buy, act, sandbox, told } = timeline();
    const token = buy({ ...ONE_TIME, uid: UID, preorderDays: 20 });
    const url = `http://sandbox.invalid/play/androidpublisher/v3/applications/${PACKAGE}${productPath(token)}`;
    const body = await (await sandbox.fetch(new Request(url))).json();
    expect(shape(body)).toEqual(shape(fixture("product-v2-preorder-pending")));
    act(token, "preorder_release");
    expect(told()).toEqual(["one-time 1@0"]);
    expect(() => act(buy({ ...ONE_TIME, pending: true }), "preorder_release")).toThrow(/no pre-order/);
  });
});
