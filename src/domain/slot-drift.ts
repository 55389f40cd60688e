import { type Instant, SECOND } from "./instant.ts";
import { type Slot, wantedAccess } from "./slot.ts";
import { type SlotChange, settleRows } from "./slot-rows.ts";

/** How a licence stands where it is kept. `gone`: revoked for good, or unknown there. */
export interface Standing {
  readonly status: "active" | "suspended" | "gone";
  readonly expiresAt: Instant | null;
}

/**
 * What follows for a slot with nothing left to do from how its licence really stands. Somebody may have switched it off
 * there: that takes access away with `license_key_disabled`, and switching it on again gives it back, as a new row with the
 * same key. All else that differs is recorded as it is, so that {@link nextStep} puts it right.
 *
 * @returns null when all is as we have it.
 */
export function recordStanding(slot: Slot, standing: Standing, now: Instant): SlotChange | null {
  if (slot.applied.kind === "none") return null;
  const after = standing.status === "active" ? asOn(slot, standing.expiresAt) : asOff(slot, standing.status);
  return after === slot ? null : settleRows(after, now);
}

/** Suspended as we suspended it is right; gone for good it could never be resumed. */
function asOff(slot: Slot, status: "suspended" | "gone"): Slot {
  const known = slot.applied.kind === "suspended" && (slot.disabled || status === "suspended");
  return known ? slot : { ...slot, disabled: true, applied: { ...slot.applied, kind: "suspended" } };
}

function asOn(slot: Slot, expiresAt: Instant | null): Slot {
  const { applied } = slot;
  const { until } = applied;
  const wanted = wantedAccess({ ...slot, disabled: false });
  // Where access has no end, one that was set there can't be taken off again.
  const ends = wanted.kind === "active" && wanted.until !== null;
  const seen = ends && wholeSeconds(until) !== wholeSeconds(expiresAt) ? null : until;
  if (!slot.disabled && applied.kind === "active" && seen === until) return slot;
  return { ...slot, disabled: false, applied: { ...applied, kind: "active", until: seen } };
}

/** The licence server keeps whole seconds, rounded up (keythai.md). */
function wholeSeconds(instant: Instant | null): number | null {
  return instant === null ? null : Math.ceil(instant / SECOND);
}
