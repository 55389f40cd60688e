import { z } from "zod";
import { DAY, type Instant } from "../../../domain/instant.ts";
import type { DeliveryAttempt, WebhookDelivery } from "../../../domain/webhook-delivery.ts";
import type { WebhookEndpoint } from "../../../domain/webhook-endpoint.ts";
import {
  customerIdSchema,
  deliveryIdSchema,
  endpointIdSchema,
  eventIdSchema,
  grantEventType,
  grantIdSchema,
  timestamp,
} from "../schemas.ts";
import { stamp } from "./fields.ts";

const endpointSchema = z
  .object({
    id: endpointIdSchema,
    url: z.string(),
    description: z.string(),
    event_types: z.array(grantEventType).nullable(),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    secrets: z.array(z.object({ sealed: z.string(), until: timestamp.nullable() })),
    failing_since: timestamp.nullable(),
    failed_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform(
    ({
      event_types,
      disabled_reason,
      failing_since,
      failed_at,
      created_at,
      updated_at,
      ...rest
    }): WebhookEndpoint => ({
      ...rest,
      eventTypes: event_types,
      disabledReason: disabled_reason,
      failingSince: failing_since,
      failedAt: failed_at,
      createdAt: created_at,
      updatedAt: updated_at,
    }),
  );

export function readEndpoint(data: unknown): WebhookEndpoint {
  return endpointSchema.parse(data);
}

export function writeEndpoint(endpoint: WebhookEndpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    enabled: endpoint.enabled,
    disabled_reason: endpoint.disabledReason,
    secrets: endpoint.secrets.map(({ sealed, until }) => ({ sealed, until: stamp(until) })),
    failing_since: stamp(endpoint.failingSince),
    failed_at: stamp(endpoint.failedAt),
    created_at: stamp(endpoint.createdAt),
    updated_at: stamp(endpoint.updatedAt),
  };
}

const attemptSchema = z
  .object({
    number: z.number(),
    at: timestamp,
    status_code: z.number().nullable(),
    duration_ms: z.number(),
    succeeded: z.boolean(),
    excerpt: z.string(),
  })
  .transform(
    ({ status_code, duration_ms, ...rest }): DeliveryAttempt => ({
      ...rest,
      statusCode: status_code,
      durationMs: duration_ms,
    }),
  );

const deliverySchema = z
  .object({
    id: deliveryIdSchema,
    endpoint_id: endpointIdSchema,
    event_id: eventIdSchema,
    event_type: grantEventType,
    grant_id: grantIdSchema,
    customer_id: customerIdSchema,
    state: z.enum(["pending", "succeeded", "failed"]),
    tries: z.number(),
    next_attempt_at: timestamp.nullable(),
    attempts: z.array(attemptSchema),
    created_at: timestamp,
  })
  .transform(
    (row): WebhookDelivery => ({
      id: row.id,
      endpointId: row.endpoint_id,
      eventId: row.event_id,
      eventType: row.event_type,
      grantId: row.grant_id,
      customerId: row.customer_id,
      state: row.state,
      tries: row.tries,
      nextAttemptAt: row.next_attempt_at,
      attempts: row.attempts,
      createdAt: row.created_at,
    }),
  );

export function readDelivery(data: unknown): WebhookDelivery {
  return deliverySchema.parse(data);
}

/** A delivery is of use as long as somebody may ask what became of it, or want it sent again. */
const KEPT = 30 * DAY;

/** `expire_at` counts from this write: Firestore's TTL policy takes the document away then. */
export function writeDelivery(delivery: WebhookDelivery, now: Instant) {
  return {
    id: delivery.id,
    endpoint_id: delivery.endpointId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    grant_id: delivery.grantId,
    customer_id: delivery.customerId,
    state: delivery.state,
    tries: delivery.tries,
    next_attempt_at: stamp(delivery.nextAttemptAt),
    attempts: delivery.attempts.map(writeAttempt),
    created_at: stamp(delivery.createdAt),
    expire_at: stamp(now + KEPT),
  };
}

function writeAttempt({ number, at, statusCode, durationMs, succeeded, excerpt }: DeliveryAttempt) {
  return {
    number,
    at: stamp(at),
    status_code: statusCode,
    duration_ms: durationMs,
    succeeded,
    excerpt,
  };
}
