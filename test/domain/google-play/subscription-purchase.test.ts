import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { toSubscription } from "../../../src/domain/google-play/subscription-purchase.ts";
import type { EndedBy, PurchaseState } from "../../../src/domain/purchase.ts";
import { at, only } from "../../support/builders.ts";
import { fixture } from "../../support/fixtures.ts";

/** The least that Google may answer. */
const BARE = { subscriptionState: "SUBSCRIPTION_STATE_ACTIVE" };

describe("states", () => {
  test.each<[string, PurchaseState]>([
    ["PENDING", "pending"],
    ["ACTIVE", "active"],
    ["IN_GRACE_PERIOD", "in_grace_period"],
    ["CANCELED", "canceled"],
    ["ON_HOLD", "on_hold"],
    ["PAUSED", "paused"],
    ["EXPIRED", "expired"],
    ["PENDING_PURCHASE_CANCELED", "pending_purchase_canceled"],
    ["PENDING_PURCHASE_EXPIRED", "pending_purchase_canceled"],
    ["UNSPECIFIED", "unknown"],
    ["FROZEN_IN_2028", "unknown"],
  ])("SUBSCRIPTION_STATE_%s is %s", (state, expected) => {
    expect(toSubscription({ subscriptionState: `SUBSCRIPTION_STATE_${state}` }).state).toBe(expected);
  });
});

