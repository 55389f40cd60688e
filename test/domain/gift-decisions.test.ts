import { beforeEach, describe, expect, test } from "vitest";
import { revokeGrantDecision } from "../../src/domain/admin-decisions.ts";
import { endGiftDecision, type Gift, giveGrantDecision } from "../../src/domain/gift-decisions.ts";
import { grantId, slotId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import { NO_IDS } from "../../src/domain/purchase-file.ts";
import { ANN, catalog, must, NOW, only, PACKAGE, refOf, subscription } from "../support/builders.ts";
import { Shop } from "../support/shop.ts";

const CATALOG = catalog();
let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});

const file = () => shop.file({ ...NO_IDS, customerId: ANN });

function give(entitlementId: string, expiresAt: number | null = null, note: string | null = null) {
  const entitlement = must(CATALOG.entitlements.get(entitlementId));
  const gift: Gift = { customerId: ANN, entitlement, expiresAt, note };
  return shop.commit(giveGrantDecision(file(), gift, CATALOG, "owner", shop.now));
}

function end(now: number) {
  const slot = only(Object.values(shop.slots()));
  shop.now = now;
  shop.commit(endGiftDecision(file(), slot.id, now));
}

describe("a gift", () => {
  test("is a grant without a purchase", () => {
    const { grant } = give("pro");
    expect(grant).toMatchObject({
      status: "Delivered",
      packageName: PACKAGE,
      purchaseId: null,
      productId: null,
      orderId: null,
      chainId: null,
    });
    expect(shop.entitlement("pro")).toMatchObject({
      active: true,
      state: "purchased",
      expiresAt: null,
      purchaseIds: [],
      productIds: [],
    });
    expect(shop.tellEffects()).toEqual([]);
  });

  test("has a place of its own with the customer, and never renews", () => {
    const { slotId: id } = give("pro");
    expect(id).toBe(slotId(ANN, "gift", "pro", 0));
    expect(shop.entitlement("pro").willRenew).toBe(false);
    expect(only(must(shop.last).audit).changes[0]?.summary).toBe("gift of pro");
  });

  test("of a licence opens when its key is there", () => {
    expect(give("desktop", NOW + DAY).grant).toBeNull();
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "end_gift"]);
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
    expect(shop.tellEvents()).toEqual(["desktop created", "desktop delivered"]);
  });

  test("leaves its history, with the shop's note", () => {
    const { grant } = give("pro", null, "sorry for the trouble");
    expect(only(must(shop.last).audit)).toMatchObject({
      cause: "admin",
      actor: "owner",
      customerId: ANN,
      purchaseId: null,
      changes: [
        { kind: "admin", grantId: must(grant).id, summary: "gift of pro: sorry for the trouble" },
        { kind: "grant" },
      ],
    });
  });

  test("given twice is one gift, with the end named last", () => {
    give("desktop", NOW + DAY);
    shop.fulfilAll();
    shop.tellEvents();
    const { grant } = give("desktop", NOW + 9 * DAY);
    expect(shop.tellEvents()).toEqual([]);
    expect(must(grant).status).toBe("Delivered");
    expect(shop.fulfilAll()).toEqual(["extend"]);
    expect(shop.entitlement("desktop").accessUntil).toBe(NOW + 9 * DAY);
  });

  test("given again just as it is changes nothing", () => {
    give("desktop", NOW + DAY);
    const { grant } = give("desktop", NOW + DAY);
    expect(shop.last).toBeNull();
    expect(grant).toBeNull();
    shop.fulfilAll();
    expect(give("desktop", NOW + DAY).grant).toMatchObject({ status: "Delivered" });
    expect(shop.last).toBeNull();
  });

  test("ends when its time is over", () => {
    give("desktop", NOW + DAY);
    shop.fulfilAll();
    shop.tellEvents();
    end(NOW + DAY);
    expect(shop.tellEvents()).toEqual(["desktop revoked: subscription_expired"]);
    expect(only(must(shop.last).audit)).toMatchObject({ cause: "effect", actor: null });
    expect([...shop.grants.values()].at(-1)?.revocationDetail).toBe("gift_ended");
    expect(shop.entitlement("desktop")).toMatchObject({ active: false, state: "expired" });
    expect(shop.fulfilAll()).toEqual(["revoke"]);
  });

  test.each([
    ["whose end was moved", NOW + 2 * DAY],
    ["that is for good by now", null],
  ])("one %s goes on", (_, expiresAt) => {
    give("pro", NOW + DAY);
    give("pro", expiresAt);
    end(NOW + DAY);
    expect(shop.last).toBeNull();
    expect(shop.held()).toEqual(["pro"]);
  });

  test("that is over, or never was, does not end again", () => {
    give("pro", NOW + DAY);
    end(NOW + DAY);
    end(NOW + DAY);
    expect(shop.last).toBeNull();
    expect(endGiftDecision(shop.file(NO_IDS), "slt_0" as never, NOW).writes).toBeNull();
  });

  test("taken back by hand, a new one is a new grant", () => {
    give("desktop");
    shop.fulfilAll();
    const before = must(only(shop.slotsOf("desktop")).grant);
    const purchaseless = shop.file({ ...NO_IDS, customerId: ANN });
    expect(shop.commit(revokeGrantDecision(purchaseless, before, "owner", NOW))).toMatchObject({
      status: "Revoked",
      revocationReason: "manual",
    });
    shop.commit(revokeGrantDecision(file(), must(shop.grants.get(before.id)), "owner", NOW));
    expect(shop.last).toBeNull();
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    give("desktop");
    expect(shop.fulfilAll()).toEqual(["deliver"]);
    const slot = only(shop.slotsOf("desktop"));
    expect(slot.grant).toMatchObject({ id: grantId(slot.id, 2), regrantOf: before.id });
  });

  test("after one that failed is tried anew", () => {
    give("desktop");
    shop.fail(only(shop.slotsOf("desktop")));
    give("desktop");
    expect(shop.fulfilAll()).toEqual(["deliver"]);
  });

  test("stands beside a purchase of the same: each ends by itself", () => {
    give("pro", NOW + 90 * DAY);
    shop.sync("first", subscription());
    expect(shop.entitlement("pro").purchaseIds).toEqual([refOf("first").id]);
    shop.sync("first", subscription({ state: "expired" }));
    expect(shop.held()).toEqual(["pro"]);
    expect(shop.entitlement("pro")).toMatchObject({ purchaseIds: [], state: "active" });
  });
});
