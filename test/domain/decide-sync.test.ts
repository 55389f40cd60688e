import { beforeEach, describe, expect, test } from "vitest";
import { decideSync, type SyncInput } from "../../src/domain/decide-sync.ts";
import { chainId, grantId } from "../../src/domain/ids.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { NO_OBSERVATIONS, type Observation, observe } from "../../src/domain/observation.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { NO_IDS } from "../../src/domain/purchase-file.ts";
import { nextStep } from "../../src/domain/slot.ts";
import { settleRows } from "../../src/domain/slot-rows.ts";
import { isDueAtGoogle, needsConsuming } from "../../src/domain/sync-effects.ts";
import {
  ANN,
  BEN,
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
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { type Call, Shop } from "../support/shop.ts";

const END = NOW + 10 * DAY;
let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});

const fresh = subscription({ acknowledged: false });
const renewed = subscription({ items: [lineItem({ orderId: "GPA.1..0", expiresAt: END + 30 * DAY })] });
const canceled = subscription({
  state: "canceled",
  endedBy: "user",
  items: [lineItem({ autoRenewing: false })],
});
const onHold = subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - DAY })] });
const expired = (endedBy: Purchase["endedBy"], overrides: Partial<Purchase> = {}) =>
  subscription({
    state: "expired",
    endedBy,
    items: [lineItem({ autoRenewing: false, expiresAt: NOW - DAY })],
    ...overrides,
  });

function studio(overrides: Partial<Purchase> = {}): Purchase {
  const item = lineItem({ productId: "lumen_studio", orderId: "GPA.studio" });
  return subscription({ items: [item], acknowledged: false, ...overrides });
}

function voided(orderId: string | null, extent: "full" | "units" = "full"): Observation {
  return { kind: "voided", order: { orderId, extent, at: NOW } };
}

const NOTICE: Call = { claimant: null, cause: "rtdn" };

describe("a subscriber's life", () => {
  test("bought: access at once, the licence when it is made, and Google is told", () => {
    expect(shop.sync("first", fresh)).toMatchObject({
      kind: "synced",
      purchase: { customerId: ANN, revision: 1 },
    });
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.tellEvents()).toEqual(["pro created", "pro delivered"]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase"]);
    expect(shop.purchase("first").nextSyncAt).toBe(END);
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
    expect(shop.tellEvents()).toEqual(["desktop created", "desktop delivered"]);
  });

  test("renewed: the same rows and key, a later end, nothing to acknowledge", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.tellEvents();
    shop.tellEffects();
    shop.sync("first", renewed, NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot"]);
    expect(shop.fulfilAll()).toEqual(["extend"]);
    expect(shop.entitlement("pro")).toMatchObject({
      active: true,
      expiresAt: END + 30 * DAY,
      accessUntil: END + 33 * DAY,
    });
    expect(only(shop.slotsOf("desktop")).grant).toMatchObject({
      orderId: "GPA.1",
      expiresAt: END + 33 * DAY,
    });
  });

  test("canceled: access to the end, and not a moment of leeway", () => {
    shop.sync("first", subscription());
    shop.sync("first", canceled, NOTICE);
    expect(shop.entitlement("pro")).toMatchObject({
      active: true,
      accessUntil: END,
      willRenew: false,
      state: "canceled",
    });
    expect(shop.purchase("first").nextSyncAt).toBe(END);
    shop.sync("first", canceled, { ...NOTICE, now: END });
    expect(shop.held()).toEqual([]);
    expect(shop.entitlement("pro")).toMatchObject({ active: false, accessUntil: END, state: "expired" });
  });

  test("expired: the rows are revoked with the cause, the licence follows", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.tellEvents();
    shop.sync("first", expired("user"), NOTICE);
    expect(shop.tellEvents()).toEqual([
      "pro revoked: subscription_cancelled",
      "desktop revoked: subscription_cancelled",
    ]);
    expect(shop.slotsOf("pro")).toEqual([]);
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.slots()).toEqual({});
    expect(Object.values(shop.purchase("first").closed)).toEqual([
      { generation: 1, attempts: 0, blocked: false },
      { generation: 1, attempts: 1, blocked: false },
    ]);
    expect(shop.purchase("first").nextSyncAt).toBeNull();
  });

  test("on hold and recovered: new rows, the same key", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    const key = must(must(only(shop.slotsOf("desktop")).grant).licenseKey);
    shop.tellEvents();

    shop.sync("first", onHold, NOTICE);
    expect(shop.tellEvents()).toEqual([
      "pro revoked: subscription_on_hold",
      "desktop revoked: subscription_on_hold",
    ]);
    expect(shop.fulfilAll()).toEqual(["suspend"]);
    expect(shop.entitlement("pro")).toMatchObject({
      active: false,
      accessUntil: NOW,
      state: "on_hold",
      willRenew: true,
    });

    shop.sync("first", renewed, { ...NOTICE, now: NOW + DAY });
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.fulfilAll()).toEqual(["extend", "resume"]);
    expect(shop.tellEvents()).toEqual([
      "pro created",
      "pro delivered",
      "desktop created",
      "desktop delivered",
    ]);
    const slot = only(shop.slotsOf("desktop"));
    expect(slot.grant).toMatchObject({
      id: grantId(slot.id, 2),
      regrantOf: grantId(slot.id, 1),
      licenseKey: key,
      orderId: "GPA.1..0",
    });
  });

  test("a hold that runs out: the reason given first stays, only the licence goes", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.sync("first", onHold, NOTICE);
    shop.fulfilAll();
    shop.tellEvents();
    shop.sync("first", expired("system"), NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.entitlement("pro")).toMatchObject({ state: "expired", accessUntil: NOW });
  });

  test("paused: as on hold, and the row says so", () => {
    shop.sync("first", subscription());
    shop.sync("first", subscription({ state: "paused", autoResumesAt: END }), NOTICE);
    const [revoked] = [...shop.grants.values()];
    expect(revoked).toMatchObject({ revocationReason: "subscription_on_hold", revocationDetail: "paused" });
  });

  test("in the silent days around a failed charge access goes on, and Google is asked often", () => {
    shop.sync("first", subscription());
    shop.sync("first", subscription(), { ...NOTICE, now: END + HOUR });
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.purchase("first").nextSyncAt).toBe(END + HOUR + 15 * MINUTE);
    shop.sync("first", subscription(), { ...NOTICE, now: END + 3 * DAY });
    expect(shop.held()).toEqual([]);
  });

  test("bought again in Play after it expired: a new chain, new grants, the same owner", () => {
    shop.sync("first", subscription());
    shop.sync("first", expired("user"), NOTICE);
    shop.sync("again", subscription({ resubscribes: token("first"), acknowledged: false }), NOTICE);
    expect(shop.purchase("again")).toMatchObject({
      customerId: ANN,
      replaced: null,
      chainId: chainId(refOf("again").id),
    });
    expect(shop.purchase("first").observations.supersededBy).toBeNull();
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });
});

