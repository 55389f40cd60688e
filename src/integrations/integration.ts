import type { IntegrationKind } from "../domain/catalog.ts";
import { OutsideError } from "../domain/errors.ts";
import type { Failure } from "../domain/grant.ts";
import type { GrantId, SlotId } from "../domain/ids.ts";
import type { Instant } from "../domain/instant.ts";
import type { SealedLicenseKey } from "../domain/purchase-file.ts";
import type { Slot } from "../domain/slot.ts";
import type { Delivered } from "../domain/slot-record.ts";
import type { FoundLicense, LicenseStanding, Ports } from "../ports.ts";

/** How a call to the outside ended. */
export type StepOutcome =
  | { readonly kind: "done" }
  /** `made` says whether the call may have had its effect all the same. */
  | {
      readonly kind: "try_later";
      readonly made: "nothing" | "unknown";
      readonly afterMs: number | null;
      readonly code: string;
    }
  | { readonly kind: "gave_up"; readonly failure: Failure };

export type DeliverOutcome =
  | {
      readonly kind: "done";
      readonly delivered: Delivered;
      /** Kept in the same commit as the delivery. */
      readonly key: SealedLicenseKey | null;
      /** Takes back at once what was delivered, when it turns out that nobody will hold it. */
      discard(): Promise<void>;
    }
  | Exclude<StepOutcome, { kind: "done" }>;

export interface DeliveryOrder {
  readonly slot: Slot;
  /** What the catalogue says in the entitlement's `integration`. */
  readonly offer: unknown;
  readonly attempt: number;
  /** The row that this delivery opens or completes. */
  readonly grantId: GrantId;
}

/** One way of delivering, at work. Every method may be repeated, except that `deliver` makes another thing each time. */
export interface Delivery {
  /** Longest time one call takes, in ms: it goes out only under a lease that lasts longer. */
  readonly timeoutMs: number;
  deliver(order: DeliveryOrder): Promise<DeliverOutcome>;
  /** Takes away for good. */
  revoke(slot: Slot, key: SealedLicenseKey | null): Promise<StepOutcome>;
  /** Takes away so that it can come back as the same thing. */
  suspend(slot: Slot, key: SealedLicenseKey | null): Promise<StepOutcome>;
  resume(slot: Slot, key: SealedLicenseKey | null): Promise<StepOutcome>;
  extend(slot: Slot, key: SealedLicenseKey | null, until: Instant | null): Promise<StepOutcome>;
  /** How the thing delivered stands where it is kept, whatever we made of it. @throws OutsideError */
  check(slot: Slot, key: SealedLicenseKey | null): Promise<LicenseStanding>;
  /** What earlier attempts may have left outside for this slot. @throws OutsideError */
  findLeft(slotId: SlotId): Promise<readonly FoundLicense[]>;
}

export type DeliveryPorts = Pick<Ports, "licenses" | "secretBox" | "clock">;

/** One kind of entitlement: what the catalogue may say about it, and how it is delivered. */
export interface Integration extends IntegrationKind {
  /** Null where nothing happens outside: then the sync itself delivers. */
  readonly create: ((ports: DeliveryPorts) => Delivery) | null;
}

/** Runs a call to the outside and turns its failure into an outcome. Bugs keep throwing. */
export async function stepOutcome(call: () => Promise<void>): Promise<StepOutcome> {
  try {
    await call();
    return { kind: "done" };
  } catch (error) {
    return failedOutcome(error);
  }
}

/** @throws The error itself when it is none of the outside's. */
export function failedOutcome(error: unknown): Exclude<StepOutcome, { kind: "done" }> {
  if (!(error instanceof OutsideError)) throw error;
  if (error.kind === "refused")
    return { kind: "gave_up", failure: { code: error.code, message: error.message } };
  return {
    kind: "try_later",
    made: error.kind === "unknown" ? "unknown" : "nothing",
    afterMs: error.retryAfterMs,
    code: error.code,
  };
}
