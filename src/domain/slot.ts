import type { Access } from "./access.ts";
import type { Opens } from "./catalog.ts";
import type { Failure, Grant, ShownLicenseKey } from "./grant.ts";
import type { ChainId, CustomerId, PurchaseId, SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { PurchaseState } from "./purchase.ts";

/** Access wanted, and because of what. */
export interface Target {
  readonly access: Access;
  /** Null: a gift of the shop's. */
  readonly purchaseId: PurchaseId | null;
  readonly productId: string | null;
  /** All products of the purchase that give it now: an add-on may give what the plan gives as well. */
  readonly productIds: readonly string[];
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
  /** It was due to be taken back and may be gone at any moment: it goes before anything else comes. */
  readonly spoiled: boolean;
  /** Its life (active or suspended), its end: what was due to be changed when the target moved on, and may be changed by now. */
  readonly unsure: readonly Doubt[];
}

export type Doubt = "life" | "end";

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
  /** Its licence was switched off where it is kept: access comes back only when it is switched on again there. */
  readonly disabled: boolean;
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

/** Nothing is real outside. */
export const NOTHING: Applied = {
  kind: "none",
  productId: null,
  until: null,
  spoiled: false,
  unsure: [],
};

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
    disabled: false,
    failure: null,
    grant: null,
    shown: null,
    state: null,
  };
}

export function closedSlot(slot: Slot): ClosedSlot {
  return { generation: slot.generation, attempts: slot.attempts, blocked: slot.blocked };
}

/** What is wanted after all, a person's word included: that of ours first, then that of whoever keeps the licence. */
export function wantedAccess({ blocked, disabled, target }: Slot): Access {
  if (blocked) return { kind: "ended", reason: "manual", detail: null };
  if (disabled && target.access.kind === "active")
    return { kind: "suspended", reason: "license_key_disabled", detail: null };
  return target.access;
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
  if (wanted.kind === "ended" || applied.spoiled) return "revoke";
  // Switched off where it is kept: a plan change is no way round that. Once it is on again the next step is taken.
  if (slot.disabled) return "none";
  if (applied.productId !== slot.target.productId) return "revoke";
  const { unsure } = applied;
  if (wanted.kind === "suspended") {
    return applied.kind === "active" || unsure.includes("life") ? "suspend" : "none";
  }
  // The new end before the new life: a licence whose end has passed may refuse to be resumed.
  if (applied.until !== wanted.until || unsure.includes("end")) return "extend";
  return applied.kind === "suspended" || unsure.includes("life") ? "resume" : "none";
}

/**
 * Nothing wanted, nothing real, nothing under way: the slot leaves the customer file. What must outlive it is kept with its
 * purchase; a gift has none, and there are never more of them than the catalogue has entitlements.
 */
export function isSettled({ target, applied, attempt }: Slot): boolean {
  const over = target.access.kind === "ended" && applied.kind === "none" && attempt === null;
  return over && target.purchaseId !== null;
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