describe("refunds", () => {
  test("a void of the order that pays now revokes, even while Google still reads ACTIVE", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.tellEvents();
    shop.sync("first", subscription(), { ...NOTICE, observation: voided("GPA.1") });
    expect(shop.tellEvents()).toEqual(["pro revoked: refund", "desktop revoked: refund"]);
    expect(shop.entitlement("pro")).toMatchObject({ active: false, state: "revoked", accessUntil: NOW });
    // The refetch does not overrule the void.
    shop.sync("first", subscription(), NOTICE);
    expect(shop.held()).toEqual([]);
  });

  test("a void of an older renewal is only remembered", () => {
    shop.sync("first", renewed);
    shop.tellEvents();
    shop.sync("first", renewed, { ...NOTICE, observation: voided("GPA.1") });
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.purchase("first").observations.voided).toHaveLength(1);
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("a void that comes before the purchase is remembered, and nothing is granted", () => {
    const pending = oneTime({ state: "pending", startedAt: null });
    shop.sync("phone", pending, { ...NOTICE, observation: voided("GPA.1") });
    shop.sync("phone", oneTime({ acknowledged: false }), { claimant: ANN });
    expect(shop.held()).toEqual([]);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.tellEffects()).toEqual([]);
  });

  test("notice 12 is believed where the read agrees, and only there", () => {
    shop.sync("first", subscription());
    shop.tellEvents();
    shop.sync("first", subscription(), { ...NOTICE, observation: { kind: "revoked" } });
    expect(shop.purchase("first").observations.revoked).toBe(false);
    shop.sync("first", expired("developer"), { ...NOTICE, observation: { kind: "revoked" } });
    expect(shop.tellEvents()).toEqual(["pro revoked: refund"]);
    expect(shop.entitlement("pro").state).toBe("revoked");
  });

  test("notice 12 that the read doesn't show yet: Google is asked again soon, though nothing has changed", () => {
    shop.sync("first", subscription());
    shop.tellEvents();
    shop.sync("first", subscription(), { ...NOTICE, observation: { kind: "revoked" } });
    expect(shop.purchase("first").nextSyncAt).toBe(NOW + 10 * MINUTE);
    expect(shop.tellEvents()).toEqual([]);
    expect(must(shop.last).audit).toEqual([]);
  });

  test("a refunded one-time purchase ends for good", () => {
    shop.sync("phone", oneTime());
    shop.fulfilAll();
    shop.sync("phone", oneTime({ state: "refunded" }), NOTICE);
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.entitlement("desktop")).toMatchObject({
      active: false,
      state: "refunded",
      expiresAt: null,
      accessUntil: NOW,
    });
  });

  test("of three units one is refunded: exactly one licence goes", () => {
    const bought = (refundableQuantity: number) =>
      oneTime({
        items: [product({ productId: "credit_pack_50", quantity: 3, refundableQuantity, consumed: true })],
      });
    shop.sync("phone", bought(3));
    expect(shop.fulfilAll()).toEqual(["deliver", "deliver", "deliver"]);
    shop.sync("phone", bought(2), { ...NOTICE, observation: voided("GPA.1", "units") });
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.slotsOf("seat")).toHaveLength(2);
    shop.sync("phone", bought(0), { ...NOTICE, observation: voided("GPA.1", "units") });
    expect(shop.fulfilAll()).toEqual(["revoke", "revoke"]);
    expect(shop.held()).toEqual([]);
  });
});

