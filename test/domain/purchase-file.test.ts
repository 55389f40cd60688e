import { describe, expect, test } from "vitest";
import { chainId, purchaseId } from "../../src/domain/ids.ts";
import {
  newPurchaseRecord,
  type PurchaseRecord,
  purchaseRef,
  sameRecord,
} from "../../src/domain/purchase-file.ts";
import { BEN, NOW, PACKAGE, record, refOf, subscription, token } from "../support/builders.ts";

test("a purchase is named by its app and token, and found at the endpoint of its type", () => {
  const ref = purchaseRef(PACKAGE, "one_time", token("first"));
  expect(ref).toEqual({
    id: purchaseId(PACKAGE, token("first")),
    packageName: PACKAGE,
    type: "one_time",
    token: token("first"),
  });
});

test("a new record knows nothing but its name", () => {
  const ref = refOf("first");
  const fresh = newPurchaseRecord(ref, NOW);
  expect(fresh).toMatchObject({
    ...ref,
    answer: null,
    customerId: null,
    revision: 0,
    closed: {},
    createdAt: NOW,
    updatedAt: NOW,
  });
  expect(fresh).toMatchObject({ nextSyncAt: null, replaced: null, chainId: chainId(ref.id) });
  expect(newPurchaseRecord(refOf("first", "one_time"), NOW).chainId).toBeNull();
});

describe("two records say the same", () => {
  const linked = subscription({ replaces: token("a"), resubscribes: token("b") });
  const known = record({ answer: linked });

  test.each<[string, Partial<PurchaseRecord>, boolean]>([
    ["as they are", {}, true],
    ["looked at again at another time", { nextSyncAt: NOW, updatedAt: NOW + 1, revision: 9 }, true],
    ["of nothing known", { answer: null }, false],
    ["with another state", { answer: { ...linked, state: "paused" } }, false],
    ["with another link", { answer: { ...linked, replaces: token("x") } }, false],
    ["without its link", { answer: { ...linked, replaces: null } }, false],
    ["with another expired token", { answer: { ...linked, resubscribes: token("x") } }, false],
    ["without its expired token", { answer: { ...linked, resubscribes: null } }, false],
    ["of somebody else", { customerId: BEN }, false],
    ["with something seen", { observations: { voided: [], supersededBy: null, revoked: true } }, false],
    ["having replaced another", { replaced: refOf("a").id }, false],
  ])("%s", (_, overrides, expected) => {
    expect(sameRecord(known, { ...known, ...overrides })).toBe(expected);
  });
});
