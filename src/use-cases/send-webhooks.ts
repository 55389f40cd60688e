import type { SendWebhooks } from "../domain/effect.ts";
import { AppError } from "../domain/errors.ts";
import type { GrantEvent } from "../domain/grant-events.ts";
import { deliveryId, type EventId } from "../domain/ids.ts";
import { type Instant, MINUTE, SECOND } from "../domain/instant.ts";
import type { SealedLicenseKey } from "../domain/purchase-file.ts";
import type { Secret } from "../domain/secret.ts";
import { giveUp, isSuccess, recordTry, type WebhookDelivery } from "../domain/webhook-delivery.ts";
import { noteAttempt, type WebhookEndpoint } from "../domain/webhook-endpoint.ts";
import { webhookBody } from "../domain/webhook-payload.ts";
import type { LeasedEffect, WebhookAnswer } from "../ports.ts";
import { signingSecrets } from "./endpoint-secrets.ts";
import { holdLease } from "./hold-lease.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

/** Answers by which a receiver says that it has too much to do (entitlement-grants.md section 7). */
const BUSY: ReadonlySet<number | null> = new Set([429, 502, 503, 504]);
/** How long an endpoint is left alone that says so without a time. */
const BREATH = 5 * SECOND;
/**
 * What was refused waits as long as it was asked to; what else there is for the endpoint is tried after this, since it may
 * have moved or recovered.
 */
const LONGEST_PAUSE = 5 * MINUTE;

/** One lane: what happened to one customer, for one endpoint. */
interface Lane {
  readonly ports: EffectPorts;
  /** As it was last seen. */
  endpoint: WebhookEndpoint;
  readonly secrets: readonly Secret[];
  readonly bodies: ReadonlyMap<EventId, string>;
}

/**
 * Tells one endpoint what happened to one customer, each event by itself and at its own time. First tries go out one after
 * the other, in the order of the events, since there is one holder of the lease; a failure is tried again by the schedule
 * and holds up nothing. A crash between the receiver's answer and its record sends once more, with the same `webhook-id`.
 */
export async function sendWebhooks(
  ports: EffectPorts,
  leased: LeasedEffect,
  effect: SendWebhooks,
): Promise<EffectResult> {
  const [endpoint, deliveries] = await Promise.all([
    ports.webhookRecords.endpoint(effect.endpointId),
    ports.webhookRecords.deliveries(effect.eventIds.map((id) => deliveryId(id, effect.endpointId))),
  ]);
  const pending = deliveries.filter(({ state }) => state === "pending");
  if (endpoint === null || !endpoint.enabled) return giveAllUp(ports, pending);
  const due = pending.filter((delivery) => isDue(delivery, ports.clock.now()));
  const lane = await openLane(ports, endpoint, due);
  const inOrder = sortBy(due, [...lane.bodies.keys()]);
  const after = new Map(pending.map((delivery) => [delivery.id, delivery]));
  let lease = leased;
  let pauseMs = 0;
  for (const delivery of inOrder) {
    const held = await holdLease(ports, lease, ports.webhooks.timeoutMs);
    if (held === null) return { kind: "later", code: "lease_lost", lease };
    lease = held;
    const told = await tell(lane, delivery);
    after.set(delivery.id, told.delivery);
    if (told.off) return { ...(await giveAllUp(ports, [...after.values()])), lease };
    pauseMs = told.pauseMs;
    if (pauseMs > 0) break;
  }
  return { ...resumeAt([...after.values()], ports.clock.now() + pauseMs), lease };
}

/** In the order in which it happened, whatever was asked for first; what can't be told comes last. */
function sortBy(deliveries: readonly WebhookDelivery[], order: readonly EventId[]): WebhookDelivery[] {
  const places = new Map(order.map((id, place) => [id, place]));
  const placeOf = ({ eventId }: WebhookDelivery) => places.get(eventId) ?? order.length;
  return [...deliveries].sort((a, b) => placeOf(a) - placeOf(b));
}

function isDue({ nextAttemptAt }: WebhookDelivery, now: Instant): boolean {
  return nextAttemptAt !== null && nextAttemptAt <= now;
}

async function openLane(
  ports: EffectPorts,
  endpoint: WebhookEndpoint,
  due: readonly WebhookDelivery[],
): Promise<Lane> {
  const ids = due.map(({ eventId }) => eventId);
  const [secrets, bodies] = await Promise.all([signingSecrets(ports, endpoint), bodiesOf(ports, ids)]);
  return { ports, endpoint, secrets, bodies };
}

/**
 * What can be told, and in full: an event is never sent with a licence key of which only the mask is left.
 *
 * @returns In the order of the events.
 */
async function bodiesOf(ports: EffectPorts, ids: readonly EventId[]): Promise<Map<EventId, string>> {
  const events = await ports.webhookRecords.events(ids);
  const keyIds = events.flatMap(({ grant }) => grant.licenseKey?.id ?? []);
  const sealed = keyIds.length === 0 ? [] : await ports.records.licenseKeys([...new Set(keyIds)]);
  const bodies = await Promise.all(events.map((event) => bodyOf(ports, event, sealed)));
  return new Map(bodies.flatMap((each) => (each === null ? [] : [each])));
}

