import type { GrantEvent, GrantEventType } from "./grant-events.ts";
import {
  type CustomerId,
  type DeliveryId,
  deliveryId,
  type EndpointId,
  type EventId,
  type GrantId,
} from "./ids.ts";
import { DAY, HOUR, type Instant, MINUTE, SECOND } from "./instant.ts";

/** One try at telling one endpoint of one event. */
export interface DeliveryAttempt {
  readonly number: number;
  readonly at: Instant;
  /** Null: no answer came. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly succeeded: boolean;
  readonly excerpt: string;
}

/** One event for one endpoint, and what became of it so far. */
export interface WebhookDelivery {
  readonly id: DeliveryId;
  readonly endpointId: EndpointId;
  readonly eventId: EventId;
  readonly eventType: GrantEventType;
  readonly grantId: GrantId;
  readonly customerId: CustomerId;
  readonly state: "pending" | "succeeded" | "failed";
  /** Tries in the current round of the schedule; a resend begins another round. */
  readonly tries: number;
  /** When it is tried next; null unless pending. */
  readonly nextAttemptAt: Instant | null;
  /** The newest last; of very many the newest. */
  readonly attempts: readonly DeliveryAttempt[];
  readonly createdAt: Instant;
}

/** How long after the first try comes each other one: eight in all, over about 27 hours (entitlement-grants.md section 7). */
const PAUSES = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
const LONGEST_PAUSE = DAY;
const MAX_ATTEMPTS = 20;

export function planDelivery(event: GrantEvent, endpointId: EndpointId, now: Instant): WebhookDelivery {
  return {
    id: deliveryId(event.id, endpointId),
    endpointId,
    eventId: event.id,
    eventType: event.type,
    grantId: event.grant.id,
    customerId: event.grant.customerId,
    state: "pending",
    tries: 0,
    nextAttemptAt: now,
    attempts: [],
    createdAt: now,
  };
}

/** What a try came to. */
export interface Tried {
  readonly at: Instant;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly excerpt: string;
  readonly retryAfterMs: number | null;
}

/** Any 2xx; a redirect is a failure. */
export function isSuccess(statusCode: number | null): boolean {
  return statusCode !== null && statusCode >= 200 && statusCode < 300;
}

/**
 * Records a try. A failure is followed by the next one of the schedule, later where the receiver asked for it; after the
 * last one the delivery has failed, until a person sends it again. Where it changed while the try was under way, what it
 * became stays: a resend is still to come. But whom somebody has told needn't be told by another.
 *
 * @param asked The delivery as it was when the try began.
 * @param chance Uniform in [0, 1): spreads repetitions by ±10 %.
 * @returns The same object where this try is recorded already: the answer to that commit was lost.
 */
export function recordTry(
  delivery: WebhookDelivery,
  asked: WebhookDelivery,
  tried: Tried,
  chance: number,
  now: Instant,
): WebhookDelivery {
  const changed = delivery.nextAttemptAt !== asked.nextAttemptAt || delivery.tries !== asked.tries;
  if (changed && delivery.attempts.at(-1)?.at === tried.at) return delivery;
  const { retryAfterMs, ...seen } = tried;
  const succeeded = isSuccess(tried.statusCode);
  const attempts = [...delivery.attempts, { ...seen, number: nextNumber(delivery), succeeded }].slice(
    -MAX_ATTEMPTS,
  );
  if (changed && (isNewRound(delivery) || !succeeded)) return { ...delivery, attempts };
  const tries = changed ? delivery.tries : delivery.tries + 1;
  if (succeeded) return { ...delivery, attempts, tries, state: "succeeded", nextAttemptAt: null };
  const pause = PAUSES[tries - 1];
  if (pause === undefined) return { ...delivery, attempts, tries, state: "failed", nextAttemptAt: null };
  const scheduled = Math.round(pause * (0.9 + 0.2 * chance));
  const asksFor = Math.min(retryAfterMs ?? 0, LONGEST_PAUSE);
  return { ...delivery, attempts, tries, nextAttemptAt: now + Math.max(scheduled, asksFor) };
}

/** Which try of all is the next one, over all rounds: the first is 1. */
export function nextNumber({ attempts }: WebhookDelivery): number {
  return (attempts.at(-1)?.number ?? 0) + 1;
}

/** Planned or sent again, and not yet tried since. */
export function isNewRound({ state, tries }: WebhookDelivery): boolean {
  return state === "pending" && tries === 0;
}

/** A new round: sent at once, and again by the schedule should that fail. */
export function sendAgain(delivery: WebhookDelivery, now: Instant): WebhookDelivery {
  return { ...delivery, state: "pending", tries: 0, nextAttemptAt: now };
}

/** Nobody is to be told any more: the endpoint is gone, or was switched off. */
export function giveUp(delivery: WebhookDelivery): WebhookDelivery {
  return delivery.state === "pending" ? { ...delivery, state: "failed", nextAttemptAt: null } : delivery;
}
