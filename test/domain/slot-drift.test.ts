import { describe, expect, it } from "vitest";
import { nextStep, type Slot } from "../../src/domain/slot.ts";
import { recordStanding } from "../../src/domain/slot-drift.ts";
import { active, EXPIRED, grant, must, NOW, ON_HOLD, slot, target } from "../support/builders.ts";

const UNTIL = NOW + 500;
const shown = { id: "key_1" as never, masked: "****-0001" };

/** A licence in its customer's hands, as wanted, until half a second past a whole one. */
function inHand(overrides: Partial<Slot> = {}): Slot {
  return slot({
    target: target({ access: active(UNTIL) }),
    applied: { kind: "active", productId: "lumen_pro", until: UNTIL, spoiled: false, unsure: [] },
    generation: 1,
    grant: grant({ licenseKey: shown }),
    shown,
    ...overrides,
  });
}

const onHold = () => {
  const held = inHand();
  return {
    ...held,
    target: { ...held.target, access: ON_HOLD },
    applied: { ...held.applied, kind: "suspended" as const },
    grant: null,
  };
};

const ENDS = Math.ceil(UNTIL / 1000) * 1000;
const standing = (status: "active" | "suspended" | "gone", expiresAt: number | null = ENDS) => ({
  status,
  expiresAt,
});
const look = (before: Slot, status: "active" | "suspended" | "gone", expiresAt: number | null = ENDS) =>
  recordStanding(before, standing(status, expiresAt), NOW);

describe("a licence compared with the licence server", () => {
  it("stands as we have it: nothing follows, whole seconds or not", () => {
    expect(look(inHand(), "active")).toBeNull();
    expect(look(onHold(), "suspended")).toBeNull();
  });

  it.each(["suspended", "gone"] as const)("%s there takes access away, and calls nobody", (status) => {
    const { slot: after, rows } = must(look(inHand(), status));
    expect(after).toMatchObject({ disabled: true, grant: null, applied: { kind: "suspended" } });
    expect(rows.map((row) => row.after)).toMatchObject([
      { status: "Revoked", revocationReason: "license_key_disabled" },
    ]);
    expect(nextStep(after)).toBe("none");
    expect(look(after, status)).toBeNull();
  });

  it("switched on again gives access back: a new row, the same key", () => {
    const off = must(look(inHand(), "suspended")).slot;
    const { slot: after, rows } = must(look(off, "active"));
    expect(after).toMatchObject({ disabled: false, generation: 2, applied: { kind: "active" } });
    expect(rows.map((row) => row.after)).toMatchObject([{ status: "Delivered", licenseKey: shown }]);
    expect(nextStep(after)).toBe("none");
  });

  it("switched on again while on hold is suspended again", () => {
    const off = must(look(inHand(), "suspended")).slot;
    const held = { ...off, target: { ...off.target, access: ON_HOLD } };
    const { slot: after, rows } = must(look(held, "active"));
    expect(after.disabled).toBe(false);
    expect(rows).toEqual([]);
    expect(nextStep(after)).toBe("suspend");
  });

  it("renewed while it was off gets its new end when it is on again", () => {
    const off = must(look(inHand(), "suspended")).slot;
    const renewed = { ...off, target: { ...off.target, access: active(UNTIL + 1000) } };
    expect(nextStep(renewed)).toBe("none");
    expect(nextStep(must(look(renewed, "active")).slot)).toBe("extend");
  });

  it("active there though we suspended it is suspended again", () => {
    const { slot: after, rows } = must(look(onHold(), "active"));
    expect(rows).toEqual([]);
    expect(nextStep(after)).toBe("suspend");
  });

  it("gone while on hold never comes back to be resumed", () => {
    const { slot: after, rows } = must(look(onHold(), "gone"));
    expect(rows).toEqual([]);
    const recovered = { ...after, target: { ...after.target, access: active(UNTIL) } };
    expect(nextStep(recovered)).toBe("none");
  });

  it.each([ENDS - 1000, ENDS + 1000, null])("with another end there (%s) gets ours", (expiresAt) => {
    const { slot: after, rows } = must(look(inHand(), "active", expiresAt));
    expect(rows).toEqual([]);
    expect(nextStep(after)).toBe("extend");
  });

  it("on hold with another end there is left alone: access that comes back brings its own", () => {
    expect(look(onHold(), "suspended", ENDS + 1000)).toBeNull();
    const woken = must(look(onHold(), "active", ENDS + 1000)).slot;
    expect(woken.applied).toMatchObject({ kind: "active", until: UNTIL });
    expect(nextStep(woken)).toBe("suspend");
  });

  it("for good keeps an end that was set there: it can't be taken off", () => {
    const forGood = inHand({
      target: target({ access: active(null) }),
      applied: { kind: "active", productId: "lumen_pro", until: null, spoiled: false, unsure: [] },
    });
    expect(look(forGood, "active", null)).toBeNull();
    expect(look(forGood, "active", ENDS)).toBeNull();
  });

  it("never made, or taken back, has nothing to compare", () => {
    expect(look(slot({ target: target({ access: EXPIRED }) }), "active")).toBeNull();
    expect(look(slot(), "gone")).toBeNull();
  });
});
