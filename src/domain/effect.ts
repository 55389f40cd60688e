import {
  type CustomerId,
  type EffectId,
  type EndpointId,
  type EventId,
  effectId,
  type GrantId,
  laneId,
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
  | { readonly kind: "answer_refund_review"; readonly reviewId: ReviewId }
  /** What happened to a customer, for all endpoints: in the order of the commits. */
  | PublishEvents
  /** The same for one endpoint. */
  | SendWebhooks
  /** Goes through events since a moment, a page at a time, and puts down what the endpoint lacks. */
  | ReplayEvents
  | SendMail;

export interface PublishEvents {
  readonly kind: "publish_events";
  readonly customerId: CustomerId;
  readonly eventIds: readonly EventId[];
}

export interface SendWebhooks {
  readonly kind: "send_webhooks";
  readonly endpointId: EndpointId;
  readonly customerId: CustomerId;
  readonly eventIds: readonly EventId[];
}

export interface ReplayEvents {
  readonly kind: "replay_events";
  readonly endpointId: EndpointId;
  readonly since: Instant;
  /** `failed`: what was tried in vain; `missing`: also what was never tried. */
  readonly which: "failed" | "missing";
  /** How far it has come. */
  readonly after: { readonly at: Instant; readonly id: EventId } | null;
}

export interface SendMail {
  readonly kind: "send_mail";
  readonly customerId: CustomerId;
  readonly grantId: GrantId;
  readonly news: "delivered" | "revoked";
}

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
  switch (effect.kind) {
    case "publish_events":
      return laneId(effect.customerId, null);
    case "send_webhooks":
      return laneId(effect.customerId, effect.endpointId);
    case "replay_events":
      return [effect.endpointId, effect.since, effect.which].join("_");
    case "send_mail":
      return `${effect.grantId}_${effect.news}`;
    case "answer_refund_review":
      return effect.reviewId;
    case "acknowledge_purchase":
    case "sync_purchase":
      return effect.purchaseId;
    default:
      return effect.slotId;
  }
}

/** Effects wait in queues that never hold each other up: one for each endpoint, one for mail, one for all else. */
export type Queue = "core" | "mail" | EndpointId;

export function queueOf(effect: Effect): Queue {
  if (effect.kind === "send_webhooks") return effect.endpointId;
  return effect.kind === "send_mail" ? "mail" : "core";
}

/**
 * The events that an effect is about, if it is about any: asked for again, it is about the former and the new ones, in the
 * order in which they came.
 */
export function eventsOf(effect: Effect): readonly EventId[] | null {
  return "eventIds" in effect ? effect.eventIds : null;
}

/** An effect asked for again while it still waits, or runs. */
export function askedAgain(kept: Effect | undefined, asked: Effect): Effect {
  if (!("eventIds" in asked) || kept === undefined || !("eventIds" in kept)) return asked;
  return { ...asked, eventIds: [...new Set([...kept.eventIds, ...asked.eventIds])] };
}
