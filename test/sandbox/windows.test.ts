import { describe, expect, test } from "vitest";
import type { BuyInput } from "../../sandbox/play/inputs.ts";
import { ONE_TIME, timeline } from "./timeline.ts";

const MINUTES = 1 / 1440;
const COINS = { ...ONE_TIME, productId: "coins" };

/** What nobody acknowledges, and the day on which it is taken back. */
const WINDOWS: [name: string, buy: Partial<BuyInput>, day: number, told: string][] = [
  ["a subscription", {}, 3, "4@0 12@3 void 1@3"],
  ["a prepaid month", { autoRenewing: false }, 3, "4@0 12@3 void 1@3"],
  ["three prepaid days", { autoRenewing: false, periodDays: 3 }, 1.5, "4@0 12@1.5 void 1@1.5"],
  ["a free trial", { offer: { offerId: "try", freeTrialDays: 7 } }, 3, "4@0 12@3 void 1@3"],
  ["a license tester's", { test: true }, 3 * MINUTES, "4@0 12@0.002 void 1@0.002"],
  ["a one-time product", ONE_TIME, 3, "one-time 1@0 one-time 2@3 void 1@3"],
  ["a promo code's, without an order", { ...ONE_TIME, promo: true }, 3, "one-time 1@0 one-time 2@3 void 1@3"],
];

describe("the acknowledgement window", () => {
  test.each(WINDOWS)("%s is taken back at its end", (_name, buy, end, told) => {
    const world = timeline();
    const token = world.buy(buy);
    world.day(end - 1e-6);
    expect(world.sandbox.play.voids).toEqual([]);
    world.day(end);
    expect(world.told().join(" ")).toBe(told);
    const { state, type, orderIds } = world.sandbox.play.purchase(token);
    expect(state).toBe(type === "subscription" ? "EXPIRED" : "CANCELLED");
    expect(world.sandbox.play.voids).toMatchObject([
      { purchaseToken: token, orderId: orderIds[0] ?? null, source: 2, reason: 8 },
    ]);
    expect(orderIds.map((id) => world.sandbox.play.world.orders.get(id)?.state)).toEqual(
      orderIds.map(() => "REFUNDED"),
    );
    world.day(200);
    expect(world.told()).toHaveLength(told.split("@").length - 1);
  });

  test.each([
    ["revoked", ["4@0", "12@3", "void 1@3"]],
    ["expired", ["4@0", "13@3", "void 1@3"]],
    ["nothing", ["4@0", "void 1@3"]],
  ] as const)("which notice goes with the void can be chosen: %s", (unacknowledgedTells, told) => {
    const world = timeline({ unacknowledgedTells });
    world.buy();
    world.day(3);
    expect(world.told()).toEqual(told);
  });

  test.each([
    ["acknowledge", "/purchases/subscriptions/plan/tokens", {}],
    ["acknowledge", "/purchases/products/coins/tokens", COINS],
    ["consume", "/purchases/products/coins/tokens", COINS],
  ])("%s of %s in time keeps it, a moment too late is refused", async (verb, path, buy) => {
    const world = timeline();
    const call = async (token: string) => {
      const url = `http://sandbox.invalid/play/androidpublisher/v3/applications/com.example.app${path}/${token}:${verb}`;
      return (await world.sandbox.fetch(new Request(url, { method: "POST", body: "{}" }))).status;
    };
    const [kept, late] = [world.buy(buy), world.buy(buy)];
    world.day(2.999);
    expect(await call(kept)).toBe(200);
    world.day(3);
    expect(await call(late)).toBe(400);
    expect(world.sandbox.play.voids.map(({ purchaseToken }) => purchaseToken)).toEqual([late]);
  });

  test("the call itself finds the window closed, also when nobody called tick", async () => {
    let now = 0;
    const { createSandbox } = await import("../../sandbox/sandbox.ts");
    const sandbox = createSandbox({ now: () => now, automatic: true });
    const { purchaseToken } = sandbox.play.buy({ uid: "u", packageName: "com.a", ...ONE_TIME });
    now = 4 * 86_400_000;
    expect(sandbox.play.purchase(purchaseToken).state).toBe("CANCELLED");
  });

  test("no plan is changed before the purchase is acknowledged", () => {
    const { buy, act, sandbox } = timeline();
    const token = buy();
    expect(() => act(token, "change_plan", { productId: "max" })).toThrow(/before it is acknowledged/);
    expect(sandbox.play.purchase(token).possible).not.toContain("change_plan");
    sandbox.play.acknowledge(token);
    expect(act(token, "change_plan", { productId: "max" })).not.toBe(token);
  });

  test("a top-up that nobody acknowledges takes the time that was left with it", () => {
    const { bought, act, day, answer, told } = timeline();
    const first = bought({ autoRenewing: false });
    day(10);
    const topUp = act(first, "change_plan");
    day(13);
    expect(answer(topUp).subscriptionState).toBe("SUBSCRIPTION_STATE_EXPIRED");
    expect(told()).toEqual(["4@0", "13@10", "4@10", "12@13", "void 1@13"]);
  });

  test("refunded without a revoke before: the window still ends it", () => {
    const { buy, act, day, told } = timeline();
    act(buy(ONE_TIME), "refund", { revoke: false });
    act(buy(), "refund", { revoke: false });
    day(3);
    expect(told().slice(2)).toEqual(["one-time 2@3", "void 1@3", "12@3", "void 1@3"]);
  });
});

test("a license tester's month lasts five minutes, six times, and then ends", () => {
  const world = timeline();
  const token = world.bought({ test: true });
  world.day(1);
  const renewals = Array.from(
    { length: 6 },
    (_, i) => `2@${Math.round((i + 1) * 5 * MINUTES * 1000) / 1000}`,
  );
  const end = Math.round(35 * MINUTES * 1000) / 1000;
  expect(world.told()).toEqual(["4@0", ...renewals, `3@${end}`, `13@${end}`]);
  expect(world.answer(token)).toHaveProperty("testPurchase");
});