/** @returns null where the key is lost, or can't be opened: that is nothing that time will mend. */
async function bodyOf(
  { secretBox, log }: EffectPorts,
  event: GrantEvent,
  sealed: readonly SealedLicenseKey[],
): Promise<[EventId, string] | null> {
  const { licenseKey } = event.grant;
  if (licenseKey === null) return [event.id, webhookBody(event, null)];
  const key = sealed.find(({ id }) => id === licenseKey.id);
  if (key === undefined) return null;
  try {
    return [event.id, webhookBody(event, await secretBox.open(key.sealed, key.slotId))];
  } catch (error) {
    // Where the key is kept can't be reached just now.
    if (error instanceof AppError && error.retryable) throw error;
    log.error("license.unreadable", { key_id: key.id, slot_id: key.slotId }, error);
    return null;
  }
}

interface Told {
  readonly delivery: WebhookDelivery;
  /** The endpoint was switched off by this. */
  readonly off: boolean;
  /** For how long the endpoint wants to be left alone. */
  readonly pauseMs: number;
}

async function tell(lane: Lane, delivery: WebhookDelivery): Promise<Told> {
  const { ports, endpoint, secrets, bodies } = lane;
  const body = bodies.get(delivery.eventId);
  if (body === undefined) return { delivery: await abandon(ports, delivery), off: false, pauseMs: 0 };
  const at = ports.clock.now();
  const answer = await ports.webhooks.send({ url: endpoint.url, id: delivery.eventId, body, secrets });
  const recorded = await record(ports, delivery, answer, at);
  const off = await note(lane, answer);
  const pauseMs = BUSY.has(answer.statusCode) ? Math.min(answer.retryAfterMs ?? BREATH, LONGEST_PAUSE) : 0;
  if (pauseMs > 0) ports.background.pause(endpoint.id, pauseMs);
  return { delivery: recorded, off, pauseMs };
}

/** Its event, or the key of it, is lost: that holds up nothing else, and can be recovered once a person has found it. */
async function abandon(
  { webhookRecords, log }: EffectPorts,
  delivery: WebhookDelivery,
): Promise<WebhookDelivery> {
  const { id, endpointId, eventId } = delivery;
  log.error("webhook.nothing_to_send", { endpoint_id: endpointId, event_id: eventId });
  return (await webhookRecords.changeDelivery(id, giveUp, [])) ?? giveUp(delivery);
}

async function record(
  { webhookRecords, chance, clock, log }: EffectPorts,
  delivery: WebhookDelivery,
  { statusCode, durationMs, excerpt, retryAfterMs }: WebhookAnswer,
  at: Instant,
): Promise<WebhookDelivery> {
  const drawn = chance();
  const tried = { at, statusCode, durationMs, excerpt, retryAfterMs };
  const after = await webhookRecords.changeDelivery(
    delivery.id,
    (current) => recordTry(current, delivery, tried, drawn, clock.now()),
    [],
  );
  const { endpointId, eventId } = delivery;
  const fields = { endpoint_id: endpointId, event_id: eventId, status: statusCode, ms: durationMs };
  log.info("webhook", { ...fields, outcome: isSuccess(statusCode) ? "succeeded" : "failed" });
  if (after?.state === "failed") log.error("webhook.given_up", fields);
  return after ?? giveUp(delivery);
}

/** What an answer says about the endpoint itself. @returns Whether it is off now. */
async function note(lane: Lane, { statusCode }: WebhookAnswer): Promise<boolean> {
  const { ports, endpoint } = lane;
  const seen = { succeeded: isSuccess(statusCode), statusCode };
  const now = ports.clock.now();
  if (noteAttempt(endpoint, seen, now) === endpoint) return false;
  let disabled = false;
  const change = (current: WebhookEndpoint) => {
    // It has moved: what its old address says is of no more interest.
    if (current.url !== endpoint.url) return current;
    const noted = noteAttempt(current, seen, now);
    disabled ||= current.enabled && !noted.enabled;
    return noted;
  };
  const after = await ports.webhookRecords.changeEndpoint(endpoint.id, change, null);
  if (after === null) return true;
  lane.endpoint = after;
  const { id, disabledReason } = after;
  // Of many customers' lanes that find the same one rings the bell.
  if (disabled) ports.log.error("webhook.endpoint_disabled", { endpoint_id: id, reason: disabledReason });
  return !after.enabled;
}

/** Nothing is sent to an endpoint that is off, or gone: what waited has failed, and can be recovered. */
async function giveAllUp(ports: EffectPorts, deliveries: readonly WebhookDelivery[]): Promise<EffectResult> {
  for (const { id, state } of deliveries) {
    if (state === "pending") await ports.webhookRecords.changeDelivery(id, giveUp, []);
  }
  return { kind: "done" };
}

function resumeAt(deliveries: readonly WebhookDelivery[], earliest: Instant): EffectResult {
  const next = deliveries.flatMap(({ nextAttemptAt }) => nextAttemptAt ?? []);
  if (next.length === 0) return { kind: "done" };
  return { kind: "wait", code: "webhook_failed", until: Math.max(Math.min(...next), earliest) };
}
