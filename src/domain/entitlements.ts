import type { Contact } from "./contact.ts";
import type { CustomerId, PurchaseId, SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { PurchaseState } from "./purchase.ts";
import { same } from "./same.ts";
import { type Slot, type Target, wantedAccess } from "./slot.ts";

/** What a customer holds of one entitlement, merged over all that gives it (contract section 5). */
export interface Entitlement {
  readonly entitlementId: string;
  /** Access at `updatedAt`. A reader with a clock also looks at `accessUntil`. */
  readonly active: boolean;
  readonly expiresAt: Instant | null;
  readonly accessUntil: Instant | null;
  readonly state: PurchaseState;
  readonly willRenew: boolean;
  readonly purchaseIds: readonly PurchaseId[];
  readonly productIds: readonly string[];
  readonly updatedAt: Instant;
}

/** All that hot paths need to know of a customer, in one document. */
export interface CustomerFile {
  readonly customerId: CustomerId;
  /** Null: nobody has told us. */
  readonly contact: Contact | null;
  readonly slots: Readonly<Record<SlotId, Slot>>;
  readonly entitlements: Readonly<Record<string, Entitlement>>;
}

export function emptyCustomerFile(customerId: CustomerId): CustomerFile {
  return { customerId, contact: null, slots: {}, entitlements: {} };
}

export function slotsOf(file: CustomerFile | null): Slot[] {
  return file === null ? [] : Object.values(file.slots);
}

/**
 * The entitlements that follow from a customer's slots. In-app access follows from what is wanted, so it never waits for
 * an effect; a row that nothing gives any more keeps what last gave it.
 *
 * @param previous The rows so far; those that did not change come back as the same objects.
 */
export function mergeEntitlements(
  slots: readonly Slot[],
  previous: CustomerFile["entitlements"],
  now: Instant,
): CustomerFile["entitlements"] {
  const merged: Record<string, Entitlement> = {};
  const ids = new Set([...Object.keys(previous), ...slots.map((slot) => slot.entitlementId)]);
  for (const id of ids) {
    const before = previous[id];
    const after = mergeOne(
      id,
      slots.filter((slot) => slot.entitlementId === id),
      before,
      now,
    );
    merged[id] = before !== undefined && sameEntitlement(before, after) ? before : after;
  }
  return merged;
}

function mergeOne(
  id: string,
  slots: readonly Slot[],
  before: Entitlement | undefined,
  now: Instant,
): Entitlement {
  const giving = slots.flatMap((slot) => givenNow(slot, now)).sort(byEnd);
  const [best] = giving;
  if (best === undefined) return endedEntitlement(id, slots, before, now);
  return {
    entitlementId: id,
    active: true,
    expiresAt: latest(giving.map(({ target }) => target.expiresAt)),
    accessUntil: best.until,
    state: best.target.state,
    willRenew: giving.some(({ target }) => target.willRenew),
    purchaseIds: distinct(giving.map(({ target }) => target.purchaseId)),
    productIds: distinct(giving.flatMap(({ target }) => target.productIds)),
    updatedAt: now,
  };
}

/** Access that a slot gives at this moment. */
interface Given {
  readonly slotId: SlotId;
  readonly target: Target;
  readonly until: Instant | null;
}

/** @returns One, or none. */
function givenNow(slot: Slot, now: Instant): Given[] {
  const wanted = wantedAccess(slot);
  const open = wanted.kind === "active" && (wanted.until === null || now < wanted.until);
  return open ? [{ slotId: slot.id, target: slot.target, until: wanted.until }] : [];
}

/** While inactive, `accessUntil` is the moment access ended: never in the future, never null. */
function endedEntitlement(
  id: string,
  slots: readonly Slot[],
  before: Entitlement | undefined,
  now: Instant,
): Entitlement {
  const last = lastWord(slots, before);
  return {
    entitlementId: id,
    active: false,
    expiresAt: last?.target.expiresAt ?? before?.expiresAt ?? null,
    accessUntil: Math.min(before?.accessUntil ?? now, now),
    state: endedState(last, before),
    willRenew: slots.some((slot) => wantedAccess(slot).kind === "suspended" && slot.target.willRenew),
    purchaseIds: before?.purchaseIds ?? distinct(slots.map((slot) => slot.target.purchaseId)),
    productIds: before?.productIds ?? distinct(slots.map((slot) => slot.target.productId)),
    updatedAt: now,
  };
}

/**
 * The slot that speaks for an ended entitlement: one that may come back, else one of the purchase that gave it last, else
 * any that could have. Slots that have ended leave the file, so where none is there what was known stays.
 */
function lastWord(slots: readonly Slot[], before: Entitlement | undefined): Slot | undefined {
  const gaveLast = (id: PurchaseId | null) => id !== null && (before?.purchaseIds.includes(id) ?? false);
  const givers = slots.filter((slot) => gaveLast(slot.target.purchaseId));
  const open = before === undefined || before.active || MAY_COME_BACK.has(before.state);
  return (
    slots.find((slot) => wantedAccess(slot).kind === "suspended") ??
    givers.find((slot) => wantedAccess(slot).kind === "active") ??
    givers.at(-1) ??
    (open ? slots.at(-1) : undefined)
  );
}

const MAY_COME_BACK: ReadonlySet<PurchaseState> = new Set(["on_hold", "paused"]);

const LIVE: ReadonlySet<PurchaseState> = new Set(["active", "in_grace_period", "canceled", "purchased"]);

/** The purchase may still live while this entitlement of it does not: then it ran out, or was taken away by a person. */
function endedState(last: Slot | undefined, before: Entitlement | undefined): PurchaseState {
  if (last?.blocked === true || last?.disabled === true) return "revoked";
  const state = last?.target.state ?? before?.state;
  if (state === undefined || LIVE.has(state)) return "expired";
  // A plan change may end what is on hold or paused: it says so still, but doesn't come back.
  const over = last !== undefined && wantedAccess(last).kind === "ended" && MAY_COME_BACK.has(state);
  return over ? "expired" : state;
}

function byEnd(a: Given, b: Given): number {
  const none = Number.POSITIVE_INFINITY;
  return (b.until ?? none) - (a.until ?? none) || (a.slotId < b.slotId ? -1 : 1);
}

function latest(ends: readonly (Instant | null)[]): Instant | null {
  return ends.some((end) => end === null) ? null : Math.max(...ends.map(Number));
}

/** A gift has neither purchase nor product to name. */
function distinct<T extends string>(values: readonly (T | null)[]): T[] {
  return [...new Set(values.filter((value) => value !== null))].sort();
}

function sameEntitlement(a: Entitlement, b: Entitlement): boolean {
  return same(a, { ...b, updatedAt: a.updatedAt });
}