describe("plan changes", () => {
  const upgrade = studio({ replaces: token("first") });

  function bought(): void {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.tellEvents();
    shop.tellEffects();
  }

  test("every old row is revoked before the first new one opens, in one commit", () => {
    bought();
    shop.sync("second", upgrade, NOTICE);
    expect(shop.tellEvents()).toEqual([
      "pro revoked: plan_changed",
      "desktop revoked: plan_changed",
      "pro created",
      "pro delivered",
      "studio created",
      "studio delivered",
    ]);
    expect(shop.fulfilAll()).toEqual(["revoke", "deliver", "extend"]);
    expect(shop.purchase("second")).toMatchObject({
      customerId: ANN,
      replaced: refOf("first").id,
      chainId: chainId(refOf("first").id),
    });
    expect(shop.purchase("first")).toMatchObject({
      observations: { supersededBy: refOf("second").id },
      // Should the notice of its end be lost.
      nextSyncAt: NOW + 10 * MINUTE,
    });
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase"]);
  });

  test("the old token's EXPIRED that comes after touches nothing of the new one's", () => {
    bought();
    shop.sync("second", upgrade, NOTICE);
    shop.fulfilAll();
    shop.tellEvents();
    shop.sync("first", expired("replacement"), NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
    expect(shop.purchase("first").nextSyncAt).toBeNull();
    // Nor an old token that still looks alive: it never grants again.
    shop.sync("first", renewed, NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.purchase("first").nextSyncAt).toBe(NOW + DAY);
  });

  test("the old token's EXPIRED that comes before: the same end", () => {
    bought();
    shop.sync("first", expired("replacement"), NOTICE);
    expect(shop.tellEvents()).toEqual(["pro revoked: plan_changed", "desktop revoked: plan_changed"]);
    shop.sync("second", upgrade, NOTICE);
    shop.fulfilAll();
    expect(shop.tellEvents()).toEqual([
      "pro created",
      "pro delivered",
      "studio created",
      "studio delivered",
      "desktop created",
      "desktop delivered",
    ]);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
    const pro = must(only(shop.slotsOf("pro")).grant);
    expect(pro.regrantOf).not.toBeNull();
  });

  test("the old token's EXPIRED before, of the same product: the same key goes on", () => {
    bought();
    shop.sync("first", expired("replacement"), NOTICE);
    expect(shop.fulfilAll()).toEqual(["suspend"]);
    expect(shop.held()).toEqual([]);
    const key = only(shop.slotsOf("desktop")).shown;
    const again = subscription({ replaces: token("first"), items: [lineItem({ orderId: "GPA.2" })] });
    shop.sync("second", again, NOTICE);
    expect(shop.fulfilAll()).toContain("resume");
    expect(only(shop.slotsOf("desktop"))).toMatchObject({ shown: key, grant: { status: "Delivered" } });
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("the old token's EXPIRED before, and no successor for days: the licence is taken back", () => {
    bought();
    shop.sync("first", expired("replacement"), NOTICE);
    shop.fulfilAll();
    const due = must(shop.purchase("first").nextSyncAt);
    shop.sync("first", expired("replacement"), { ...NOTICE, now: due });
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.slots()).toEqual({});
  });

  test("the old token's EXPIRED before, and the licence gone by then: a new key, and the past goes on counting", () => {
    bought();
    shop.sync("first", expired("replacement"), NOTICE);
    shop.sync("first", expired("replacement"), { ...NOTICE, now: must(shop.purchase("first").nextSyncAt) });
    shop.fulfilAll();
    shop.sync(
      "second",
      { ...upgrade, items: [lineItem({ productId: "lumen_studio", expiresAt: END + 30 * DAY })] },
      NOTICE,
    );
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
    const slot = only(shop.slotsOf("desktop"));
    expect(slot).toMatchObject({ generation: 2, attempts: 2 });
    expect(shop.purchase("second").closed).toEqual({});
  });

  test("while the new one is pending the old one goes on", () => {
    bought();
    shop.sync(
      "second",
      studio({
        state: "pending",
        items: [lineItem({ productId: "lumen_studio", expiresAt: null, orderId: null })],
        replaces: token("first"),
      }),
      NOTICE,
    );
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.purchase("second")).toMatchObject({ replaced: null, customerId: ANN });
    shop.sync("second", studio({ state: "pending_purchase_canceled", replaces: token("first") }), NOTICE);
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.purchase("first").observations.supersededBy).toBeNull();
    // Google says to look at the old one then.
    expect(shop.tellEffects()).toEqual(["sync_purchase"]);
    shop.sync("second", studio({ state: "pending_purchase_canceled", replaces: token("first") }), NOTICE);
    expect(shop.tellEffects()).toEqual([]);
  });

  test("two live successors of one token are two subscriptions: neither takes anything from the other", () => {
    bought();
    const waiting = { replaces: token("first"), items: [lineItem({ orderId: null, expiresAt: null })] };
    shop.sync("slow", subscription({ state: "pending", ...waiting }), NOTICE);
    shop.sync(
      "quick",
      subscription({ replaces: token("first"), items: [lineItem({ orderId: "GPA.q" })] }),
      NOTICE,
    );
    shop.fulfilAll();
    const paid = subscription({ replaces: token("first"), items: [lineItem({ orderId: "GPA.s" })] });
    shop.sync("slow", paid, NOTICE);
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
    expect(shop.slotsOf("desktop")).toHaveLength(2);
    expect(shop.purchase("first").observations.supersededBy).toBe(refOf("quick").id);
    for (const name of ["quick", "slow"]) {
      const renewal = { orderId: `GPA.${name}..0`, expiresAt: END + 30 * DAY };
      shop.sync(name, subscription({ replaces: token("first"), items: [lineItem(renewal)] }), NOTICE);
      expect(shop.fulfilAll()).toEqual(["extend"]);
    }
  });

  test("a deferred downgrade keeps the old product to its end, then switches", () => {
    shop.sync("first", studio());
    shop.fulfilAll();
    shop.tellEvents();
    const old = lineItem({
      productId: "lumen_studio",
      orderId: "GPA.studio",
      autoRenewing: false,
      leaving: true,
    });
    const next = lineItem({ orderId: null, expiresAt: null });
    shop.sync(
      "second",
      subscription({ items: [old, next], replaces: token("first"), acknowledged: false }),
      NOTICE,
    );
    // The same product under a new token: rows and key are carried over.
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
    expect(shop.fulfilAll()).toEqual(["extend"]);

    const gone = { ...old, expiresAt: END };
    const begun = lineItem({ orderId: "GPA.pro", expiresAt: END + 30 * DAY });
    shop.sync("second", subscription({ items: [gone, begun], replaces: token("first") }), {
      ...NOTICE,
      now: END,
    });
    expect(shop.tellEvents()).toEqual([
      "studio revoked: plan_changed",
      "pro revoked: plan_changed",
      "desktop revoked: plan_changed",
      "pro created",
      "pro delivered",
    ]);
    expect(shop.fulfilAll()).toEqual(["revoke", "deliver", "extend"]);
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("a top-up carries rows and key over to the new token", () => {
    const prepaid = (end: number, overrides: Partial<Purchase> = {}) =>
      subscription({
        items: [lineItem({ autoRenewing: null, expiresAt: end, orderId: `GPA.${end}` })],
        acknowledged: false,
        ...overrides,
      });
    shop.sync("first", prepaid(END));
    shop.fulfilAll();
    shop.tellEvents();
    shop.tellEffects();
    shop.sync("topup", prepaid(END + 30 * DAY, { replaces: token("first") }), NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.fulfilAll()).toEqual(["extend"]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase"]);
    expect(shop.entitlement("pro")).toMatchObject({
      expiresAt: END + 30 * DAY,
      purchaseIds: [refOf("topup").id],
    });
  });

  test("a plan change that overtakes one still pending retires both: the old one ends by a sync of the pending one", () => {
    bought();
    shop.sync("second", studio({ state: "pending", replaces: token("first") }), NOTICE);
    shop.sync("third", studio({ replaces: token("second") }), NOTICE);
    const ofSecond = { kind: "sync_purchase", purchaseId: refOf("second").id };
    expect(must(shop.last).effects.map(({ effect }) => effect)).toContainEqual(ofSecond);
    shop.sync("second", studio({ state: "pending", replaces: token("first") }), NOTICE);
    expect(shop.purchase("first").observations.supersededBy).toBe(refOf("second").id);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
  });

  test("an immediate downgrade takes away what the new plan doesn't give, in the same commit", () => {
    shop.sync("first", studio());
    shop.tellEvents();
    shop.sync("second", subscription({ replaces: token("first") }), NOTICE);
    expect(shop.tellEvents()).toEqual([
      "studio revoked: plan_changed",
      "pro revoked: plan_changed",
      "pro created",
      "pro delivered",
    ]);
    expect(shop.entitlement("studio")).toMatchObject({ active: false, accessUntil: NOW });
  });

  test("a token that has retired what it replaced asks for no more when it is retired itself", () => {
    bought();
    shop.sync("second", upgrade, NOTICE);
    shop.tellEffects();
    shop.sync("third", subscription({ replaces: token("second") }), NOTICE);
    expect(shop.tellEffects()).not.toContain("sync_purchase");
    expect(shop.purchase("third").chainId).toBe(chainId(refOf("first").id));
  });

  test("what a slot leaves behind stays, whatever more is heard of its purchase", () => {
    bought();
    shop.sync("first", expired("user"), NOTICE);
    shop.fulfilAll();
    const { closed } = shop.purchase("first");
    shop.sync("first", expired("replacement"), NOTICE);
    expect(must(shop.last).purchase?.closed).toEqual(closed);
    shop.sync("second", subscription({ replaces: token("first") }), NOTICE);
    expect(must(only(shop.slotsOf("pro")).grant).id).toBe(grantId(only(shop.slotsOf("pro")).id, 2));
  });

  test("another base plan that gives less takes away just that", () => {
    bought();
    shop.sync("first", subscription({ items: [lineItem({ basePlanId: "club-monthly" })] }), NOTICE);
    expect(shop.tellEvents()).toEqual(["desktop revoked: plan_changed", "club created"]);
    expect(shop.held()).toEqual(["club", "pro"]);
  });

  test("an add-on comes and goes by itself", () => {
    bought();
    const addOn = lineItem({ productId: "lumen_cloud", orderId: "GPA.cloud", expiresAt: NOW + DAY });
    shop.sync("first", subscription({ items: [lineItem(), addOn] }), NOTICE);
    shop.sync(
      "first",
      subscription({ items: [lineItem(), { ...addOn, autoRenewing: false, leaving: true }] }),
      NOTICE,
    );
    shop.sync("first", subscription(), { ...NOTICE, now: NOW + DAY });
    expect(shop.tellEvents()).toEqual(["cloud created", "cloud delivered", "cloud revoked: plan_changed"]);
  });

  test("a linked token never seen becomes a stub of the same chain, and Google is asked about it", () => {
    shop.sync("second", upgrade);
    expect(shop.purchase("first")).toMatchObject({
      answer: null,
      customerId: ANN,
      chainId: chainId(refOf("first").id),
      revision: 0,
    });
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase", "sync_purchase"]);
    shop.tellEvents();
    shop.sync("first", expired("replacement"), NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.purchase("first")).toMatchObject({
      revision: 1,
      chainId: chainId(refOf("first").id),
      customerId: ANN,
    });
    expect(shop.tellEffects()).toEqual([]);
  });
});

describe("whose it is", () => {
  test("nobody's: kept, neither granted nor acknowledged, until somebody presents it", () => {
    shop.sync("first", fresh, NOTICE);
    expect(shop.purchase("first")).toMatchObject({ customerId: null, answer: { state: "active" } });
    expect(shop.last).toMatchObject({ customer: null, entitlements: [], grants: [], effects: [] });
    expect(only(must(shop.last).audit).changes).toHaveLength(1);
    shop.sync("first", fresh);
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase"]);
    // Google's answer is the same: its revision stays.
    expect(shop.purchase("first").revision).toBe(1);
  });

  test("by its account id, from a notice alone", () => {
    shop.sync("first", fresh, { ...NOTICE, named: { kind: "customer", id: BEN } });
    expect(shop.held(BEN)).toEqual(["desktop", "pro"]);
  });

  test("somebody else who presents it is refused, and nothing is written", () => {
    shop.sync("first", fresh);
    expect(shop.sync("first", renewed, { claimant: BEN })).toEqual({
      kind: "refused",
      code: "purchase_owned_by_another_customer",
    });
    expect(shop.last).toBeNull();
  });

  test("an old token found without an owner has nothing to tell its successor", () => {
    shop.sync("second", studio({ replaces: token("first") }), NOTICE);
    shop.tellEffects();
    shop.sync("first", expired("replacement"), NOTICE);
    expect(shop.purchase("first").customerId).toBeNull();
    expect(shop.tellEffects()).toEqual([]);
  });

  test("somebody else who presents its successor is refused", () => {
    shop.sync("first", subscription());
    expect(shop.sync("second", studio({ replaces: token("first") }), { claimant: BEN })).toMatchObject({
      kind: "refused",
    });
    expect(shop.purchases.has(refOf("second").id)).toBe(false);
  });

  test("a successor nobody has claimed is its chain's owner's, found through tokens in between", () => {
    shop.sync("root", subscription());
    shop.sync("third", studio({ replaces: token("second") }), NOTICE);
    shop.tellEffects();
    shop.sync(
      "second",
      studio({ state: "expired", endedBy: "replacement", replaces: token("root") }),
      NOTICE,
    );
    expect(shop.purchase("second").customerId).toBe(ANN);
    expect(shop.tellEffects()).toEqual(["sync_purchase"]);
    expect(must(shop.last).effects.map(({ effect }) => effect)).toContainEqual({
      kind: "sync_purchase",
      purchaseId: refOf("third").id,
    });
    // Another one may not have it meanwhile; Ann gets it without doing anything.
    expect(shop.sync("third", studio({ replaces: token("second") }), { claimant: BEN })).toMatchObject({
      kind: "refused",
    });
    shop.sync("third", studio({ replaces: token("second") }), NOTICE);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
  });

  test("an old token that became another's while its successor was pending loses its slots by a sync of its own", () => {
    const waiting = studio({ state: "pending", replaces: token("first") });
    shop.sync("second", waiting);
    shop.sync("first", subscription(), { claimant: BEN });
    shop.tellEffects();
    shop.sync("second", studio({ replaces: token("first") }), NOTICE);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase", "sync_purchase"]);
    shop.sync("first", subscription(), NOTICE);
    expect(shop.held(BEN)).toEqual([]);
    expect(shop.held()).toEqual(["desktop", "pro", "studio"]);
  });

  test("the decision asks for the file it needs", () => {
    const ref = refOf("first");
    const file = {
      ids: { ...NO_IDS, purchaseId: ref.id },
      purchase: record(),
      related: null,
      customer: null,
      former: null,
    };
    const { result, writes } = decideSync(file, input(subscription(), { claimant: null }), POLICY, NOW);
    expect(result).toEqual({ kind: "needs_customer" });
    expect(writes).toBeNull();
  });
});

describe("refusals of products", () => {
  const onlyPro = subscription();
  test.each<[string, Purchase, string | null, Call["policy"], unknown]>([
    [
      "the product of any item is accepted",
      studio({ items: [lineItem(), lineItem({ productId: "lumen_cloud" })] }),
      "lumen_cloud",
      POLICY,
      "synced",
    ],
    ["another product is a mismatch", onlyPro, "lumen_cloud", POLICY, "product_mismatch"],
    [
      "a product that isn't sold here",
      subscription({ items: [lineItem({ productId: "secret" })] }),
      "secret",
      POLICY,
      "product_not_in_catalog",
    ],
    [
      "nor does the one sold beside it help",
      subscription({ items: [lineItem(), lineItem({ productId: "secret" })] }),
      "secret",
      POLICY,
      "product_not_in_catalog",
    ],
    [
      "a notice about something that isn't sold here",
      subscription({ items: [lineItem({ productId: "secret" })] }),
      null,
      POLICY,
      "product_not_in_catalog",
    ],
    [
      "a notice about something of which a part is sold here",
      subscription({ items: [lineItem({ productId: "secret" }), lineItem()] }),
      null,
      POLICY,
      "synced",
    ],
    [
      "a purchase of which Google names no items yet",
      subscription({ state: "pending", items: [] }),
      null,
      POLICY,
      "synced",
    ],
  ])("%s", (_, answer, productId, policy, expected) => {
    const outcome = shop.sync("first", answer, { productId, ...(policy === undefined ? {} : { policy }) });
    expect(outcome.kind === "refused" ? outcome.code : outcome.kind).toBe(expected);
  });

  test("a product that left the catalogue goes on for those who have it", () => {
    shop.sync("first", subscription());
    const gone = policyWithout("lumen_pro");
    expect(shop.sync("first", renewed, { ...NOTICE, policy: gone }).kind).toBe("synced");
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.entitlement("pro").expiresAt).toBe(END + 30 * DAY);
    shop.sync("first", expired("user"), { ...NOTICE, policy: gone });
    expect(shop.held()).toEqual([]);
    // Who verifies it by name is told that it isn't sold any more.
    expect(shop.sync("first", expired("user"), { productId: "lumen_pro", policy: gone })).toEqual({
      kind: "refused",
      code: "product_not_in_catalog",
    });
  });

  test("whose it is is asked before what it is", () => {
    shop.sync("first", subscription());
    expect(shop.sync("first", subscription(), { claimant: BEN, productId: "secret" })).toEqual({
      kind: "refused",
      code: "purchase_owned_by_another_customer",
    });
  });
});

describe("order and repetition", () => {
  test("a repeated sync writes nothing", () => {
    shop.sync("first", fresh);
    const { purchase } = must(shop.last);
    const again = shop.sync("first", fresh, { now: NOW + MINUTE });
    expect(shop.last).toBeNull();
    expect(again).toMatchObject({ kind: "synced", purchase });
    shop.sync("first", fresh, { ...NOTICE, now: NOW + HOUR });
    expect(shop.last).toBeNull();
  });

  test("what never has to be looked at again is not written for that", () => {
    shop.sync("phone", oneTime());
    expect(must(shop.last).purchase?.nextSyncAt).toBeNull();
    shop.sync("phone", oneTime(), { now: NOW + 1000 * DAY });
    expect(shop.last).toBeNull();
  });

  test("that the next look is due is reason to write, and no news for the timeline", () => {
    shop.sync("first", onHold);
    shop.sync("first", onHold, { now: NOW + DAY - 1 });
    expect(shop.last).toBeNull();
    shop.sync("first", onHold, { now: NOW + DAY });
    expect(shop.last).toMatchObject({ audit: [], purchase: { nextSyncAt: NOW + 2 * DAY } });
  });

  test("an answer that may be older than what is stored is not believed", () => {
    shop.sync("first", subscription());
    expect(shop.sync("first", onHold, { basedOn: 0 })).toEqual({ kind: "stale" });
    expect(shop.last).toBeNull();
  });

  test("one that says the same can't be stale, and what came with it is kept", () => {
    shop.sync("first", subscription());
    expect(
      shop.sync("first", subscription(), { basedOn: 0, observation: voided("GPA.1"), claimant: null }),
    ).toMatchObject({ kind: "synced" });
    expect(shop.held()).toEqual([]);
  });

  test("a word of Google's that we don't know changes nothing", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    const before = shop.purchase("first");
    expect(shop.sync("first", subscription({ state: "unknown", items: [] }), NOTICE)).toMatchObject({
      kind: "synced",
      purchase: before,
    });
    expect(shop.last).toBeNull();
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("an answer that lists no items takes none away, and ends what it ends for the right reason", () => {
    shop.sync("first", subscription());
    shop.tellEvents();
    shop.sync("first", subscription({ items: [] }), NOTICE);
    expect(shop.last).toBeNull();
    shop.sync("first", expired("user", { items: [] }), NOTICE);
    expect(shop.tellEvents()).toEqual(["pro revoked: subscription_cancelled"]);
    shop.sync("phone", oneTime({ items: [product({ productId: "lumen_v2" })] }));
    shop.tellEvents();
    shop.sync("phone", oneTime({ state: "refunded", items: [] }), NOTICE);
    expect(shop.tellEvents()).toEqual(["pro revoked: refund"]);
  });

  test("a word we don't know about something new is kept, grants nothing and is asked about again", () => {
    shop.sync("first", subscription({ state: "unknown", acknowledged: false }));
    expect(shop.held()).toEqual([]);
    expect(shop.tellEffects()).toEqual([]);
    expect(shop.purchase("first")).toMatchObject({ answer: { state: "unknown" }, nextSyncAt: NOW + HOUR });
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("pending: no grants, nothing to acknowledge, asked about every hour; then paid", () => {
    shop.sync("phone", oneTime({ state: "pending", startedAt: null, acknowledged: false }));
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.tellEffects()).toEqual([]);
    expect(shop.purchase("phone", "one_time").nextSyncAt).toBe(NOW + HOUR);
    shop.sync("phone", oneTime({ acknowledged: false }), NOTICE);
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "acknowledge_purchase"]);
  });

  test("pending and never paid: nothing there, nothing taken", () => {
    shop.sync("phone", oneTime({ state: "pending", startedAt: null }));
    shop.sync("phone", oneTime({ state: "canceled", startedAt: null }), NOTICE);
    expect(shop.tellEvents()).toEqual([]);
    expect(shop.customers.size).toBe(0);
    expect(shop.purchase("phone", "one_time").nextSyncAt).toBeNull();
  });
});

describe("what a person or the shop decides", () => {
  function block(): void {
    const slot = only(shop.slotsOf("desktop"));
    shop.record(ANN, settleRows({ ...slot, blocked: true }, shop.now));
  }

  test("a slot that a person has blocked is never granted again, by no renewal or recovery", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    block();
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    shop.tellEvents();
    for (const answer of [renewed, onHold, renewed]) {
      shop.sync("first", answer, NOTICE);
      expect(shop.fulfilAll()).toEqual([]);
    }
    expect(shop.tellEvents().filter((event) => event.startsWith("desktop"))).toEqual([]);
    expect(shop.held()).toEqual(["pro"]);
  });

  test("the block outlives the slot and the token", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    block();
    shop.fulfilAll();
    shop.sync("first", expired("replacement"), NOTICE);
    shop.sync("first", expired("replacement"), { ...NOTICE, now: must(shop.purchase("first").nextSyncAt) });
    expect(shop.slotsOf("desktop")).toEqual([]);
    shop.sync("second", subscription({ replaces: token("first") }), NOTICE);
    expect(shop.fulfilAll()).toEqual([]);
    expect(shop.held()).toEqual(["pro"]);
    expect(only(shop.slotsOf("desktop")).blocked).toBe(true);
  });

  test("testers' purchases can be ignored: kept, without access, unacknowledged", () => {
    const policy = { ...POLICY, catalog: catalog({ ...CATALOG_JSON, test_purchases: "ignore" }) };
    shop.sync("first", subscription({ test: true, acknowledged: false }), { policy });
    expect(shop.purchase("first")).toMatchObject({ customerId: ANN, answer: { test: true } });
    expect(shop.held()).toEqual([]);
    expect(shop.tellEffects()).toEqual([]);
  });

  test("a rental ends when the catalogue says so", () => {
    const rented = oneTime({ items: [product({ productId: "course_pack", rental: true })], startedAt: NOW });
    shop.sync("phone", rented);
    expect(shop.entitlement("course")).toMatchObject({
      active: true,
      expiresAt: NOW + 30 * DAY,
      accessUntil: NOW + 30 * DAY,
      willRenew: false,
    });
    expect(shop.purchase("phone", "one_time").nextSyncAt).toBe(NOW + 30 * DAY);
    shop.sync("phone", rented, { ...NOTICE, now: NOW + 30 * DAY });
    expect(shop.entitlement("course")).toMatchObject({
      active: false,
      accessUntil: NOW + 30 * DAY,
      state: "expired",
    });
    expect(
      [...shop.grants.values()].map((grant) => [grant.revocationReason, grant.revocationDetail]),
    ).toEqual([["subscription_expired", "rental_ended"]]);
  });

  test("a failed licence is tried again with the next payment, not before", () => {
    shop.sync("first", subscription());
    shop.fail(only(shop.slotsOf("desktop")));
    shop.tellEvents();
    shop.tellEffects();
    shop.sync("first", { ...subscription(), acknowledged: false }, NOTICE);
    expect(shop.tellEffects()).toEqual(["acknowledge_purchase"]);
    shop.sync("first", renewed, NOTICE);
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
    expect(shop.tellEvents()).toEqual(["desktop created", "desktop delivered"]);
  });
});

