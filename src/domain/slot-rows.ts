import { deliverGrant, type Grant, openGrant, revokeGrant } from "./grant.ts";
import { grantId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import {
  type Applied,
  type Doubt,
  NOTHING,
  nextStep,
  type Slot,
  type Step,
  type Target,
  wantedAccess,
} from "./slot.ts";

/** A change of a slot, and of its rows: `before` null where a row opened. */
export interface SlotChange {
  readonly slot: Slot;
  readonly rows: readonly RowChange[];
}

export interface RowChange {
  readonly before: Grant | null;
  readonly after: Grant;
}

/**
 * Aims a slot at a new target. Rows follow at once: one is revoked in the commit that takes access away, and opens in
 * it unless it has to wait for something outside.
 */
export function retarget(slot: Slot, target: Target, now: Instant): SlotChange {
  const sameSale = slot.failure?.orderId === target.orderId && slot.target.productId === target.productId;
  return settleRows(
    {
      ...slot,
      target,
      applied: maybeDone(slot.applied, nextStep(slot)),
      failure: sameSale ? slot.failure : null,
    },
    now,
  );
}

/**
 * What was due may have happened by now, unheard: a call whose answer was lost, or whose process died. What may be gone
 * goes for certain before anything else comes; what may have been suspended, resumed or extended is told once more.
 */
export function maybeDone(applied: Applied, step: Step): Applied {
  if (step === "revoke") return { ...applied, spoiled: true };
  if (step === "extend") return doubt(applied, "end");
  return step === "suspend" || step === "resume" ? doubt(applied, "life") : applied;
}

function doubt(applied: Applied, what: Doubt): Applied {
  return applied.unsure.includes(what) ? applied : { ...applied, unsure: [...applied.unsure, what] };
}

/** Brings a slot's rows in line with it. */
export function settleRows(slot: Slot, now: Instant): SlotChange {
  const rows: RowChange[] = [];
  const closed = closeRow(slot, now);
  if (closed !== null) rows.push(closed);
  let settled: Slot = closed === null ? slot : { ...slot, grant: null };
  if (slot.opens === "in_sync") settled = { ...settled, applied: appliedAtOnce(settled) };
  const opened = openRow(settled, now);
  if (opened !== null) {
    rows.push({ before: null, after: opened });
    settled = { ...settled, grant: opened, generation: settled.generation + 1 };
  }
  const { grant } = settled;
  if (grant?.status === "Pending" && isInHand(settled)) {
    const after = deliverGrant(grant, settled.shown, now);
    rows.push({ before: grant, after });
    settled = { ...settled, grant: after };
  }
  return { slot: settled, rows };
}

function closeRow(slot: Slot, now: Instant): RowChange | null {
  const wanted = wantedAccess(slot);
  const { grant } = slot;
  if (grant === null) return null;
  if (wanted.kind !== "active") {
    return { before: grant, after: revokeGrant(grant, wanted.reason, wanted.detail, now) };
  }
  if (grant.productId === slot.target.productId) return null;
  return { before: grant, after: revokeGrant(grant, "plan_changed", null, now) };
}

function appliedAtOnce(slot: Slot): Applied {
  const wanted = wantedAccess(slot);
  if (wanted.kind !== "active") return NOTHING;
  return { ...NOTHING, kind: "active", productId: slot.target.productId, until: wanted.until };
}

function openRow(slot: Slot, now: Instant): Grant | null {
  const wanted = wantedAccess(slot);
  if (slot.grant !== null || wanted.kind !== "active" || slot.failure !== null) return null;
  const inHand = isInHand(slot);
  if (slot.opens === "on_delivery" && !inHand) return null;
  return openGrant(seedOf(slot, wanted.until), inHand ? "Delivered" : "Pending", now);
}

function isInHand({ applied, target }: Slot): boolean {
  const certain = !applied.spoiled && !applied.unsure.includes("life");
  return applied.kind === "active" && certain && applied.productId === target.productId;
}

/** What a row opened now takes over from its slot. */
export function seedOf(slot: Slot, until: Instant | null) {
  const { target, generation } = slot;
  return {
    id: grantId(slot.id, generation + 1),
    slotId: slot.id,
    customerId: slot.customerId,
    entitlementId: slot.entitlementId,
    packageName: slot.packageName,
    integrationType: slot.integrationType,
    purchaseId: target.purchaseId,
    productId: target.productId,
    orderId: target.orderId,
    chainId: target.chainId,
    regrantOf: generation === 0 ? null : grantId(slot.id, generation),
    licenseKey: slot.shown,
    expiresAt: slot.shown === null ? null : until,
  };
}

/** The id of the row that a delivery made now will open, or has opened. */
export function grantOfDelivery(slot: Slot): ReturnType<typeof grantId> {
  return slot.grant?.id ?? grantId(slot.id, slot.generation + 1);
}
