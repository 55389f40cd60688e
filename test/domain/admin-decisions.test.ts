import { beforeEach, describe, expect, test } from "vitest";
import { retryGrantDecision, revokeGrantDecision } from "../../src/domain/admin-decisions.ts";
import type { Grant } from "../../src/domain/grant.ts";
import { HOUR } from "../../src/domain/instant.ts";
import { NO_IDS } from "../../src/domain/purchase-file.ts";
import {
  ANN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  product,
  refOf,
  subscription,
} from "../support/builders.ts";
import { Shop } from "../support/shop.ts";

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});

const held = subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - HOUR })] });
const expired = subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - HOUR })] });

function fileOf(grant: Grant) {
  return shop.file({ ...NO_IDS, purchaseId: grant.purchaseId, customerId: grant.customerId });
}

function revoke(grant: Grant): Grant {
  return shop.commit(revokeGrantDecision(fileOf(grant), grant, "owner", shop.now));
}

function retry(grant: Grant): string {
  return shop.commit(retryGrantDecision(fileOf(grant), grant, "owner", shop.now));
}

/** The row of an entitlement as it stands. */
function row(entitlementId: string): Grant {
  return must([...shop.grants.values()].filter((grant) => grant.entitlementId === entitlementId).at(-1));
}

function bought(): void {
  shop.sync("first", subscription());
  shop.fulfilAll();
  shop.tellEvents();
  shop.tellEffects();
}

describe("a grant revoked by a person", () => {
  test("ends at once, with its event, its entitlement and its licence", () => {
    bought();
    const after = revoke(row("desktop"));
    expect(after).toMatchObject({ status: "Revoked", revocationReason: "manual", revokedAt: NOW });
    expect(shop.tellEvents()).toEqual(["desktop revoked: manual"]);
    expect(shop.held()).toEqual(["pro"]);
    expect(shop.entitlement("desktop").state).toBe("revoked");
    expect(shop.tellEffects()).toEqual(["fulfill_slot"]);
    expect(shop.fulfilAll()).toEqual(["revoke"]);
  });

  test("of a licence in several units takes that one alone", () => {
    shop.sync(
      "coins",
      oneTime({ items: [product({ productId: "credit_pack_50", quantity: 2, refundableQuantity: 2 })] }),
    );
    shop.fulfilAll();
    const [first, second] = [...shop.grants.values()].filter(({ entitlementId }) => entitlementId === "seat");
    expect(revoke(must(second))).toMatchObject({ id: second?.id, status: "Revoked" });
    expect(shop.grants.get(must(first).id)?.status).toBe("Delivered");
  });

  test("leaves its history, with the name of the key that was used", () => {
    bought();
    const grant = row("pro");
    revoke(grant);
    expect(only(must(shop.last).audit)).toEqual({
      at: NOW,
      cause: "admin",
      actor: "owner",
      customerId: ANN,
      purchaseId: refOf("first").id,
      changes: [
        { kind: "admin", grantId: grant.id, summary: "revoked by hand" },
        { kind: "grant", grantId: grant.id, summary: "pro Revoked manual" },
      ],
    });
  });

  test("no renewal gives it back", () => {
    bought();
    revoke(row("pro"));
    shop.sync(
      "first",
      subscription({ items: [lineItem({ orderId: "GPA.1..0", expiresAt: NOW + 40 * 24 * HOUR })] }),
    );
    expect(shop.held()).toEqual(["desktop"]);
    shop.sync("first", held);
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["desktop"]);
  });

  test("again is the same row, and nothing is written", () => {
    bought();
    const after = revoke(row("pro"));
    expect(revoke(after)).toEqual(after);
    expect(shop.last).toBeNull();
  });

  test("during a hold changes no row, but stops the recovery", () => {
    bought();
    shop.sync("first", held);
    shop.tellEvents();
    const onHold = row("pro");
    expect(revoke(onHold)).toMatchObject({ revocationReason: "subscription_on_hold" });
    expect(shop.tellEvents()).toEqual([]);
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["desktop"]);
  });

  test("an older row is history: the one that came after it lives on", () => {
    bought();
    const first = row("pro");
    shop.sync("first", held);
    shop.sync("first", subscription());
    expect(revoke(must(shop.grants.get(first.id)))).toMatchObject({ status: "Revoked" });
    expect(shop.last).toBeNull();
    expect(shop.held()).toEqual(["desktop", "pro"]);
  });

  test("after its purchase is over it still can't come back with it", () => {
    bought();
    shop.sync("first", expired);
    shop.fulfilAll();
    shop.tellEvents();
    const over = row("pro");
    expect(revoke(over)).toEqual(over);
    expect(shop.tellEvents()).toEqual([]);
    expect(only(must(shop.last).audit)).toMatchObject({ actor: "owner", changes: [{ kind: "admin" }] });
    revoke(over);
    expect(shop.last).toBeNull();
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["desktop"]);
  });

  test("while the licence of an ended one is still being taken back, it can't come back either", () => {
    bought();
    shop.sync("first", expired);
    revoke(row("desktop"));
    expect(shop.fulfilAll()).toEqual(["revoke"]);
    shop.sync("first", subscription());
    expect(shop.held()).toEqual(["pro"]);
  });

  test("one that nobody knows any more is left alone", () => {
    bought();
    const grant = row("pro");
    shop.customers.clear();
    shop.purchases.clear();
    expect(revoke(grant)).toBe(grant);
    expect(shop.last).toBeNull();
  });
});