describe("who will run what is put down", () => {
  test("the process that commits marks its first attempts in the commit", () => {
    shop.sync("first", subscription(), { runner: "lease-7" });
    expect(only(shop.slotsOf("desktop"))).toMatchObject({
      attempts: 1,
      attempt: { number: 1, lease: "lease-7" },
    });
    expect(only(shop.slotsOf("pro"))).toMatchObject({ attempts: 0, attempt: null });
  });

  test("it doesn't touch another's attempt", () => {
    shop.sync("first", subscription(), { runner: "lease-7" });
    shop.sync("first", renewed, { runner: "lease-8" });
    expect(only(shop.slotsOf("desktop")).attempt).toEqual({ number: 1, lease: "lease-7" });
  });

  test("nor marks what is not a delivery, or has left", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.sync("first", expired("user"), { runner: "lease-9" });
    expect(only(shop.slotsOf("desktop"))).toMatchObject({ attempts: 1, attempt: null });
    expect(shop.slotsOf("pro")).toEqual([]);
  });

  test("if nobody runs it, it is only put down", () => {
    shop.sync("first", subscription());
    expect(only(shop.slotsOf("desktop"))).toMatchObject({ attempts: 0, attempt: null });
    expect(nextStep(only(shop.slotsOf("desktop")))).toBe("deliver");
  });
});

