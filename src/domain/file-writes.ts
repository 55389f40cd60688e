import { announce } from "./announce.ts";
import type { FileChange } from "./apply-commands.ts";
import { type EffectRequest, requestEffect } from "./effect.ts";
import type { Instant } from "./instant.ts";
import { type AuditEntry, NO_WRITES, type Writes } from "./purchase-file.ts";
import { nextStep, type Slot } from "./slot.ts";

/** All that has to be written when slots of one customer changed by themselves, without a purchase. */
export function fileWrites(change: FileChange, audit: readonly AuditEntry[], now: Instant): Writes {
  return {
    ...NO_WRITES,
    customer: change.customer,
    entitlements: change.entitlements,
    grants: change.grants,
    events: change.events,
    effects: [...fulfilments(change.changed, now), ...announce(change.events, now)],
    audit,
  };
}

/** One effect for each slot that has something left to do outside. */
export function fulfilments(changed: readonly Slot[], now: Instant): EffectRequest[] {
  return changed
    .filter((slot) => nextStep(slot) !== "none")
    .map(({ customerId, id }) => requestEffect({ kind: "fulfill_slot", customerId, slotId: id }, now));
}
