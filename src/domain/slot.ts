import type { Access } from "./access.ts";
import type { Opens } from "./catalog.ts";
import {
  deliverGrant,
  extendGrant,
  type Failure,
  failGrant,
  type Grant,
  openGrant,
  revokeGrant,
  type ShownLicenseKey,
} from "./grant.ts";
import { type ChainId, type CustomerId, grantId, type PurchaseId, type SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { PurchaseState } from "./purchase.ts";

/** Access wanted, and because of what. */
export interface Target {
  readonly access: Access;
  readonly purchaseId: PurchaseId;
  readonly productId: string;
  readonly chainId: ChainId | null;
  readonly orderId: string | null;
  /** Google's end of the paid period; `access.until` may lie later by the leeway. */
  readonly expiresAt: Instant | null;
  readonly state: PurchaseState;
  readonly willRenew: boolean;
}

/** Access last made real outside. */
export interface Applied {
  readonly kind: "none" | "active" | "suspended";
  readonly productId: string | null;
  /** The end that the thing delivered carries; null: none. */
  readonly until: Instant | null;
}

/** A delivery under way, or one whose end nobody recorded: the mark that a crash leaves behind. */
export interface Attempt {
  readonly number: number;
  /** The lease under which it was opened. Whoever finds another's mark must look for what that one left. */
  readonly lease: string;
}

/** One unit of one entitlement with one customer: what it should be, and what it is. */
export interface Slot {
  readonly id: SlotId;
  readonly customerId: CustomerId;
  readonly entitlementId: string;
  readonly packageName: string;
  readonly integrationType: string;
  readonly opens: Opens;
  readonly target: Target;
  readonly applied: Applied;
  /** How many rows it has had. */
  readonly generation: number;
  /** How many deliveries were begun. */
  readonly attempts: number;
  readonly attempt: Attempt | null;
  /** A person took it away: no renewal gives it back. */
  readonly blocked: boolean;
  /** Delivery failed for good, for the order named. */
  readonly failure: (Failure & { readonly orderId: string | null }) | null;
  /** The open row. */
  readonly grant: Grant | null;
  readonly shown: ShownLicenseKey | null;
  /** What the integration keeps; only it reads it. */
  readonly state: unknown;
}

/** What must outlive a slot that has left the customer file, should it ever come back. */
export interface ClosedSlot {
  readonly generation: number;
  readonly attempts: number;
  readonly blocked: boolean;
}

export type Step = "none" | "deliver" | "extend" | "suspend" | "resume" | "revoke" | "abandon";

const NOTHING: Applied = { kind: "none", productId: null, until: null };

export type SlotSeed = Pick<
  Slot,
  "id" | "customerId" | "entitlementId" | "packageName" | "integrationType" | "opens" | "target"
>;

/** A slot as it begins, or begins again after it had left. */
export function newSlot(seed: SlotSeed, closed: ClosedSlot | undefined): Slot {
  return {
    ...seed,
    applied: NOTHING,
    generation: closed?.generation ?? 0,
    attempts: closed?.attempts ?? 0,
    attempt: null,
    blocked: closed?.blocked ?? false,
    failure: null,
    grant: null,
    shown: null,
    state: null,
  };
}

export function closedSlot(slot: Slot): ClosedSlot {
  return { generation: slot.generation, attempts: slot.attempts, blocked: slot.blocked };
}

/** What is wanted after all, a person's word included. */
export function wantedAccess(slot: Slot): Access {
  return slot.blocked ? { kind: "ended", reason: "manual", detail: null } : slot.target.access;
}

/**
 * The next thing to do outside, from what is wanted and what is real: levels, not edges, so that lost, doubled or late
 * wishes change nothing. `abandon` clears a delivery whose end is unknown and that nobody wants any more.
 */
export function nextStep(slot: Slot): Step {
  const wanted = wantedAccess(slot);
  const { applied } = slot;
  if (applied.kind === "none") {
    if (wanted.kind === "active" && slot.failure === null) return "deliver";
    return slot.attempt === null ? "none" : "abandon";
  }
  // A licence is for one product: after a plan change the old one goes before the new one comes.
  if (wanted.kind === "ended" || applied.productId !== slot.target.productId) return "revoke";
  if (wanted.kind === "suspended") return applied.kind === "active" ? "suspend" : "none";
  // The new end before the new life: a licence whose end has passed may refuse to be resumed.
  if (applied.until !== wanted.until) return "extend";
  return applied.kind === "suspended" ? "resume" : "none";
}

/** Nothing wanted, nothing real, nothing under way: the slot leaves the customer file. */
export function isSettled(slot: Slot): boolean {
  return slot.target.access.kind === "ended" && slot.applied.kind === "none" && slot.attempt === null;
}

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
    { ...slot, target, applied: stillOurs(slot), failure: sameSale ? slot.failure : null },
    now,
  );
}

/**
 * What is due to be taken back may be gone at this very moment: if access returns before that is recorded, it counts as
 * made for nothing we know, so it goes first and a new one comes.
 */
function stillOurs(slot: Slot): Applied {
  return nextStep(slot) === "revoke" ? { ...slot.applied, productId: null } : slot.applied;
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
  return { kind: "active", productId: slot.target.productId, until: wanted.until };
}

function openRow(slot: Slot, now: Instant): Grant | null {
  const wanted = wantedAccess(slot);
  if (slot.grant !== null || wanted.kind !== "active" || slot.failure !== null) return null;
  const inHand = isInHand(slot);
  if (slot.opens === "on_delivery" && !inHand) return null;
  return openGrant(seedOf(slot, wanted.until), inHand ? "Delivered" : "Pending", now);
}

function isInHand({ applied, target }: Slot): boolean {
  return applied.kind === "active" && applied.productId === target.productId;
}

function seedOf(slot: Slot, until: Instant | null) {
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

/** Marks the beginning of a delivery, durably, before anything goes out. */
export function openAttempt(slot: Slot, lease: string): Slot {
  const number = slot.attempts + 1;
  return { ...slot, attempts: number, attempt: { number, lease } };
}

/** The delivery surely made nothing, or what it may have made has been looked for. */
export function closeAttempt(slot: Slot): Slot {
  return { ...slot, attempt: null };
}

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
  productId: string,
  delivered: Delivered,
  now: Instant,
): SlotChange {
  const held: Slot = {
    ...slot,
    attempt: null,
    state: delivered.state,
    shown: delivered.shown,
    applied: { kind: "active", productId, until: null },
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
  if (step === "revoke") return settleRows({ ...slot, applied: NOTHING, state: null, shown: null }, now);
  const applied =
    step === "extend" ? { ...slot.applied, until } : { ...slot.applied, kind: KIND_AFTER[step] };
  const change = settleRows({ ...slot, applied }, now);
  const { grant } = change.slot;
  if (step !== "extend" || grant === null) return change;
  const after = extendGrant(grant, until, now);
  if (after === grant) return change;
  return { slot: { ...change.slot, grant: after }, rows: [...change.rows, { before: grant, after }] };
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
