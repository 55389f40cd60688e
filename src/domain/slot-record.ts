import { extendGrant, type Failure, failGrant, openGrant, type ShownLicenseKey } from "./grant.ts";
import type { Instant } from "./instant.ts";
import { closeAttempt, NOTHING, type Slot, wantedAccess } from "./slot.ts";
import { maybeDone, type SlotChange, seedOf, settleRows } from "./slot-rows.ts";

/** What came out of a delivery. */
export interface Delivered {
  readonly state: unknown;
  readonly shown: ShownLicenseKey | null;
}

/**
 * Records a delivery. If access is no longer wanted the thing is kept but no row opens: the next step takes it back.
 *
 * @param productId What it was made for; the target may have moved on since.
 */
export function recordDelivered(
  slot: Slot,
  productId: string | null,
  delivered: Delivered,
  now: Instant,
): SlotChange {
  const held: Slot = {
    ...slot,
    attempt: null,
    state: delivered.state,
    shown: delivered.shown,
    disabled: false,
    applied: { ...NOTHING, kind: "active", productId },
  };
  return settleRows(held, now);
}

const KIND_AFTER = { suspend: "suspended", resume: "active" } as const;

/** Records that a delivered thing was extended, suspended, resumed or taken back. */
export function recordApplied(
  slot: Slot,
  step: "extend" | "suspend" | "resume" | "revoke",
  until: Instant | null,
  now: Instant,
): SlotChange {
  if (step === "revoke") {
    return settleRows({ ...slot, applied: NOTHING, disabled: false, state: null, shown: null }, now);
  }
  const settled = step === "extend" ? { until } : { kind: KIND_AFTER[step] };
  const unsure = slot.applied.unsure.filter((what) => what !== (step === "extend" ? "end" : "life"));
  const applied = { ...slot.applied, ...settled, unsure };
  const change = settleRows({ ...slot, applied }, now);
  const { grant } = change.slot;
  if (step !== "extend" || grant === null) return change;
  const after = extendGrant(grant, until, now);
  if (after === grant) return change;
  return { slot: { ...change.slot, grant: after }, rows: [...change.rows, { before: grant, after }] };
}

/**
 * A call went out when somebody else may have held the slot already, and nobody knows its end: it may have undone what that
 * one did. What is wanted is told once more.
 */
export function recordUnheard(slot: Slot, step: "extend" | "suspend" | "resume" | "revoke"): SlotChange {
  return { slot: { ...slot, applied: maybeDone(slot.applied, step) }, rows: [] };
}

/** Delivery failed for good: a row that waits fails; where none is open yet, one opens and fails, so that it is seen. */
export function recordFailure(slot: Slot, failure: Failure, now: Instant): SlotChange {
  const failed: Slot = { ...slot, attempt: null, failure: { ...failure, orderId: slot.target.orderId } };
  const wanted = wantedAccess(slot);
  // Not wanted just now: should it be wanted again, it is tried again.
  if (wanted.kind !== "active") return { slot: closeAttempt(slot), rows: [] };
  const waiting = slot.grant ?? openGrant(seedOf(slot, wanted.until), "Pending", now);
  const after = failGrant(waiting, failure, now);
  if (slot.grant !== null) return { slot: { ...failed, grant: null }, rows: [{ before: waiting, after }] };
  const opened = { ...failed, generation: slot.generation + 1 };
  return {
    slot: opened,
    rows: [
      { before: null, after: waiting },
      { before: waiting, after },
    ],
  };
}
