import { describe, expect, test } from "vitest";
import { grantId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import {
  type Applied,
  closeAttempt,
  closedSlot,
  isSettled,
  newSlot,
  nextStep,
  openAttempt,
  type Slot,
  type Step,
  wantedAccess,
} from "../../src/domain/slot.ts";
import {
  recordApplied,
  recordDelivered,
  recordFailure,
  recordUnheard,
} from "../../src/domain/slot-record.ts";
import { grantOfDelivery, retarget, type SlotChange, settleRows } from "../../src/domain/slot-rows.ts";
import { active, EXPIRED, grant, must, NOW, ON_HOLD, only, slot, target } from "../support/builders.ts";

const UNTIL = NOW + 10 * DAY;
const NONE: Applied = { kind: "none", productId: null, until: null, spoiled: false, unsure: [] };
const HELD: Applied = { kind: "active", productId: "lumen_pro", until: UNTIL, spoiled: false, unsure: [] };
const SUSPENDED: Applied = { ...HELD, kind: "suspended" };
const OF_OTHER: Applied = { ...HELD, productId: "lumen_studio" };
const FAILURE = { code: "keythai_unavailable", message: "The licence could not be issued for a day." };
const KEY = { state: { keyId: "k1" }, shown: { id: "key_1" as never, masked: "****-ABCD" } };

const wanted = target();
const suspended = target({ access: ON_HOLD });
const over = target({ access: EXPIRED });

/** The events that a change of rows means, in order. */
function told({ rows }: SlotChange): string[] {
  return rows.map(({ before, after }) => `${before?.status ?? "none"} → ${after.status}`);
}

/** A slot whose licence is delivered, and whose row is open. */
function held(overrides: Partial<Slot> = {}): Slot {
  return { ...recordDelivered(slot(), "lumen_pro", KEY, NOW).slot, applied: HELD, ...overrides };
}

/** A role: its row opens at once, as pending. */
function role(overrides: Partial<Slot> = {}): Slot {
  return settleRows(slot({ opens: "at_once", integrationType: "discord", ...overrides }), NOW).slot;
}

describe("the next thing to do outside", () => {
  const failure = { ...FAILURE, orderId: "GPA.1" };
  const attempt = { number: 1, lease: "l" };

  test.each<[string, Partial<Slot>, Step]>([
    ["wanted, and nothing is there", {}, "deliver"],
    ["wanted, and a delivery is under way", { attempt }, "deliver"],
    ["wanted, but delivery failed for good", { failure }, "none"],
    ["wanted, failed for good, and an attempt is open", { failure, attempt }, "abandon"],
    ["wanted by Google, taken away by a person", { blocked: true }, "none"],
    ["not wanted, nothing there", { target: over }, "none"],
    ["not wanted, and a delivery whose end nobody knows", { target: over, attempt }, "abandon"],
    ["on hold before anything was delivered", { target: suspended }, "none"],
    ["on hold, and a delivery whose end nobody knows", { target: suspended, attempt }, "abandon"],
    ["wanted and there", { applied: HELD }, "none"],
    ["wanted and there, with another end", { applied: { ...HELD, until: UNTIL - 1 } }, "extend"],
    ["wanted and there, not yet with an end", { applied: { ...HELD, until: null } }, "extend"],
    [
      "wanted for good, but what is there has an end",
      { target: target({ access: active(null) }), applied: HELD },
      "extend",
    ],
    ["on hold", { target: suspended, applied: HELD }, "suspend"],
    ["on hold, suspended", { target: suspended, applied: SUSPENDED }, "none"],
    ["recovered, to the same end", { applied: SUSPENDED }, "resume"],
    ["recovered, to a new end: first the end", { applied: { ...SUSPENDED, until: UNTIL - 1 } }, "extend"],
    ["not wanted any more", { target: over, applied: HELD }, "revoke"],
    ["not wanted any more, suspended", { target: over, applied: SUSPENDED }, "revoke"],
    ["taken away by a person", { blocked: true, applied: HELD }, "revoke"],
    ["switched off where it is kept", { disabled: true, applied: SUSPENDED }, "none"],
    ["switched off, and over", { disabled: true, applied: SUSPENDED, target: over }, "revoke"],
    [
      "switched off: a plan change is no way round it",
      { disabled: true, applied: { ...SUSPENDED, productId: "lumen_studio" } },
      "none",
    ],
    [
      "switched off, and on its way out",
      { disabled: true, applied: { ...SUSPENDED, spoiled: true } },
      "revoke",
    ],
    ["on its way out", { applied: { ...HELD, spoiled: true } }, "revoke"],
    ["another plan: the old licence goes first", { applied: OF_OTHER }, "revoke"],
    ["another plan, on hold", { target: suspended, applied: OF_OTHER }, "revoke"],
  ])("%s", (_, overrides, expected) => {
    expect(nextStep(slot(overrides))).toBe(expected);
  });
});

test("a person's word goes before the target", () => {
  expect(wantedAccess(slot())).toEqual(active());
  expect(wantedAccess(slot({ blocked: true }))).toEqual({ kind: "ended", reason: "manual", detail: null });
});

describe("a slot leaves the customer file", () => {
  test.each<[string, Partial<Slot>, boolean]>([
    ["when nothing is wanted, real or under way", { target: over }, true],
    ["not while it is wanted", {}, false],
    ["not while on hold: it may come back", { target: suspended }, false],
    ["not while the thing is still out there", { target: over, applied: HELD }, false],
    ["not while a delivery's end is unknown", { target: over, attempt: { number: 1, lease: "l" } }, false],
    [
      "never a gift's, which has no purchase to keep its trace",
      { target: target({ access: EXPIRED, purchaseId: null }), applied: NONE },
      false,
    ],
    ["not while only a person keeps it away: it must stay blocked", { blocked: true }, false],
  ])("%s", (_, overrides, expected) => expect(isSettled(slot(overrides))).toBe(expected));

  test("and leaves what must outlive it", () => {
    const left = closedSlot(held({ blocked: true, attempts: 4 }));
    expect(left).toEqual({ generation: 1, attempts: 4, blocked: true });
    expect(newSlot(slot(), left)).toMatchObject({ generation: 1, attempts: 4, blocked: true });
  });

  test("a new one begins with nothing", () => {
    expect(newSlot(slot(), undefined)).toEqual(slot());
    expect(slot()).toMatchObject({
      generation: 0,
      attempts: 0,
      attempt: null,
      blocked: false,
      applied: NONE,
      failure: null,
      grant: null,
      shown: null,
      state: null,
    });
  });
});

describe("rows", () => {
  test("a feature opens as delivered, in the sync", () => {
    const change = settleRows(slot({ opens: "in_sync", integrationType: "feature" }), NOW);
    expect(told(change)).toEqual(["none → Delivered"]);
    expect(change.slot).toMatchObject({ applied: HELD, generation: 1 });
    expect(nextStep(change.slot)).toBe("none");
  });

  test("a role opens as pending, in the sync", () => {
    const change = settleRows(slot({ opens: "at_once", integrationType: "discord" }), NOW);
    expect(told(change)).toEqual(["none → Pending"]);
    expect(nextStep(change.slot)).toBe("deliver");
  });

  test("a licence opens when the key is in hand, as delivered", () => {
    expect(told(settleRows(slot(), NOW))).toEqual([]);
    const change = recordDelivered(slot(), "lumen_pro", KEY, NOW);
    expect(told(change)).toEqual(["none → Delivered"]);
    expect(must(change.slot.grant)).toEqual(
      grant({ licenseKey: KEY.shown, createdAt: NOW, updatedAt: NOW, deliveredAt: NOW }),
    );
    expect(change.slot).toMatchObject({ ...KEY, attempt: null, applied: { ...HELD, until: null } });
  });

  test("what is not shown has no end of its own", () => {
    const change = recordDelivered(slot(), "lumen_pro", { state: null, shown: null }, NOW);
    expect(must(change.slot.grant).expiresAt).toBeNull();
  });

  test("a row that is open stays", () => {
    expect(told(settleRows(held(), NOW))).toEqual([]);
    expect(told(settleRows(role(), NOW))).toEqual([]);
  });

  test("nothing opens on a slot that a person has blocked, or whose delivery failed", () => {
    const failure = { ...FAILURE, orderId: "GPA.1" };
    for (const opens of ["in_sync", "at_once", "on_delivery"] as const) {
      expect(told(settleRows(slot({ opens, blocked: true }), NOW))).toEqual([]);
    }
    expect(told(settleRows(slot({ opens: "at_once", failure }), NOW))).toEqual([]);
    expect(settleRows(slot({ opens: "in_sync", blocked: true }), NOW).slot.applied).toEqual(NONE);
  });

  test("a person's word ends the open row", () => {
    const change = settleRows(held({ blocked: true }), NOW);
    expect(only(change.rows).after).toMatchObject({
      status: "Revoked",
      revocationReason: "manual",
      revokedAt: NOW,
    });
    expect(change.slot.grant).toBeNull();
  });
});

describe("aiming at something else", () => {
  test("a renewal keeps the row and the key, and moves the end", () => {
    const renewed = target({ access: active(UNTIL + 30 * DAY), orderId: "GPA.2" });
    const change = retarget(held(), renewed, NOW);
    expect(told(change)).toEqual([]);
    expect(nextStep(change.slot)).toBe("extend");
    expect(change.slot.target).toBe(renewed);
  });

  test("on hold the row is revoked for good, and the licence only suspended; recovered, a new row shows the same key", () => {
    const hold = retarget(held(), suspended, NOW);
    expect(only(hold.rows).after).toMatchObject({
      status: "Revoked",
      revocationReason: "subscription_on_hold",
    });
    expect(nextStep(hold.slot)).toBe("suspend");
    const asleep = recordApplied(hold.slot, "suspend", null, NOW);
    expect(asleep.slot.applied).toEqual(SUSPENDED);
    expect(told(asleep)).toEqual([]);

    const back = retarget(asleep.slot, wanted, NOW);
    expect(told(back)).toEqual([]);
    const awake = recordApplied(back.slot, "resume", UNTIL, NOW);
    expect(told(awake)).toEqual(["none → Delivered"]);
    const row = must(awake.slot.grant);
    expect(row).toMatchObject({
      licenseKey: KEY.shown,
      regrantOf: grantId(slot().id, 1),
      id: grantId(slot().id, 2),
      expiresAt: UNTIL,
    });
    expect(nextStep(awake.slot)).toBe("none");
  });

  test("recovered while the licence was being suspended, perhaps unheard: it is resumed for certain", () => {
    const hold = retarget(held(), suspended, NOW).slot;
    const back = retarget(hold, wanted, NOW);
    expect(told(back)).toEqual([]);
    expect(back.slot.applied).toEqual({ ...HELD, unsure: ["life"] });
    expect(nextStep(back.slot)).toBe("resume");
    const sure = recordApplied(back.slot, "resume", UNTIL, NOW);
    expect(told(sure)).toEqual(["none → Delivered"]);
    expect(sure.slot.applied).toEqual(HELD);
    // The suspension is heard of after all: it is undone.
    const late = recordApplied(back.slot, "suspend", null, NOW).slot;
    expect(nextStep(late)).toBe("resume");
  });

  test("on hold again while the licence was being resumed, perhaps unheard: it is suspended for certain", () => {
    const hold = retarget(held({ applied: SUSPENDED }), suspended, NOW).slot;
    const waking = retarget(hold, wanted, NOW).slot;
    expect(nextStep(waking)).toBe("resume");
    const again = retarget(waking, suspended, NOW).slot;
    expect(again.applied).toEqual({ ...SUSPENDED, unsure: ["life"] });
    expect(nextStep(again)).toBe("suspend");
    expect(nextStep(recordApplied(again, "suspend", null, NOW).slot)).toBe("none");
  });

  test("back and forth leaves one doubt, which goes with the next step that is heard", () => {
    let one = held();
    for (const next of [suspended, wanted, suspended, wanted]) one = retarget(one, next, NOW).slot;
    expect(one.applied.unsure).toEqual(["life"]);
    expect(nextStep(recordApplied(one, "resume", UNTIL, NOW).slot)).toBe("none");
  });

  test("an end that was being moved, perhaps unheard, is told once more", () => {
    const longer = target({ access: active(NOW + 40 * DAY) });
    const moving = retarget(held(), longer, NOW).slot;
    expect(nextStep(moving)).toBe("extend");
    const back = retarget(moving, wanted, NOW).slot;
    expect(back.applied).toEqual({ ...HELD, unsure: ["end"] });
    expect(nextStep(back)).toBe("extend");
    const heard = recordApplied(back, "extend", UNTIL, NOW).slot;
    expect(heard.applied).toEqual(HELD);
    expect(nextStep(heard)).toBe("none");
  });

  test.each([
    ["suspend", "resume"],
    ["resume", "resume"],
    ["extend", "extend"],
    ["revoke", "revoke"],
  ] as const)("a late %s that nobody heard of is put right by: %s", (step, next) => {
    const { slot: after, rows } = recordUnheard(held(), step);
    expect(rows).toEqual([]);
    expect(nextStep(after)).toBe(next);
  });

  test("both may be in doubt: the end is told first, and each is settled by its own step", () => {
    const shaken = held({ applied: { ...SUSPENDED, unsure: ["life", "end"] } });
    expect(nextStep(shaken)).toBe("extend");
    const extended = recordApplied(shaken, "extend", UNTIL, NOW).slot;
    expect(extended.applied.unsure).toEqual(["life"]);
    expect(nextStep(extended)).toBe("resume");
  });

  test("a role that was only suspended is delivered by its resumption", () => {
    const given = recordDelivered(role(), "lumen_pro", { state: {}, shown: null }, NOW).slot;
    const asleep = recordApplied(retarget(given, suspended, NOW).slot, "suspend", null, NOW).slot;
    const back = retarget(asleep, wanted, NOW);
    expect(told(back)).toEqual(["none → Pending"]);
    expect(told(recordApplied(back.slot, "resume", UNTIL, NOW))).toEqual(["Pending → Delivered"]);
  });

  test("at a plan change the row is revoked at once, and the new key comes after the old one is gone", () => {
    const other = target({ productId: "lumen_studio", orderId: "GPA.2" });
    const changed = retarget(held(), other, NOW);
    expect(only(changed.rows).after).toMatchObject({
      status: "Revoked",
      revocationReason: "plan_changed",
      revocationDetail: null,
    });
    expect(nextStep(changed.slot)).toBe("revoke");
    const gone = recordApplied(changed.slot, "revoke", null, NOW);
    expect(told(gone)).toEqual([]);
    expect(gone.slot).toMatchObject({ applied: NONE, state: null, shown: null });
    expect(nextStep(gone.slot)).toBe("deliver");
  });

  test("a role moves to another plan with a row for each", () => {
    const given = recordDelivered(role(), "lumen_pro", { state: {}, shown: null }, NOW).slot;
    const changed = retarget(given, target({ productId: "lumen_studio" }), NOW);
    expect(told(changed)).toEqual(["Delivered → Revoked", "none → Pending"]);
  });

  test("access that returns while the key is being revoked never shows that key again", () => {
    for (const away of [over, target({ productId: "lumen_studio" })]) {
      const leaving = retarget(held(), away, NOW).slot;
      const back = retarget(leaving, wanted, NOW);
      expect(told(back)).toEqual([]);
      expect(back.slot.applied).toEqual({ ...HELD, spoiled: true });
      expect(nextStep(back.slot)).toBe("revoke");
      const gone = recordApplied(back.slot, "revoke", null, NOW).slot;
      expect(nextStep(gone)).toBe("deliver");
      expect(told(recordDelivered(gone, "lumen_pro", KEY, NOW))).toEqual(["none → Delivered"]);
    }
  });

  test("a hold that ends in expiry keeps its reason: there is no second event", () => {
    const hold = retarget(held(), suspended, NOW).slot;
    const expired = retarget(hold, over, NOW);
    expect(told(expired)).toEqual([]);
    expect(nextStep(expired.slot)).toBe("revoke");
  });

  test("the detail of the reason goes with it", () => {
    const access = { ...ON_HOLD, detail: "paused" as const };
    const change = retarget(held(), target({ access }), NOW);
    expect(only(change.rows).after).toMatchObject({
      revocationReason: "subscription_on_hold",
      revocationDetail: "paused",
    });
  });
});

describe("a delivery", () => {
  test("is marked with a number of its own and the lease it runs under", () => {
    const marked = openAttempt(slot({ attempts: 2 }), "lease-1");
    expect(marked).toMatchObject({ attempts: 3, attempt: { number: 3, lease: "lease-1" } });
    expect(closeAttempt(marked)).toMatchObject({ attempts: 3, attempt: null });
  });

  test("knows the row that it will open, or has opened", () => {
    expect(grantOfDelivery(slot())).toBe(grantId(slot().id, 1));
    expect(grantOfDelivery(slot({ generation: 3 }))).toBe(grantId(slot().id, 4));
    expect(grantOfDelivery(role())).toBe(grantId(slot().id, 1));
  });

  test("delivers the row that waits", () => {
    const change = recordDelivered(role(), "lumen_pro", { state: { member: 1 }, shown: null }, NOW + 5);
    expect(told(change)).toEqual(["Pending → Delivered"]);
    expect(must(change.slot.grant)).toMatchObject({ deliveredAt: NOW + 5, createdAt: NOW });
    expect(change.slot.state).toEqual({ member: 1 });
  });

  test("that nobody wants any more is kept, but no row opens: the next step takes it back", () => {
    for (const access of [EXPIRED, ON_HOLD]) {
      const change = recordDelivered(slot({ target: target({ access }) }), "lumen_pro", KEY, NOW);
      expect(told(change)).toEqual([]);
      expect(nextStep(change.slot)).toBe(access === EXPIRED ? "revoke" : "suspend");
    }
  });

  test("made for a plan that was left meanwhile does not deliver the new plan's row", () => {
    for (const begun of [slot, role]) {
      const moved = begun({ target: target({ productId: "lumen_studio" }) });
      const change = recordDelivered(moved, "lumen_pro", KEY, NOW);
      expect(told(change)).toEqual([]);
      expect(nextStep(change.slot)).toBe("revoke");
    }
  });
});

describe("an extension", () => {
  test("moves the end of the row, which is no event", () => {
    const change = recordApplied(held(), "extend", UNTIL + DAY, NOW + 1);
    expect(told(change)).toEqual(["Delivered → Delivered"]);
    expect(change.slot.grant).toMatchObject({ expiresAt: UNTIL + DAY, updatedAt: NOW + 1 });
    expect(change.slot.applied).toEqual({ ...HELD, until: UNTIL + DAY });
  });
  test("to the same end changes no row", () => {
    expect(told(recordApplied(held(), "extend", UNTIL, NOW + 1))).toEqual([]);
  });
  test("of a licence that sleeps leaves it asleep", () => {
    const change = recordApplied(held({ applied: SUSPENDED, grant: null }), "extend", UNTIL + DAY, NOW);
    expect(change).toMatchObject({ rows: [], slot: { applied: { kind: "suspended", until: UNTIL + DAY } } });
  });
});

describe("a failure for good", () => {
  test("fails the row that waits", () => {
    const change = recordFailure(role({ attempt: { number: 1, lease: "l" } }), FAILURE, NOW);
    expect(told(change)).toEqual(["Pending → Failed"]);
    expect(only(change.rows).after).toMatchObject({ status: "Failed", failure: FAILURE });
    expect(change.slot).toMatchObject({
      grant: null,
      attempt: null,
      generation: 1,
      failure: { ...FAILURE, orderId: "GPA.1" },
    });
  });

  test("opens a row where there is none, so that it is seen", () => {
    const change = recordFailure(slot(), FAILURE, NOW);
    expect(told(change)).toEqual(["none → Pending", "Pending → Failed"]);
    expect(change.slot).toMatchObject({ grant: null, generation: 1 });
    expect(nextStep(change.slot)).toBe("none");
  });

  test("of what nobody wants any more shows nothing, and is forgotten: wanted again, it is tried again", () => {
    const change = recordFailure(
      slot({ target: suspended, attempt: { number: 1, lease: "l" } }),
      FAILURE,
      NOW,
    );
    expect(change).toMatchObject({ rows: [], slot: { attempt: null, failure: null } });
    expect(nextStep(retarget(change.slot, wanted, NOW).slot)).toBe("deliver");
  });

  const failed = recordFailure(slot(), FAILURE, NOW).slot;
  test("lasts as long as the same sale does", () => {
    expect(nextStep(retarget(failed, { ...wanted, willRenew: false }, NOW).slot)).toBe("none");
  });
  test("is over with the next payment", () => {
    const renewed = retarget(failed, { ...wanted, orderId: "GPA.2" }, NOW).slot;
    expect(nextStep(renewed)).toBe("deliver");
    const row = must(recordDelivered(renewed, "lumen_pro", KEY, NOW).slot.grant);
    expect(row).toMatchObject({
      id: grantId(slot().id, 2),
      regrantOf: grantId(slot().id, 1),
      orderId: "GPA.2",
    });
  });
  test("is over with another plan", () => {
    expect(nextStep(retarget(failed, { ...wanted, productId: "lumen_studio" }, NOW).slot)).toBe("deliver");
  });
});
