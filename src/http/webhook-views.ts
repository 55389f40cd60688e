import type { z } from "@hono/zod-openapi";
import type { ReplayEvents } from "../domain/effect.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import {
  type DeliveryAttempt,
  isNewRound,
  isSuccess,
  nextNumber,
  type WebhookDelivery,
} from "../domain/webhook-delivery.ts";
import type { WebhookEndpoint } from "../domain/webhook-endpoint.ts";
import type { Page, WebhookAnswer } from "../ports.ts";
import type { EndpointWithSecret } from "../use-cases/admin/create-endpoint.ts";
import { timeOf } from "./views.ts";
import type {
  deliveriesSchema,
  deliverySchema,
  endpointSchema,
  endpointWithSecretSchema,
  webhookReplaySchema,
  webhookTestResultSchema,
} from "./webhook-schemas.ts";

type DeliveryView = z.output<typeof deliverySchema>;

export function endpointView(endpoint: WebhookEndpoint): z.output<typeof endpointSchema> {
  const { id, url, description, eventTypes, enabled, disabledReason, createdAt, updatedAt } = endpoint;
  return {
    id,
    url,
    description,
    event_types: eventTypes === null ? null : [...eventTypes],
    enabled,
    disabled_reason: disabledReason,
    created_at: formatInstant(createdAt),
    updated_at: formatInstant(updatedAt),
  };
}

/** The one place where a signing secret leaves in clear: to the person who asked for it to be made. */
export function endpointWithSecretView({
  endpoint,
  secret,
}: EndpointWithSecret): z.output<typeof endpointWithSecretSchema> {
  return { ...endpointView(endpoint), secret: secret.reveal() };
}

export function testResultView(answer: WebhookAnswer): z.output<typeof webhookTestResultSchema> {
  const { statusCode, durationMs, excerpt } = answer;
  return {
    status_code: statusCode,
    duration_ms: durationMs,
    outcome: isSuccess(statusCode) ? "succeeded" : "failed",
    response_excerpt: excerpt || null,
  };
}

/** Rows of attempts, those of one delivery together: a page holds more rows than deliveries. */
export function deliveriesView({
  data,
  nextCursor,
}: Page<WebhookDelivery>): z.output<typeof deliveriesSchema> {
  return { data: data.flatMap(deliveryRows), next_cursor: nextCursor };
}

/** What was tried, and the first try of a round that is still to come; the newest first. */
function deliveryRows(delivery: WebhookDelivery): DeliveryView[] {
  const { attempts, nextAttemptAt } = delivery;
  const rows = attempts.map((attempt) => attemptRow(delivery, attempt)).reverse();
  if (delivery.state === "failed" && attempts.length === 0) return [untriedRow(delivery)];
  return nextAttemptAt !== null && isNewRound(delivery)
    ? [waitingRow(delivery, nextAttemptAt), ...rows]
    : rows;
}

/** Its endpoint was off before it could be tried: it can be recovered. */
function untriedRow(delivery: WebhookDelivery): DeliveryView {
  const row = waitingRow(delivery, delivery.createdAt);
  return { ...row, outcome: "failed", next_attempt_at: null };
}

/** @param at When it will be tried. */
export function waitingRow(delivery: WebhookDelivery, at: Instant): DeliveryView {
  return {
    ...rowOf(delivery, nextNumber(delivery)),
    at: formatInstant(at),
    status_code: null,
    duration_ms: 0,
    outcome: "pending",
    next_attempt_at: formatInstant(at),
    response_excerpt: null,
  };
}

function attemptRow(delivery: WebhookDelivery, attempt: DeliveryAttempt): DeliveryView {
  const { number, at, statusCode, durationMs, succeeded, excerpt } = attempt;
  const isRepeated = attempt === delivery.attempts.at(-1) && !isNewRound(delivery);
  return {
    ...rowOf(delivery, number),
    at: formatInstant(at),
    status_code: statusCode,
    duration_ms: durationMs,
    outcome: succeeded ? "succeeded" : "failed",
    next_attempt_at: isRepeated ? timeOf(delivery.nextAttemptAt) : null,
    response_excerpt: excerpt || null,
  };
}

function rowOf({ id, eventId, grantId, eventType }: WebhookDelivery, attempt: number) {
  return {
    id: `${id}_${attempt}`,
    webhook_id: eventId,
    grant_id: grantId,
    event_type: eventType,
    attempt,
  };
}

export function webhookReplayView({
  endpointId,
  since,
  which,
}: ReplayEvents): z.output<typeof webhookReplaySchema> {
  return { endpoint_id: endpointId, since: formatInstant(since), which };
}