describe("a grant that failed", () => {
  function failed(): Grant {
    shop.sync("first", oneTime());
    shop.fail(only(shop.slotsOf("desktop")));
    shop.tellEvents();
    shop.tellEffects();
    return row("desktop");
  }

  test("tried again stays as it is: a new row follows it", () => {
    const before = failed();
    expect(retry(before)).toBe("asked");
    expect(shop.tellEffects()).toEqual(["fulfill_slot"]);
    expect(shop.fulfilAll()).toEqual(["deliver"]);
    expect(row("desktop")).toMatchObject({ status: "Delivered", regrantOf: before.id });
    expect(shop.grants.get(before.id)).toEqual(before);
    expect(shop.tellEvents()).toEqual(["desktop created", "desktop delivered"]);
  });

  test("a retry leaves its history", () => {
    const grant = failed();
    retry(grant);
    expect(only(must(shop.last).audit)).toMatchObject({
      cause: "admin",
      actor: "owner",
      changes: [{ kind: "admin", grantId: grant.id, summary: "retried by hand" }],
    });
  });

  test("only what failed can be tried again", () => {
    bought();
    expect(retry(row("desktop"))).toBe("not_failed");
    shop.customers.clear();
    expect(retry(row("desktop"))).toBe("not_failed");
  });

  test("what is not paid for any more is not tried again", () => {
    const grant = failed();
    shop.sync("first", oneTime({ state: "canceled" }));
    expect(retry(grant)).toBe("not_failed");
    expect(shop.last).toBeNull();
  });

  test("one that came right by itself since is not tried again", () => {
    const grant = failed();
    retry(grant);
    shop.fulfilAll();
    expect(retry(grant)).toBe("not_failed");
  });

  test("revoked, it ends for good", () => {
    const after = revoke(failed());
    expect(after).toMatchObject({ status: "Revoked", revocationReason: "manual" });
    expect(shop.tellEvents()).toEqual(["desktop revoked: manual"]);
    expect(retry(after)).toBe("not_failed");
    shop.sync("first", oneTime());
    expect(shop.held()).toEqual(["pro"]);
  });

  test("revoked after its purchase is over", () => {
    const grant = failed();
    shop.sync("first", oneTime({ state: "canceled" }));
    shop.tellEvents();
    const after = revoke(grant);
    expect(after).toMatchObject({ status: "Revoked" });
    expect(shop.tellEvents()).toEqual(["desktop revoked: manual"]);
    expect(shop.last?.grants).toEqual([after]);
    expect(only(must(shop.last).audit).changes).toEqual([
      { kind: "admin", grantId: grant.id, summary: "revoked by hand" },
      { kind: "grant", grantId: grant.id, summary: "desktop Revoked manual" },
    ]);
  });
});
