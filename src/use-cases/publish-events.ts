import type { EffectRequest, PublishEvents } from "../domain/effect.ts";
import { queueOf, requestEffect } from "../domain/effect.ts";
import type { GrantEvent } from "../domain/grant-events.ts";
import { type Instant, MINUTE } from "../domain/instant.ts";
import { planDelivery } from "../domain/webhook-delivery.ts";
import { type WebhookEndpoint, wants } from "../domain/webhook-endpoint.ts";
import { lettersAbout } from "./letters-about.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

/**
 * Puts down whom to tell of what happened to a customer: a delivery for every endpoint that wants the event, and letters.
 * One at a time for each customer, in the order of the commits, so that lanes are filled in that order (contract section 6).
 * May be repeated: a delivery that is there already stays as it is.
 */
export async function publishEvents(ports: EffectPorts, effect: PublishEvents): Promise<EffectResult> {
  const [events, endpoints] = await Promise.all([
    ports.webhookRecords.events(effect.eventIds),
    ports.webhookRecords.endpoints(),
  ]);
  const now = ports.clock.now();
  const lanes = endpoints.map((endpoint) => lane(endpoint, effect, events, now));
  const deliveries = lanes.flatMap((each) => each.deliveries);
  const letters = ports.mailer === null ? [] : lettersAbout(events, now);
  const asked = [...lanes.flatMap((each) => each.effects), ...letters];
  const hasRoom = ({ effect: each }: EffectRequest) => ports.background.hasRoom(queueOf(each));
  // What nobody here has room for is put down first, with all deliveries: whoever finds it due runs it.
  const others = asked.filter((request) => !hasRoom(request));
  const own = asked.filter(hasRoom);
  if (others.length > 0) await ports.webhookRecords.plan(deliveries, others, false);
  if (own.length > 0) {
    const rest = others.length > 0 ? [] : deliveries;
    ports.effects.start(await ports.webhookRecords.plan(rest, own, true));
  }
  return { kind: "done" };
}

/** No two machines' clocks agree to the second. */
const SKEW = MINUTE;

/** Publishing may be repeated, with events of before; an endpoint made since hears of those by a replay, if at all. */
function isSinceIts({ createdAt }: WebhookEndpoint, { occurredAt }: GrantEvent): boolean {
  return occurredAt >= createdAt - SKEW;
}

function lane(
  endpoint: WebhookEndpoint,
  { customerId }: PublishEvents,
  events: readonly GrantEvent[],
  now: Instant,
) {
  const wanted = events.filter((event) => wants(endpoint, event.type) && isSinceIts(endpoint, event));
  if (wanted.length === 0) return { deliveries: [], effects: [] };
  const eventIds = wanted.map(({ id }) => id);
  const effect = { kind: "send_webhooks", endpointId: endpoint.id, customerId, eventIds } as const;
  return {
    deliveries: wanted.map((event) => planDelivery(event, endpoint.id, now)),
    effects: [requestEffect(effect, now)],
  };
}
