import { type EndpointPatch, patchEndpoint, type WebhookEndpoint } from "../../domain/webhook-endpoint.ts";
import type { Ports } from "../../ports.ts";
import { mayBeSentTo } from "./endpoint-url.ts";
import { endpointAct, endpointNamed, isNoEndpoint } from "./find-endpoint.ts";

/**
 * Changes what is given; what says nothing new changes nothing, and leaves no trace.
 *
 * @param actor The name of the admin key.
 * @throws AppError `not_found`; `invalid_request` for a URL to which nothing may be sent.
 */
export async function changeEndpoint(
  ports: Pick<Ports, "webhookRecords" | "webhooks" | "clock">,
  text: string,
  patch: EndpointPatch,
  actor: string,
): Promise<WebhookEndpoint> {
  const id = endpointNamed(text);
  if (patch.url !== undefined) await mayBeSentTo(ports, patch.url);
  const now = ports.clock.now();
  const changed = await ports.webhookRecords.changeEndpoint(
    id,
    (endpoint) => patchEndpoint(endpoint, patch, now),
    endpointAct(actor, id, `changed: ${newsOf(patch)}`, now),
  );
  return changed ?? isNoEndpoint();
}

/** What was given, without its values. */
function newsOf({ url, description, eventTypes, enabled }: EndpointPatch): string {
  const news: string[] = [];
  if (url !== undefined) news.push("url");
  if (description !== undefined) news.push("description");
  if (eventTypes !== undefined) news.push("event types");
  if (enabled !== undefined) news.push(enabled ? "switched on" : "switched off");
  return news.join(", ");
}

/**
 * Forgets an endpoint; what it has not heard yet it never will.
 *
 * @param actor The name of the admin key.
 * @throws AppError `not_found`.
 */
export async function removeEndpoint(
  { webhookRecords, clock }: Pick<Ports, "webhookRecords" | "clock">,
  text: string,
  actor: string,
): Promise<void> {
  const id = endpointNamed(text);
  const removed = await webhookRecords.removeEndpoint(id, endpointAct(actor, id, "deleted", clock.now()));
  if (!removed) isNoEndpoint();
}
