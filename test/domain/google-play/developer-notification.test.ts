import { describe, expect, test } from "vitest";
import {
  developerNotificationSchema,
  type Notification,
  toNotification,
} from "../../../src/domain/google-play/developer-notification.ts";

const RECEIVED = 1_800_000_000_000;
const ENVELOPE = { version: "1.0", packageName: "th.example.lumen", eventTimeMillis: "1793589247120" };
const MOMENT = 1793589247120;

function read(fields: object): Notification {
  return toNotification(developerNotificationSchema.parse({ ...ENVELOPE, ...fields }), RECEIVED);
}

function isRead(notice: unknown): boolean {
  return developerNotificationSchema.safeParse(notice).success;
}

describe("subscriptions", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 22, 99])(
    "number %i asks to look, and its number is a label",
    (notificationType) => {
      const notice = read({
        subscriptionNotification: { version: "1.0", notificationType, purchaseToken: "tok" },
      });
      expect(notice).toMatchObject({
        kind: "sync",
        type: "subscription",
        label: `subscription ${notificationType}`,
      });
      // 12, REVOKED, is the only one that says what the read alone doesn't.
      expect(notice).toHaveProperty("observation", notificationType === 12 ? { kind: "revoked" } : null);
    },
  );

  test("the old subscription id is tolerated and ignored", () => {
    const notice = read({
      subscriptionNotification: { notificationType: 4, purchaseToken: "tok", subscriptionId: "x" },
    });
    expect(JSON.stringify(notice)).toBe(
      JSON.stringify(read({ subscriptionNotification: { notificationType: 4, purchaseToken: "tok" } })),
    );
  });
});

test("a one-time product, with or without its sku", () => {
  for (const sku of ["p", null, undefined]) {
    const notice = read({ oneTimeProductNotification: { notificationType: 2, purchaseToken: "tok", sku } });
    expect(notice).toMatchObject({ kind: "sync", type: "one_time", label: "one_time 2", observation: null });
  }
});

describe("voids", () => {
  const voided = (fields: object) =>
    read({
      voidedPurchaseNotification: {
        purchaseToken: "tok",
        orderId: "GPA.1",
        productType: 1,
        refundType: 1,
        ...fields,
      },
    });

  test.each([
    ["a subscription", { productType: 1 }, "subscription"],
    ["a one-time product", { productType: 2 }, "one_time"],
    ["something new", { productType: 3 }, null],
  ])("of %s", (_, fields, type) => expect(voided(fields)).toMatchObject({ kind: "sync", type }));

  test.each([
    ["full", { refundType: 1 }, "full", "voided 1"],
    ["by quantity", { refundType: 2 }, "units", "voided 2"],
    ["of a new type", { refundType: 3 }, "full", "voided 3"],
    ["of no type", { refundType: null }, "full", "voided ?"],
  ])("%s", (_, fields, extent, label) => {
    expect(voided(fields)).toMatchObject({
      label,
      observation: { kind: "voided", order: { orderId: "GPA.1", extent, at: MOMENT } },
    });
  });

  test.each(["", null, undefined])("an order id of %j is none", (orderId) => {
    expect(voided({ orderId })).toMatchObject({ observation: { order: { orderId: null } } });
  });
});

describe("without a purchase token", () => {
  test("a refund review is kept for a person", () => {
    const notice = read({ pendingRefundReviewNotification: { pendingRefundToken: "prt", orderId: "GPA.1" } });
    expect(notice).toMatchObject({ kind: "refund_review", orderId: "GPA.1", refundReason: null, at: MOMENT });
  });
  test("a test is a test", () =>
    expect(read({ testNotification: {} })).toEqual({ kind: "test", packageName: "th.example.lumen" }));
  test("a new kind is told by its field names", () => {
    expect(read({ walletNotification: { walletId: "w" }, other: 1 })).toEqual({
      kind: "unknown",
      packageName: "th.example.lumen",
      fields: ["walletNotification", "other"],
    });
  });
  test("an empty one is told by nothing", () =>
    expect(read({})).toMatchObject({ kind: "unknown", fields: [] }));
});

describe("a new kind with a purchase token is synced like any other", () => {
  test.each([
    ["subscriptionBundleNotification", "subscription"],
    ["oneTimeProductBundleNotification", "one_time"],
    ["giftNotification", null],
  ])("%s", (field, type) => {
    const notice = read({ note: "x", [field]: { purchaseToken: "tok" } });
    expect(notice).toMatchObject({ kind: "sync", type, label: field, observation: null });
    expect(notice.kind === "sync" && notice.token.reveal()).toBe("tok");
  });
  test("an empty token is none", () =>
    expect(read({ giftNotification: { purchaseToken: "" } }).kind).toBe("unknown"));
});

describe("the envelope", () => {
  test("the time comes as a string or as a number", () => {
    for (const eventTimeMillis of ["1793589247120", 1793589247120]) {
      const notice = read({
        eventTimeMillis,
        pendingRefundReviewNotification: { pendingRefundToken: "prt", orderId: "o" },
      });
      expect(notice).toMatchObject({ at: MOMENT });
    }
  });

  test.each<[string, unknown]>([
    ["no object", "hello"],
    ["no package", { ...ENVELOPE, packageName: "" }],
    ["a notice without a token", { ...ENVELOPE, subscriptionNotification: { notificationType: 4 } }],
    [
      "a notice with an empty token",
      { ...ENVELOPE, subscriptionNotification: { notificationType: 4, purchaseToken: "" } },
    ],
    [
      "a review without its order",
      { ...ENVELOPE, pendingRefundReviewNotification: { pendingRefundToken: "t", orderId: "" } },
    ],
  ])("%s is not read", (_, notice) => expect(isRead(notice)).toBe(false));

  test("kinds that are null are not there", () => {
    expect(
      read({ subscriptionNotification: null, voidedPurchaseNotification: null, testNotification: {} }).kind,
    ).toBe("test");
  });

  test.each(["12 o'clock", "a1", "1a", null, undefined, {}])(
    "where the time is %s, that of receipt stands in",
    (time) => {
      const review = { pendingRefundToken: "prt", orderId: "o" };
      expect(read({ eventTimeMillis: time, pendingRefundReviewNotification: review })).toMatchObject({
        at: RECEIVED,
      });
    },
  );

  test("a notice that names its token is followed, however odd its details", () => {
    expect(read({ oneTimeProductNotification: { notificationType: "4", purchaseToken: "t" } })).toMatchObject(
      {
        kind: "sync",
        type: "one_time",
        label: "one_time null",
      },
    );
    expect(read({ voidedPurchaseNotification: { purchaseToken: "t", refundType: "?" } })).toMatchObject({
      kind: "sync",
      type: null,
      observation: { order: { orderId: null, extent: "full" } },
    });
  });
});
