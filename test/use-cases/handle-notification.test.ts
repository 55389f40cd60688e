import { beforeEach, describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../src/domain/errors.ts";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import {
  ANN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  PACKAGE,
  product,
  record,
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import {
  aboutProduct,
  aboutSubscription,
  eventCounts,
  findLicenceFaults,
  googleSays,
  notify,
  slotsFor,
  stored,
  verify,
} from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const letters = () => [...world.memory.tables.deadLetters.values()];
const anns = (overrides = {}) => subscription({ accountId: ANN, acknowledged: false, ...overrides });

describe("a notice about a purchase", () => {
  it("grants from the notice alone where the account id names the customer, and tells Google", async () => {
    googleSays(world, "first", anns());
    expect(await notify(world, service, aboutSubscription("first"))).toBe("done");
    await service.settle();
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
    expect(world.play.count("acknowledge")).toBe(1);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("keeps a purchase of nobody's, neither granted nor acknowledged", async () => {
    googleSays(world, "first", subscription({ acknowledged: false }));
    await notify(world, service, aboutSubscription("first"));
    await service.settle();
    expect(stored(world, "first")).toMatchObject({ customerId: null, answer: { state: "active" } });
    expect([world.play.count("acknowledge"), world.licenses.all.length]).toEqual([0, 0]);
    expect(world.memory.tables.customers.size).toBe(0);
  });

  it("goes by what Google says now, not by its number", async () => {
    googleSays(world, "first", anns());
    const EXPIRED = 13;
    await notify(world, service, aboutSubscription("first", EXPIRED));
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
    googleSays(world, "first", anns({ state: "expired", items: [lineItem({ expiresAt: NOW - HOUR })] }));
    const RENEWED = 2;
    await notify(world, service, aboutSubscription("first", RENEWED));
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
  });

  it("may come again, in any number, without another event or licence", async () => {
    googleSays(world, "first", anns());
    for (let count = 0; count < 5; count += 1) await notify(world, service, aboutSubscription("first"));
    await Promise.all(
      Array.from({ length: 5 }, () => notify(world, world.process(), aboutSubscription("first"))),
    );
    await service.settle();
    expect(eventCounts(world)).toEqual({ created: 2, delivered: 2 });
    expect(world.licenses.all).toHaveLength(1);
  });

  it("about a one-time product is asked at the other endpoint", async () => {
    googleSays(world, "first", oneTime({ accountId: ANN }));
    expect(await notify(world, service, aboutProduct("first"))).toBe("done");
    expect(stored(world, "first", "one_time").type).toBe("one_time");
  });

  it.each([
    ["of an unknown number", aboutSubscription("first", 99)],
    [
      "of an unknown kind with a token",
      { subscriptionSurpriseNotification: { purchaseToken: token("first").reveal() } },
    ],
  ])("%s is synced like any other", async (_, notice) => {
    googleSays(world, "first", anns());
    expect(await notify(world, service, notice)).toBe("done");
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
  });

  it("about a token that Google has forgotten changes nothing", async () => {
    world.play.put(refOf("first"), "purchase_token_expired");
    expect(await notify(world, service, aboutSubscription("first"))).toBe("done");
    expect([letters(), world.memory.tables.purchases.size]).toEqual([[], 0]);
  });

  it("about a purchase that we hold and Google has forgotten lets it run to its end", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    world.play.put(refOf("first"), "purchase_token_expired");
    expect(await notify(world, service, aboutSubscription("first"))).toBe("done");
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
    world.clock.advance(11 * DAY);
    await notify(world, service, aboutSubscription("first"));
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
  });
});

describe("a void", () => {
  const voided = (fields: object) => ({
    voidedPurchaseNotification: {
      purchaseToken: token("first").reveal(),
      orderId: "GPA.1",
      productType: 1,
      refundType: 1,
      ...fields,
    },
  });

  it("of the order that pays now revokes, while Google still calls it active", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    await notify(world, service, voided({}));
    await service.settle();
    expect(world.customer(ANN).entitlements.pro).toMatchObject({ active: false, state: "revoked" });
    expect(world.licenses.live()).toEqual([]);
    expect([...world.memory.tables.grants.values()].map(({ revocationReason }) => revocationReason)).toEqual([
      "refund",
      "refund",
    ]);
  });

  it("of an older renewal takes nothing", async () => {
    googleSays(world, "first", subscription({ items: [lineItem({ orderId: "GPA.1..3" })] }));
    await verify(world, service, "first");
    await notify(world, service, voided({ orderId: "GPA.1..2" }));
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
  });

  it("of some units takes just as many licences", async () => {
    const pack = (refundableQuantity: number) =>
      oneTime({ items: [product({ productId: "credit_pack_50", quantity: 3, refundableQuantity })] });
    googleSays(world, "first", pack(3));
    await verify(world, service, "first");
    await service.settle();
    expect(world.licenses.live()).toHaveLength(3);
    googleSays(world, "first", pack(2));
    await notify(world, service, voided({ productType: 2, refundType: 2 }));
    await service.settle();
    expect(world.licenses.live()).toHaveLength(2);
    expect(slotsFor(world, "seat")).toHaveLength(2);
  });

  it("of a product that isn't sold here yet is remembered as well", async () => {
    googleSays(world, "first", subscription({ items: [lineItem({ productId: "lumen_soon" })] }));
    await notify(world, service, voided({}));
    expect(only(letters()).reason).toBe("product_not_in_catalog");
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    expect(world.customer(ANN).slots).toEqual({});
  });

  it("that comes before its purchase is remembered: the purchase comes as voided", async () => {
    expect(await notify(world, service, voided({ productType: 2 }))).toBe("done");
    googleSays(world, "first", oneTime());
    const { purchase, grants } = await verify(world, service, "first");
    expect(purchase.observations.voided).toHaveLength(1);
    expect(grants).toEqual([]);
    expect(world.customer(ANN).entitlements.pro?.active ?? false).toBe(false);
  });
});

describe("what has no token", () => {
  it("a test is logged and done", async () => {
    expect(await notify(world, service, { testNotification: { version: "1.0" } })).toBe("done");
    expect([letters(), world.play.calls]).toEqual([[], []]);
  });

  it("an unknown kind is logged by its fields and done", async () => {
    expect(await notify(world, service, { surpriseNotification: { secret: "x" } })).toBe("done");
    const line = must(world.log.find(({ event }) => event === "notification.unknown"));
    expect(line.fields).toEqual({ fields: ["surpriseNotification"] });
  });

  it("a refund review is kept once, with Google's deadline", async () => {
    const review = {
      eventTimeMillis: NOW - HOUR,
      pendingRefundReviewNotification: { pendingRefundToken: "prt_1", orderId: "GPA.1", refundReason: 7 },
    };
    await notify(world, service, review, "m1");
    world.clock.advance(1_000);
    await notify(world, service, review, "m2");
    expect(only([...world.memory.tables.refundReviews.values()])).toMatchObject({
      packageName: PACKAGE,
      orderId: "GPA.1",
      refundReason: 7,
      receivedAt: NOW,
      answerBy: NOW - HOUR + DAY,
    });
    expect(world.play.calls).toEqual([]);
  });
});

describe("what will never work becomes a dead letter, once", () => {
  it.each([
    ["not_base64", null],
    ["not_json", "{"],
    ["malformed_notification", { subscriptionNotification: { notificationType: "4" } }],
    ["malformed_notification", '"text"'],
    ["package_not_allowed", { ...aboutSubscription("first"), packageName: "com.other" }],
    ["purchase_not_found", aboutSubscription("first")],
  ])("%s", async (reason, notice) => {
    expect(await notify(world, service, notice)).toBe("done");
    expect(await notify(world, service, notice)).toBe("done");
    expect(only(letters())).toMatchObject({ reason, messageId: "m1", source: "push", receivedAt: NOW });
  });

  it("product_not_in_catalog", async () => {
    googleSays(world, "first", anns({ items: [lineItem({ productId: "nothing" })] }));
    expect(await notify(world, service, aboutSubscription("first"))).toBe("done");
    expect(only(letters())).toMatchObject({ reason: "product_not_in_catalog", packageName: PACKAGE });
    expect(world.memory.tables.purchases.size).toBe(0);
  });

  it("keeps the message as it was received, for a replay", async () => {
    await notify(world, service, "{");
    expect(only(letters()).data).toBe("{");
  });
});

describe("what may go better later is asked for again", () => {
  it.each(["play_unavailable", "play_rejected_credentials"] as ErrorCode[])("%s", async (code) => {
    googleSays(world, "first", anns());
    world.play.failNext("getPurchase", new AppError(code, "Not now.", { retryable: true }));
    expect(await notify(world, service, aboutSubscription("first"))).toBe("retry");
    expect([letters(), world.memory.tables.purchases.size]).toEqual([[], 0]);
    expect(await notify(world, service, aboutSubscription("first"))).toBe("done");
  });

  it("a store that is away, also when it can't keep a dead letter", async () => {
    googleSays(world, "first", anns());
    const dead = world.process({ fate: { at: 1, kind: "dies_before" } });
    expect(await notify(world, dead, aboutSubscription("first"))).toBe("retry");
    const mute = world.process({ fate: { at: 1, kind: "dies_before" } });
    expect(await notify(world, mute, "{")).toBe("retry");
  });

  it("a bug of ours, told as an error with nothing secret in it", async () => {
    googleSays(world, "first", anns());
    world.play.failNext("getPurchase", new TypeError("oops"));
    expect(await notify(world, service, aboutSubscription("first"))).toBe("retry");
    const line = must(world.log.find(({ event }) => event === "notification.failed"));
    expect(line.level).toBe("error");
    expect(JSON.stringify([line.event, line.fields])).not.toContain(token("first").reveal());
  });
});

it("belongs to the owner of the purchase that it replaces, whoever its account id names", async () => {
  googleSays(world, "first", subscription());
  await verify(world, service, "first");
  googleSays(world, "second", subscription({ accountId: "ben", replaces: token("first") }));
  await notify(world, service, aboutSubscription("second"));
  expect(stored(world, "second").customerId).toBe(record().customerId);
});