describe("what is due at Google", () => {
  const seat = (consumed: boolean) =>
    oneTime({ items: [product({ productId: "credit_pack_50", consumed })] });
  const due = (answer: Purchase | null, overrides = {}) =>
    isDueAtGoogle(record({ answer, ...overrides }), POLICY, NOW);

  test.each<[string, boolean, boolean]>([
    ["granted, not acknowledged", due(fresh), true],
    ["acknowledged", due(subscription()), false],
    ["canceled, not acknowledged, still running", due({ ...canceled, acknowledged: false }), true],
    [
      "canceled, not acknowledged, over",
      due({ ...canceled, acknowledged: false, items: [lineItem({ expiresAt: NOW })] }),
      false,
    ],
    ["on hold, not acknowledged", due({ ...onHold, acknowledged: false }), false],
    ["pending", due(oneTime({ state: "pending", acknowledged: false })), false],
    ["nobody's", due(fresh, { customerId: null }), false],
    ["of which nothing is known", due(null), false],
    [
      "superseded",
      due(fresh, { observations: observe(NO_OBSERVATIONS, { kind: "superseded", by: refOf("x").id }) }),
      false,
    ],
    ["refunded", due(fresh, { observations: observe(NO_OBSERVATIONS, voided("GPA.1")) }), false],
    [
      "one item runs, one has not begun",
      due(subscription({ acknowledged: false, items: [lineItem({ expiresAt: null }), lineItem()] })),
      true,
    ],
    ["a consumable not consumed, though acknowledged", due(seat(false)), true],
    ["a consumed one", due(seat(true)), false],
  ])("%s", (_, found, expected) => expect(found).toBe(expected));

  test("a tester's purchase that is ignored is not acknowledged", () => {
    const policy = { ...POLICY, catalog: catalog({ ...CATALOG_JSON, test_purchases: "ignore" }) };
    expect(isDueAtGoogle(record({ answer: { ...fresh, test: true } }), policy, NOW)).toBe(false);
    expect(isDueAtGoogle(record({ answer: { ...fresh, test: true } }), POLICY, NOW)).toBe(true);
  });

  test("only consumables are consumed", () => {
    expect(needsConsuming(record({ answer: seat(false) }), POLICY)).toBe(true);
    expect(needsConsuming(record({ answer: oneTime() }), POLICY)).toBe(false);
    expect(
      needsConsuming(record({ answer: oneTime({ items: [product({ productId: "gone" })] }) }), POLICY),
    ).toBe(false);
    expect(needsConsuming(record({ answer: null }), POLICY)).toBe(false);
    expect(
      needsConsuming(
        record({ answer: oneTime({ items: [product(), product({ productId: "credit_pack_50" })] }) }),
        POLICY,
      ),
    ).toBe(true);
  });
});

