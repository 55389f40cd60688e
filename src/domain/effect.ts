import {
  type CustomerId,
  type EffectId,
  effectId,
  type PurchaseId,
  type ReviewId,
  type SlotId,
} from "./ids.ts";
import type { Instant } from "./instant.ts";

/** What may be done outside after a commit: the closed list. */
export type Effect =
  | { readonly kind: "fulfill_slot"; readonly customerId: CustomerId; readonly slotId: SlotId }
  | {
      readonly kind: "find_orphans";
      readonly customerId: CustomerId;
      readonly slotId: SlotId;
      readonly integrationType: string;
    }
  | { readonly kind: "acknowledge_purchase"; readonly purchaseId: PurchaseId }
  | { readonly kind: "sync_purchase"; readonly purchaseId: PurchaseId }
  | { readonly kind: "end_gift"; readonly customerId: CustomerId; readonly slotId: SlotId }
  | { readonly kind: "answer_refund_review"; readonly reviewId: ReviewId };

/** An effect asked for. Asking twice for the same one is one effect, due at the time asked for last. */
export interface EffectRequest {
  readonly id: EffectId;
  readonly effect: Effect;
  readonly dueAt: Instant;
}

export function requestEffect(effect: Effect, dueAt: Instant): EffectRequest {
  return { id: effectId(effect.kind, subjectOf(effect)), effect, dueAt };
}

function subjectOf(effect: Effect): string {
  if ("slotId" in effect) return effect.slotId;
  return "reviewId" in effect ? effect.reviewId : effect.purchaseId;
}
