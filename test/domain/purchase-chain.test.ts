import { describe, expect, test } from "vitest";
import { chainId } from "../../src/domain/ids.ts";
import { MINUTE } from "../../src/domain/instant.ts";
import { NO_OBSERVATIONS, observe } from "../../src/domain/observation.ts";
import type { PurchaseState } from "../../src/domain/purchase.ts";
import { chainOf, relatedRef, supersede } from "../../src/domain/purchase-chain.ts";
import { newPurchaseRecord, type PurchaseRecord } from "../../src/domain/purchase-file.ts";
import { ANN, BEN, NOW, oneTime, record, refOf, subscription, token } from "../support/builders.ts";

const OLD = refOf("old");
const NEW = refOf("new");
const replacing = subscription({ replaces: token("old") });

function fresh(overrides: Partial<PurchaseRecord> = {}): PurchaseRecord {
  return { ...newPurchaseRecord(NEW, NOW), ...overrides };
}

describe("the record that a sync needs beside its own", () => {
  test.each<[string, Parameters<typeof relatedRef>[1], PurchaseRecord | null, string | null]>([
    ["none, mostly", subscription(), null, null],
    ["the one it replaces", replacing, null, OLD.id],
    ["the one it replaces, while that has not happened", replacing, fresh(), OLD.id],
    [
      "the one it replaced, as long as nobody owns this one: its owner may turn up",
      replacing,
      fresh({ replaced: OLD.id }),
      OLD.id,
    ],
    [
      "none, once it has replaced it and is somebody's",
      replacing,
      fresh({ replaced: OLD.id, customerId: ANN }),
      null,
    ],
    [
      "the expired one that it was bought again for",
      subscription({ resubscribes: token("old") }),
      null,
      OLD.id,
    ],
    [
      "the expired one, while this one is nobody's",
      subscription({ resubscribes: token("old") }),
      fresh(),
      OLD.id,
    ],
    [
      "not the expired one, once this one is somebody's",
      subscription({ resubscribes: token("old") }),
      fresh({ customerId: ANN }),
      null,
    ],
    [
      "the replaced one before the expired one",
      subscription({ replaces: token("old"), resubscribes: token("older") }),
      null,
      OLD.id,
    ],
    ["not itself", subscription({ replaces: token("new") }), null, null],
    ["none for a one-time product", oneTime(), null, null],
  ])("%s", (_, answer, stored, expected) => {
    expect(relatedRef(NEW, answer, stored)?.id ?? null).toBe(expected);
  });

  test("it is a subscription of the same app", () => {
    expect(relatedRef(NEW, replacing, null)).toEqual(OLD);
  });
});

describe("the name of a chain", () => {
  const older = chainId(refOf("older").id);

  test.each<[string, PurchaseRecord, PurchaseRecord | null, Parameters<typeof chainOf>[2], string | null]>([
    ["a first token names it", fresh(), null, subscription(), chainId(NEW.id)],
    ["a successor takes it over", fresh(), record({ chainId: older }), replacing, older],
    ["a successor of one we don't know derives it", fresh(), null, replacing, chainId(OLD.id)],
    [
      "once read it never changes",
      fresh({ answer: replacing }),
      record({ chainId: older }),
      replacing,
      chainId(NEW.id),
    ],
    [
      "a token found later keeps the name that its successor gave it",
      fresh({
        chainId: older,
        observations: observe(NO_OBSERVATIONS, { kind: "superseded", by: refOf("newest").id }),
      }),
      record(),
      replacing,
      older,
    ],
    [
      "a one-time product has none",
      { ...newPurchaseRecord(refOf("new", "one_time"), NOW) },
      null,
      oneTime(),
      null,
    ],
  ])("%s", (_, stored, related, answer, expected) => {
    expect(chainOf(stored, related, answer)).toBe(expected);
  });

  test("bought again after expiry it is a chain of its own", () => {
    expect(chainOf(fresh(), record(), subscription({ resubscribes: token("old") }))).toBe(chainId(NEW.id));
  });
});

describe("retiring the replaced token", () => {
  const old = record({ ...OLD, chainId: chainId(OLD.id), nextSyncAt: NOW + 1 });
  const next = fresh({ customerId: ANN, chainId: chainId(OLD.id) });

  test.each<PurchaseState>(["active", "in_grace_period", "on_hold", "paused", "canceled", "expired"])(
    "a successor that is %s retires it",
    (state) => {
      const retired = supersede(old, next, subscription({ state, replaces: token("old") }), NOW);
      expect(retired).toEqual({
        ...old,
        observations: { ...NO_OBSERVATIONS, supersededBy: NEW.id },
        nextSyncAt: NOW + 10 * MINUTE,
        updatedAt: NOW,
      });
    },
  );

  test.each([
    ["that is over already", { ...old, answer: subscription({ state: "expired" }) }],
    ["that is being asked about", { ...old, answer: null }],
  ])("one %s is not asked about again", (_, record) => {
    const answer = subscription({ replaces: token("old") });
    expect(supersede(record, next, answer, NOW)?.nextSyncAt).toBeNull();
  });

  /** google-play.md rule 7: only once the new token grants. */
  test.each<PurchaseState>(["pending", "pending_purchase_canceled", "unknown"])(
    "a successor that is %s doesn't",
    (state) => {
      expect(supersede(old, next, subscription({ state, replaces: token("old") }), NOW)).toBeNull();
    },
  );

  test("one whose own place was taken while it waited retires it too: it will never grant", () => {
    const passed = {
      ...next,
      observations: observe(NO_OBSERVATIONS, { kind: "superseded", by: refOf("newest").id }),
    };
    const waiting = subscription({ state: "pending", replaces: token("old") });
    expect(supersede(old, passed, waiting, NOW)?.observations.supersededBy).toBe(NEW.id);
  });

  test("without a link there is none to retire", () => {
    expect(supersede(old, next, subscription({ resubscribes: token("old") }), NOW)).toBeNull();
  });

  test("it is done once", () => {
    expect(supersede(old, { ...next, replaced: OLD.id }, replacing, NOW)).toBeNull();
  });

  test("a token that names itself retires nobody", () => {
    expect(supersede(null, next, subscription({ replaces: token("new") }), NOW)).toBeNull();
  });

  test("one we have never seen becomes a stub of the same chain and customer", () => {
    expect(supersede(null, next, replacing, NOW)).toEqual({
      ...newPurchaseRecord(OLD, NOW),
      chainId: next.chainId,
      customerId: ANN,
      observations: { ...NO_OBSERVATIONS, supersededBy: NEW.id },
    });
  });

  test("one that nobody had claimed is the successor's customer's; one that was somebody's stays so", () => {
    expect(supersede({ ...old, customerId: null }, next, replacing, NOW)?.customerId).toBe(ANN);
    expect(supersede({ ...old, customerId: BEN }, next, replacing, NOW)?.customerId).toBe(BEN);
  });
});