describe("a token that was put down by something that didn't know of which kind it is", () => {
  test.each(["one_time", "subscription"] as const)(
    "is of the kind that whoever presents it says: %s",
    (type) => {
      const other = type === "one_time" ? "subscription" : "one_time";
      const stub = { ...record({ answer: null, customerId: null, revision: 0 }), ...refOf("first", other) };
      shop.purchases.set(stub.id, { ...stub, chainId: other === "subscription" ? chainId(stub.id) : null });
      shop.sync("first", type === "one_time" ? oneTime() : subscription());
      expect(shop.purchase("first", type)).toMatchObject({
        type,
        chainId: type === "subscription" ? chainId(stub.id) : null,
      });
      expect(shop.held()).toEqual(["desktop", "pro"]);
    },
  );
});

describe("an answer that comes later than its notice", () => {
  test("a refund of units is looked for, until the answer shows it", () => {
    const three = product({ productId: "credit_pack_50", quantity: 3, refundableQuantity: 3 });
    shop.sync("coins", oneTime({ items: [three] }));
    const order = { orderId: "GPA.1", extent: "units", at: NOW } as const;
    shop.sync("coins", oneTime({ items: [three] }), { ...NOTICE, observation: { kind: "voided", order } });
    expect(shop.purchase("coins", "one_time").nextSyncAt).toBe(NOW + HOUR);
    shop.sync("coins", oneTime({ items: [{ ...three, refundableQuantity: 2 }] }), {
      ...NOTICE,
      now: NOW + DAY,
    });
    expect(shop.purchase("coins", "one_time").nextSyncAt).toBeNull();
    expect(shop.slotsOf("seat")).toHaveLength(2);
  });

  test("a revoke is looked for once more, or sooner if something is due sooner", () => {
    const revoked = { ...NOTICE, observation: { kind: "revoked" } } as const;
    shop.sync("first", subscription());
    shop.sync("first", subscription({ items: [lineItem({ orderId: "GPA.9" })] }), revoked);
    expect(shop.purchase("first").nextSyncAt).toBe(NOW + 10 * MINUTE);
    shop.sync("first", subscription({ items: [lineItem({ expiresAt: NOW + MINUTE })] }), revoked);
    expect(shop.purchase("first").nextSyncAt).toBe(NOW + MINUTE);
  });
});

