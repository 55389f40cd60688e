import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/domain/instant.ts";
import {
  hasVoidedUnits,
  isVoided,
  isVoidedAtAll,
  lateAnswerAt,
  NO_OBSERVATIONS,
  type Observation,
  type Observations,
  observe,
} from "../../src/domain/observation.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { NOW, oneTime, refOf, subscription } from "../support/builders.ts";

function voided(orderId: string | null, extent: "full" | "units" = "full", at = NOW): Observation {
  return { kind: "voided", order: { orderId, extent, at } };
}

function seen(...observations: Observation[]): Observations {
  return observations.reduce(observe, NO_OBSERVATIONS);
}

describe("observations only accumulate", () => {
  const next = refOf("next").id;

  test.each<[string, Observation]>([
    ["a void", voided("GPA.1")],
    ["a void of the token", voided(null)],
    ["a successor", { kind: "superseded", by: next }],
    ["a revoke", { kind: "revoked" }],
  ])("%s seen twice is seen once: the same object comes back", (_, observation) => {
    const once = seen(voided("GPA.0"), observation);
    expect(observe(once, observation)).toBe(once);
  });

  test("a void told again at another time is the same void", () => {
    const once = seen(voided("GPA.1"));
    expect(observe(once, voided("GPA.1", "full", NOW + 1))).toBe(once);
  });

  test("units refunded again under the same order are news; told late, or again, they are not", () => {
    const first = seen(voided("GPA.1", "units"));
    const again = observe(first, voided("GPA.1", "units", NOW + 1));
    expect(again.voided).toEqual([{ orderId: "GPA.1", extent: "units", at: NOW + 1 }]);
    expect(observe(again, voided("GPA.1", "units"))).toBe(again);
    expect(observe(again, voided("GPA.1", "units", NOW + 1))).toBe(again);
  });

  test("all kinds stand side by side", () => {
    const all = seen(
      { kind: "revoked" },
      voided("GPA.1", "units"),
      { kind: "superseded", by: next },
      voided("GPA.1"),
      voided("GPA.2"),
    );
    expect(all).toEqual({
      revoked: true,
      supersededBy: next,
      voided: [
        { orderId: "GPA.1", extent: "units", at: NOW },
        { orderId: "GPA.1", extent: "full", at: NOW },
        { orderId: "GPA.2", extent: "full", at: NOW },
      ],
    });
  });

  test("a later successor takes the place of an earlier one", () => {
    const twice = seen({ kind: "superseded", by: next }, { kind: "superseded", by: refOf("later").id });
    expect(twice.supersededBy).toBe(refOf("later").id);
  });
});

describe("what a void says", () => {
  test.each<[string, Observations, boolean, boolean, boolean]>([
    ["nothing seen", NO_OBSERVATIONS, false, false, false],
    ["its own order", seen(voided("GPA.1")), true, true, false],
    ["an older order", seen(voided("GPA.0")), false, true, false],
    ["an older one and its own", seen(voided("GPA.0"), voided("GPA.1")), true, true, false],
    ["the whole token", seen(voided(null)), true, true, false],
    ["units", seen(voided("GPA.1", "units")), false, false, true],
    ["units, then all", seen(voided("GPA.1", "units"), voided("GPA.1")), true, true, true],
  ])("%s", (_, observations, ofOrder, atAll, units) => {
    expect([
      isVoided(observations, "GPA.1"),
      isVoidedAtAll(observations),
      hasVoidedUnits(observations),
    ]).toEqual([ofOrder, atAll, units]);
  });

  test("an item without an order is not refunded by somebody else's", () => {
    expect(isVoided(seen(voided("GPA.1")), null)).toBe(false);
    expect(isVoided(seen(voided(null)), null)).toBe(true);
  });
});

/** Google's answer may show a refund later than its notice told of it. */
describe("asking again for what a notice told", () => {
  const at = (hours: number) => ({
    ...NO_OBSERVATIONS,
    voided: [{ orderId: "GPA.1", extent: "units" as const, at: NOW - hours * HOUR }],
  });
  const full = seen(voided("GPA.1"));
  const revoked: Observation = { kind: "revoked" };

  test.each<[string, Observations, Observation | null, Purchase, number | null]>([
    ["a refund of units, for a day", at(23), null, oneTime(), HOUR],
    ["one of long ago is settled", at(24), null, oneTime(), null],
    ["a full refund says all there is to say", full, voided("GPA.1"), oneTime(), null],
    ["a revoke that the answer doesn't show", NO_OBSERVATIONS, revoked, subscription(), 10 * MINUTE],
    ["one that it shows", NO_OBSERVATIONS, revoked, subscription({ state: "expired" }), null],
    ["nothing told", NO_OBSERVATIONS, null, subscription(), null],
  ])("%s", (_, observations, told, answer, after) => {
    expect(lateAnswerAt({ answer, observations }, told, NOW)).toBe(after === null ? null : NOW + after);
  });
});
