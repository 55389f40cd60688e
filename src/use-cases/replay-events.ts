import { type EffectRequest, type ReplayEvents, requestEffect } from "../domain/effect.ts";
import { eventIdsByCustomer, type GrantEvent } from "../domain/grant-events.ts";
import { deliveryId } from "../domain/ids.ts";
import type { Instant } from "../domain/instant.ts";
import { planDelivery, sendAgain, type WebhookDelivery } from "../domain/webhook-delivery.ts";
import { type WebhookEndpoint, wants } from "../domain/webhook-endpoint.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

/** Events gone through in one run: what is left is another one. */
const PAGE = 200;
const AT_ONCE = 8;

/**
 * Brings an endpoint what it has missed since a moment, by a person's wish: a page of events at a time, the next one asked for
 * when this one is put down, so that a crash repeats one page at most. What was delivered before is left alone.
 */
export async function replayEvents(ports: EffectPorts, effect: ReplayEvents): Promise<EffectResult> {
  const endpoint = await ports.webhookRecords.endpoint(effect.endpointId);
  if (endpoint === null || !endpoint.enabled) return { kind: "done" };
  const from = { at: effect.after?.at ?? effect.since, after: effect.after?.id ?? null };
  const found = await ports.webhookRecords.eventsSince(from, PAGE);
  const page = wholeCommits(found);
  const events = page.filter(({ type }) => wants(endpoint, type));
  const known = await ports.webhookRecords.deliveries(events.map(({ id }) => deliveryId(id, endpoint.id)));
  const now = ports.clock.now();
  // One that waits already may have been put down by a run of this page whose lanes were never asked for.
  const open = known.filter((delivery) => delivery.state === "pending" || isMissed(delivery, effect));
  await inLanes(open, ({ id }) =>
    ports.webhookRecords.changeDelivery(
      id,
      (delivery) => (isMissed(delivery, effect) ? sendAgain(delivery, now) : delivery),
      [],
    ),
  );
  const seen = new Set(known.map(({ eventId }) => eventId));
  const unseen = effect.which === "missing" ? events.filter(({ id }) => !seen.has(id)) : [];
  const planned = unseen.map((event) => planDelivery(event, endpoint.id, now));
  const last = found.length < PAGE ? undefined : page.at(-1);
  const asked = lanes(endpoint, events, [...open, ...planned], now);
  // A few begin at once; of many each has to wait for its turn in any case.
  const run = asked.length <= AT_ONCE && ports.background.hasRoom(endpoint.id);
  ports.effects.start(await ports.webhookRecords.plan(planned, asked, run));
  if (last !== undefined) await ports.webhookRecords.plan([], onward(effect, last, now), false);
  return { kind: "done" };
}

/** A full page may end within a commit, whose events belong together: its last instant is left to the next one. */
function wholeCommits(page: readonly GrantEvent[]): readonly GrantEvent[] {
  if (page.length < PAGE) return page;
  const whole = page.filter(({ occurredAt }) => occurredAt !== page.at(-1)?.occurredAt);
  return whole.length === 0 ? page : whole;
}

/** Tried in vain, whether or not it would be tried again by itself. One that waits for its first try is on its way. */
function isMissed({ state, tries }: WebhookDelivery, { which }: ReplayEvents): boolean {
  return state === "failed" || (state === "pending" && tries > 0 && which === "missing");
}

/** One effect for each customer, its events in their order. */
function lanes(
  { id: endpointId }: WebhookEndpoint,
  events: readonly GrantEvent[],
  deliveries: readonly WebhookDelivery[],
  now: Instant,
): EffectRequest[] {
  const sent = new Set(deliveries.map(({ eventId }) => eventId));
  return eventIdsByCustomer(events.filter(({ id }) => sent.has(id))).map(([customerId, eventIds]) =>
    requestEffect({ kind: "send_webhooks", endpointId, customerId, eventIds }, now),
  );
}

/** The next page. */
function onward(effect: ReplayEvents, last: GrantEvent, now: Instant): EffectRequest[] {
  return [requestEffect({ ...effect, after: { at: last.occurredAt, id: last.id } }, now)];
}

async function inLanes<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