describe("what a commit tells and keeps", () => {
  test("every order that paid, the newest last", () => {
    shop.sync("first", subscription());
    shop.sync("first", renewed, NOTICE);
    shop.sync("first", subscription(), NOTICE);
    expect(shop.purchase("first").orderIds).toEqual(["GPA.1", "GPA.1..0"]);
  });

  test("of very many orders the newest hundred", () => {
    for (let index = 0; index < 105; index += 1) {
      shop.sync("first", subscription({ items: [lineItem({ orderId: `GPA.${index}` })] }), NOTICE);
    }
    shop.sync("first", subscription({ items: [lineItem({ orderId: "GPA.105" })] }));
    expect(shop.purchase("first").orderIds).toHaveLength(100);
    expect(shop.purchase("first").orderIds.at(-1)).toBe("GPA.105");
  });

  test("until when Google must be told, while there is something to tell", () => {
    shop.sync("first", fresh, NOTICE);
    expect(shop.purchase("first").acknowledgeBy).toBeNull();
    shop.sync("first", fresh);
    expect(shop.purchase("first").acknowledgeBy).toBe(must(fresh.startedAt) + 3 * DAY);
    shop.sync("first", subscription({ acknowledged: true }), NOTICE);
    expect(shop.purchase("first").acknowledgeBy).toBeNull();
  });

  test("an item past its end when Google says revoked was refunded by itself, too", () => {
    const cloud = lineItem({ productId: "lumen_cloud", orderId: "GPA.2" });
    shop.sync("first", subscription({ items: [lineItem(), cloud] }));
    shop.fulfilAll();
    shop.tellEvents();
    const ended = { ...cloud, expiresAt: NOW, autoRenewing: false };
    shop.sync("first", subscription({ items: [lineItem(), ended] }), {
      ...NOTICE,
      observation: { kind: "revoked" },
    });
    expect(shop.tellEvents()).toEqual(["cloud revoked: refund"]);
  });

  test("an item that is gone when Google says revoked was refunded by itself", () => {
    const two = [lineItem(), lineItem({ productId: "lumen_cloud", orderId: "GPA.2" })];
    shop.sync("first", subscription({ items: two }));
    shop.fulfilAll();
    shop.tellEvents();
    shop.sync("first", subscription(), { ...NOTICE, observation: { kind: "revoked" } });
    expect(shop.tellEvents()).toEqual(["cloud revoked: refund"]);
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("the timeline says what changed, and names no secret", () => {
    shop.sync("first", subscription());
    expect(only(must(shop.last).audit)).toEqual({
      at: NOW,
      cause: "verify",
      actor: null,
      customerId: ANN,
      purchaseId: refOf("first").id,
      changes: [
        { kind: "purchase", grantId: null, summary: "new → active" },
        { kind: "grant", grantId: only(shop.slotsOf("pro")).grant?.id, summary: "pro Delivered" },
      ],
    });
    shop.sync("first", onHold, NOTICE);
    expect(only(must(shop.last).audit)).toMatchObject({
      cause: "rtdn",
      changes: [{ summary: "active → on_hold" }, { summary: "pro Revoked subscription_on_hold" }],
    });
    expect(JSON.stringify(shop.last)).not.toContain(token("first").reveal());
  });

  test("a stub's first answer has no state before it", () => {
    shop.sync("second", studio({ replaces: token("first") }));
    shop.sync("first", expired("replacement"), NOTICE);
    expect(only(must(shop.last).audit)).toMatchObject({ changes: [{ summary: "new → expired" }] });
  });

  test("the file that a decision leaned on is rewritten, even unchanged; one that isn't there is not made for nothing", () => {
    shop.sync("first", subscription({ state: "pending", items: [] }));
    expect(must(shop.last)).toMatchObject({ customer: null, answered: true });
    shop.sync("first", subscription());
    const before = shop.customers.get(ANN);
    shop.sync("other", subscription({ state: "pending", items: [] }));
    expect(must(shop.last).customer).toEqual(before);
  });

  test("grants of one customer are told in one file, merged over purchases", () => {
    shop.sync("first", subscription());
    shop.sync("phone", oneTime());
    expect(shop.entitlement("pro")).toMatchObject({
      expiresAt: null,
      accessUntil: null,
      willRenew: true,
      state: "purchased",
    });
    shop.sync("phone", oneTime({ state: "refunded" }), NOTICE);
    expect(shop.entitlement("pro")).toMatchObject({
      active: true,
      expiresAt: END,
      purchaseIds: [refOf("first").id],
    });
  });

  test("the entitlements that changed are written, and no others", () => {
    shop.sync("first", subscription());
    expect(
      must(shop.last)
        .entitlements.map((row) => row.entitlementId)
        .sort(),
    ).toEqual(["desktop", "pro"]);
    shop.sync("second", subscription({ items: [lineItem({ productId: "lumen_cloud" })] }));
    expect(must(shop.last).entitlements.map((row) => row.entitlementId)).toEqual(["cloud"]);
  });

  test("rows that were opened are dated now", () => {
    shop.sync("first", subscription(), { now: NOW + 5 });
    expect(must(shop.last)).toMatchObject({
      purchase: { createdAt: NOW + 5, updatedAt: NOW + 5 },
      effects: [{ dueAt: NOW + 5 }, { dueAt: NOW + 5 }],
    });
    expect(only(must(shop.last).grants)).toMatchObject({ createdAt: NOW + 5 });
  });
});

function input(answer: Purchase, overrides: Partial<SyncInput> = {}): SyncInput {
  return {
    ref: refOf("first"),
    answer,
    basedOn: 1,
    claimant: ANN,
    named: { kind: "nobody" },
    productId: null,
    observation: null,
    cause: "rtdn",
    actor: null,
    inherited: null,
    transfers: false,
    runner: null,
    ...overrides,
  };
}

describe("a one-time purchase that was paid and then reads cancelled", () => {
  test("is refunded, even if the answer has lost when it was paid", () => {
    shop.sync("first", oneTime({ state: "purchased" }));
    shop.sync("first", oneTime({ state: "canceled", startedAt: null }), NOTICE);
    expect(shop.purchase("first").answer?.state).toBe("refunded");
    shop.sync("first", oneTime({ state: "canceled", startedAt: null }), NOTICE);
    expect(shop.purchase("first").answer?.state).toBe("refunded");
  });

  test("one that never was paid stays cancelled", () => {
    shop.sync("first", oneTime({ state: "pending", startedAt: null }));
    shop.sync("first", oneTime({ state: "canceled", startedAt: null }), NOTICE);
    expect(shop.purchase("first").answer?.state).toBe("canceled");
  });
});

describe("how a customer is reached", () => {
  const contact = { email: "ann@example.com", language: "th" } as const;
  let shop: Shop;

  beforeEach(() => {
    shop = new Shop();
  });

  test("is kept with the first purchase; told again it is nothing to write", () => {
    shop.sync("first", fresh, { contact });
    expect(shop.customers.get(ANN)?.contact).toEqual(contact);
    shop.sync("first", fresh, { contact });
    expect(shop.last).toBeNull();
  });

  test("is written, and is no news of the purchase, when it alone is new", () => {
    shop.sync("first", fresh);
    shop.sync("first", fresh, { contact });
    expect(shop.customers.get(ANN)?.contact).toEqual(contact);
    expect(shop.last?.audit).toEqual([]);
  });

  test("is the caller's own: of a purchase that nobody claims it says nothing", () => {
    shop.sync("first", fresh, { ...NOTICE, contact });
    expect(shop.customers.size).toBe(0);
    shop.sync("second", fresh, { ...NOTICE, contact, named: { kind: "customer", id: BEN } });
    expect(shop.customers.get(BEN)?.contact).toBeNull();
  });
});