test("an answer with nothing but a state is read", () => {
  expect(toSubscription(BARE)).toEqual({
    type: "subscription",
    state: "active",
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

test("nulls stand for nothing, as in the client library's types", () => {
  const nulls = Object.fromEntries(
    [
      "acknowledgementState",
      "lineItems",
      "startTime",
      "linkedPurchaseToken",
      "externalAccountIdentifiers",
      "outOfAppPurchaseContext",
      "canceledStateContext",
      "pausedStateContext",
      "testPurchase",
    ].map((field) => [field, null]),
  );
  expect(toSubscription({ ...BARE, ...nulls })).toEqual(toSubscription(BARE));
});

test("an auto-renewing item in full", () => {
  expect(only(toSubscription(fixture("sub-active-new-unacknowledged")).items)).toEqual({
    productId: "lumen_pro",
    basePlanId: "monthly-auto",
    orderId: "GPA.3374-2474-4815-80290",
    expiresAt: at("2026-12-02T03:14:05.871Z"),
    autoRenewing: true,
    leaving: false,
    quantity: 1,
    refundableQuantity: null,
    consumed: false,
    rental: false,
  });
});

describe("items", () => {
  const item = (fields: object) =>
    only(toSubscription({ ...BARE, lineItems: [{ productId: "p", ...fields }] }).items);

  test("zero parts may be left out: a plan that doesn't say that it renews doesn't", () => {
    expect(item({ autoRenewingPlan: {} }).autoRenewing).toBe(false);
    expect(item({ autoRenewingPlan: { autoRenewEnabled: false } }).autoRenewing).toBe(false);
  });
  test("a prepaid plan never renews", () => expect(item({ prepaidPlan: {} }).autoRenewing).toBeNull());
  test("removed or replaced at its end, it leaves", () => {
    expect(item({ deferredItemRemoval: {} }).leaving).toBe(true);
    expect(item({ deferredItemReplacement: { productId: "q" } }).leaving).toBe(true);
  });
  test("an item not started has neither end nor order", () => {
    expect(item({})).toMatchObject({ expiresAt: null, orderId: null, basePlanId: null });
  });
});

describe("whose it may be", () => {
  test("the account id that the app passed", () => {
    expect(
      toSubscription({ ...BARE, externalAccountIdentifiers: { obfuscatedExternalAccountId: "ann" } })
        .accountId,
    ).toBe("ann");
  });
  test("bought again in Play, the id of the purchase that expired, and its token", () => {
    const bought = toSubscription(fixture("sub-resubscribe-out-of-app"));
    expect(bought.accountId).toBe("f5498599d5e0dd3e6da24070d881d36d2645743f37b2f2b951efb6d8eb99c88b");
    expect(bought.resubscribes?.reveal()).toMatch(/^knacbccnkgpkkhhdafhfdigo\./);
    expect(bought.replaces).toBeNull();
  });
  test("the purchase's own id goes before that of an expired one", () => {
    const context = { expiredExternalAccountIdentifiers: { obfuscatedExternalAccountId: "old" } };
    const ids = {
      externalAccountIdentifiers: { obfuscatedExternalAccountId: "new" },
      outOfAppPurchaseContext: context,
    };
    expect(toSubscription({ ...BARE, ...ids }).accountId).toBe("new");
  });
  test("an out-of-app purchase may name nobody", () => {
    const bought = toSubscription({ ...BARE, outOfAppPurchaseContext: {} });
    expect([bought.accountId, bought.resubscribes]).toEqual([null, null]);
  });
  test("the purchase it replaces", () => {
    expect(toSubscription({ ...BARE, linkedPurchaseToken: "old-token" }).replaces?.reveal()).toBe(
      "old-token",
    );
    expect(toSubscription({ ...BARE, linkedPurchaseToken: "" }).replaces).toBeNull();
  });
});

describe("who ended it", () => {
  test.each<[string, EndedBy]>([
    ["userInitiatedCancellation", "user"],
    ["developerInitiatedCancellation", "developer"],
    ["systemInitiatedCancellation", "system"],
    ["replacementCancellation", "replacement"],
  ])("%s", (context, expected) => {
    expect(toSubscription({ ...BARE, canceledStateContext: { [context]: {} } }).endedBy).toBe(expected);
  });
  test("a cause that Google adds later is nobody we know", () => {
    expect(
      toSubscription({ ...BARE, canceledStateContext: { regulatorInitiatedCancellation: {} } }).endedBy,
    ).toBeNull();
  });
});

test("a test purchase is one by the presence of an empty object", () => {
  expect(toSubscription({ ...BARE, testPurchase: {} }).test).toBe(true);
});

test("acknowledged means that word alone", () => {
  const state = (acknowledgementState: string) =>
    toSubscription({ ...BARE, acknowledgementState }).acknowledged;
  expect(state("ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED")).toBe(true);
  expect(state("ACKNOWLEDGEMENT_STATE_PENDING")).toBe(false);
  expect(state("ACKNOWLEDGEMENT_STATE_UNSPECIFIED")).toBe(false);
});

test("a pause says when it ends", () => {
  expect(toSubscription(fixture("sub-paused")).autoResumesAt).toBe(at("2027-02-02T03:14:05.871Z"));
  expect(toSubscription({ ...BARE, pausedStateContext: {} }).autoResumesAt).toBeNull();
  expect(toSubscription(fixture("sub-paused")).startedAt).toBe(at("2026-11-02T03:14:05.871Z"));
});

describe("what is no answer is Google's trouble: nothing changes, try again", () => {
  test.each<[string, unknown, string]>([
    ["a string", "<html>", "(root)"],
    ["an empty success", "", "(root)"],
    ["no state", {}, "subscriptionState"],
    ["a time that is none", { ...BARE, startTime: "soon" }, "startTime"],
    ["an item without a product", { ...BARE, lineItems: [{ productId: "" }] }, "lineItems.0.productId"],
  ])("%s", (_, json, path) => {
    const error = refusalOf(json);
    expect(error).toMatchObject({ code: "play_unavailable", retryable: true });
    expect(error.message).toBe("Google Play gave an answer that can't be read. Try again later.");
    expect(String(error.cause)).toBe(`Error: unreadable at ${path}`);
  });

  test("every path that is wrong is named, and no value", () => {
    const error = refusalOf({ subscriptionState: 3, startTime: "token-in-a-wrong-place" });
    expect(String(error.cause)).toBe("Error: unreadable at subscriptionState, startTime");
  });
});

function refusalOf(json: unknown): AppError {
  try {
    toSubscription(json);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("was read");
}
