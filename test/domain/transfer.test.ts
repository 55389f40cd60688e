import { beforeEach, describe, expect, test } from "vitest";
import { revokeGrantDecision } from "../../src/domain/admin-decisions.ts";
import { NO_IDS } from "../../src/domain/purchase-file.ts";
import { recordStanding } from "../../src/domain/slot-drift.ts";
import {
  ANN,
  BEN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  POLICY,
  product,
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { Shop } from "../support/shop.ts";

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
  shop.policy = { ...POLICY, transfers: true };
});

const bens = { claimant: BEN };

/** `PURCHASE_TRANSFER=allow`: a purchase goes to whoever presents it, with all that it gives. */
describe("a purchase that moves", () => {
  test("ends with the one and begins with the other, in one commit", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    const key = must(only(shop.slotsOf("desktop")).grant);
    shop.tellEvents();
    shop.tellEffects();
    shop.sync("first", subscription(), bens);
    expect(shop.held()).toEqual([]);
    expect(shop.held(BEN)).toEqual(["desktop", "pro"]);
    expect(shop.purchase("first").customerId).toBe(BEN);
    expect(shop.tellEvents()).toEqual([
      "pro revoked: manual",
      "desktop revoked: manual",
      "pro created",
      "pro delivered",
    ]);
    expect(shop.tellEffects()).toEqual(["fulfill_slot", "fulfill_slot"]);
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    expect(shop.fulfilAll(BEN)).toEqual(["deliver", "extend"]);
    const fresh = must(only(shop.slotsOf("desktop", BEN)).grant);
    expect(fresh.licenseKey?.id).not.toBe(key.licenseKey?.id);
    expect(fresh).toMatchObject({ customerId: BEN, regrantOf: null });
  });

  test("tells the history of both, each its own rows", () => {
    shop.sync("first", subscription());
    shop.sync("first", subscription(), bens);
    const [bens_, anns] = must(shop.last).audit;
    expect(bens_).toMatchObject({
      customerId: BEN,
      changes: [{ kind: "purchase" }, { summary: "pro Delivered" }],
    });
    expect(anns).toMatchObject({
      customerId: ANN,
      changes: [{ kind: "purchase" }, { summary: "pro Revoked manual" }],
    });
  });

  test("and comes back is a new grant, with a new key", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.sync("first", subscription(), bens);
    shop.fulfilAll();
    shop.sync("first", subscription());
    expect(shop.held(BEN)).toEqual([]);
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(only(shop.slotsOf("pro")).grant).toMatchObject({ status: "Delivered" });
    expect(only(shop.slotsOf("pro")).generation).toBe(2);
    expect(shop.fulfilAll()).toEqual(["deliver", "extend"]);
  });

  test("back before the key was taken away: that one goes first", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.sync("first", subscription(), bens);
    shop.sync("first", subscription());
    expect(shop.fulfilAll()).toEqual(["revoke", "deliver", "extend"]);
  });

  test("takes every unit along", () => {
    const three = oneTime({
      items: [product({ productId: "credit_pack_50", quantity: 3, refundableQuantity: 3 })],
    });
    shop.sync("coins", three);
    shop.fulfilAll();
    shop.sync("coins", three, bens);
    shop.fulfilAll();
    expect(shop.slotsOf("seat")).toEqual([]);
    expect(shop.slotsOf("seat", BEN)).toHaveLength(3);
  });

  test("one that replaces somebody else's takes that one's place", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.tellEvents();
    const next = subscription({ replaces: token("first"), items: [lineItem({ productId: "lumen_studio" })] });
    shop.sync("second", next, bens);
    expect(shop.held()).toEqual([]);
    expect(shop.held(BEN)).toContain("desktop");
    expect(shop.tellEvents().slice(0, 2)).toEqual(["pro revoked: manual", "desktop revoked: manual"]);
    expect(shop.purchase("first").observations.supersededBy).toBe(refOf("second").id);
  });

  test("the former owner of the one replaced hears of it as well", () => {
    shop.sync("first", subscription());
    shop.sync("second", subscription({ replaces: token("first") }), bens);
    const [bens_, anns] = must(shop.last).audit;
    expect(bens_?.customerId).toBe(BEN);
    expect(anns).toMatchObject({
      customerId: ANN,
      changes: [{ kind: "purchase" }, { summary: "pro Revoked manual" }],
    });
  });

  test("one that waited for its payment ends what it replaces, and can go back to the first owner", () => {
    const next = (state: "pending" | "active") =>
      subscription({ state, replaces: token("first"), items: [lineItem({ orderId: "GPA.2" })] });
    shop.sync("first", subscription());
    shop.fulfilAll();
    shop.sync("second", next("pending"), bens);
    expect(shop.held()).toEqual(["desktop", "pro"]);
    shop.sync("second", next("active"), { claimant: null });
    expect(shop.held()).toEqual([]);
    shop.fulfilAll();
    shop.fulfilAll(BEN);
    shop.sync("second", next("active"));
    expect(shop.held()).toEqual(["desktop", "pro"]);
    expect(only(shop.slotsOf("pro")).generation).toBe(2);
  });

  test("what a person took away stays away", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    const grant = must(only(shop.slotsOf("pro")).grant);
    const file = shop.file({ ...NO_IDS, purchaseId: refOf("first").id, customerId: ANN });
    shop.commit(revokeGrantDecision(file, grant, "owner", NOW));
    shop.sync("first", subscription(), bens);
    expect(shop.held(BEN)).toEqual(["desktop"]);
    shop.fulfilAll();
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["desktop"]);
  });
});

describe("a licence that was switched off where it is kept", () => {
  test("is no reason for a new key with another customer", () => {
    shop.sync("first", subscription());
    shop.fulfilAll();
    const slot = only(shop.slotsOf("desktop"));
    const off = recordStanding(slot, { status: "suspended", expiresAt: null }, NOW);
    shop.record(ANN, must(off));
    shop.sync("first", subscription(), bens);
    expect(shop.held(BEN)).toEqual(["pro"]);
    expect(shop.fulfilAll(BEN)).toEqual([]);
  });
});

describe("where nothing moves", () => {
  test("another's purchase is refused, unless the owner allows it", () => {
    shop.policy = POLICY;
    shop.sync("first", subscription());
    expect(shop.sync("first", subscription(), bens)).toEqual({
      kind: "refused",
      code: "purchase_owned_by_another_customer",
    });
    expect(shop.last).toBeNull();
  });

  test("a notice leaves it where it is", () => {
    shop.sync("first", subscription());
    shop.sync("first", subscription(), {
      claimant: null,
      named: { kind: "customer", id: BEN },
      cause: "rtdn",
    });
    expect(shop.purchase("first").customerId).toBe(ANN);
  });

  test("its own owner changes nothing by presenting it again", () => {
    shop.sync("first", subscription());
    shop.sync("first", subscription());
    expect(shop.last).toBeNull();
  });
});
