import { describe, expect, test } from "vitest";
import { PACKAGE } from "./support.ts";
import { ONE_TIME, timeline } from "./timeline.ts";

describe("a refund review", () => {
  test.each([
    ["DECLINE", undefined, ["one-time 1@0", "review@0"]],
    ["APPROVE", undefined, ["one-time 1@0", "review@0", "void 1@1"]],
    ["DECLINE", "refund", ["one-time 1@0", "review@0", "void 1@1"]],
    [null, "keep", ["one-time 1@0", "review@0"]],
    [null, "refund", ["one-time 1@0", "review@0", "void 1@1"]],
  ] as const)("answered %s, wished %s", async (refundPreference, outcome, expected) => {
    const world = timeline();
    const token = world.bought(ONE_TIME);
    world.act(token, "refund_review", outcome === undefined ? {} : { outcome });
    const [review] = world.sandbox.play.reviews.values();
    const { orderId = "", pendingRefundToken } = review ?? {};
    const answer = async (preference: string) => {
      const url = `http://sandbox.invalid/androidpublisher/v3/applications/${PACKAGE}/orders/${orderId}:reviewrefund`;
      const body = { pendingRefundToken, refundPreference: preference, sampleContentProvided: false };
      const request = new Request(url, { method: "POST", body: JSON.stringify(body) });
      expect((await world.sandbox.fetch(request)).status).toBe(200);
    };
    if (refundPreference !== null) await answer(refundPreference);
    await answer(refundPreference === null ? "NEUTRAL" : "APPROVE");
    world.day(1);
    expect(world.told()).toEqual(expected);
    const refunded = expected.length === 3;
    expect(world.sandbox.play.world.orders.get(orderId)?.state).toBe(refunded ? "REFUNDED" : "PROCESSED");
    if (refunded) expect(world.sandbox.play.voids).toMatchObject([{ source: 2, reason: 7 }]);
    world.day(30);
    expect(world.told()).toEqual(expected);
  });

  test("unanswered, it ends as Google wishes: some so, some so", () => {
    const world = timeline();
    for (let i = 0; i < 20; i += 1) world.act(world.bought(ONE_TIME), "refund_review");
    world.day(2);
    const outcomes = [...world.sandbox.play.reviews.values()].map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(["refund", "keep"]));
  });

  test("what was refunded in the meantime is not refunded again", () => {
    const world = timeline();
    const token = world.bought();
    world.act(token, "refund_review", { outcome: "refund" });
    world.act(token, "revoke");
    world.day(2);
    expect(world.told()).toEqual(["4@0", "review@0", "12@0", "void 1@0"]);
  });
});

test("a chargeback takes the access, of an older renewal only the money", () => {
  const world = timeline();
  const token = world.bought();
  world.day(30);
  const [first = ""] = world.sandbox.play.purchase(token).orderIds;
  world.act(token, "chargeback", { orderId: first });
  expect(world.answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
  world.act(token, "chargeback");
  expect(world.answer(token).subscriptionState).toBe("SUBSCRIPTION_STATE_EXPIRED");
  world.act(world.bought(ONE_TIME), "chargeback");
  expect(world.told()).toEqual([
    "4@0",
    "2@30",
    "void 1@30",
    "12@30",
    "void 1@30",
    "one-time 1@30",
    "void 1@30",
  ]);
  expect(world.sandbox.play.voids.map(({ reason }) => reason)).toEqual([7, 7, 7]);
});

describe("version 1 of the subscriptions API", () => {
  const post = async (world: ReturnType<typeof timeline>, token: string, verb: string, body: object) => {
    const url = `http://sandbox.invalid/androidpublisher/v3/applications/${PACKAGE}/purchases/subscriptions/plan/tokens/${token}:${verb}`;
    return world.sandbox.fetch(new Request(url, { method: "POST", body: JSON.stringify(body) }));
  };

  test("cancel keeps the access to its end, as the developer's doing", async () => {
    const world = timeline();
    const token = world.bought();
    expect((await post(world, token, "cancel", {})).status).toBe(200);
    expect(world.answer(token).canceledStateContext).toEqual({ developerInitiatedCancellation: {} });
    world.day(30);
    expect(world.told()).toEqual(["4@0", "3@0", "13@30"]);
  });

  test("defer wants the expiry that there is", async () => {
    const world = timeline();
    const token = world.bought();
    const expiry = Date.parse(world.answer(token).lineItems[0]?.expiryTime ?? "");
    const defer = (from: number, days: number) =>
      post(world, token, "defer", {
        deferralInfo: {
          expectedExpiryTimeMillis: String(from),
          desiredExpiryTimeMillis: String(from + days * 86_400_000),
        },
      });
    expect((await defer(expiry - 1, 10)).status).toBe(400);
    expect((await defer(expiry, 0.5)).status).toBe(400);
    const moved = await defer(expiry, 10);
    expect(await moved.json()).toEqual({ newExpiryTimeMillis: String(expiry + 10 * 86_400_000) });
    expect(world.told()).toEqual(["4@0", "9@0"]);
  });
});
