import type { GrantEventType } from "../../domain/grant-events.ts";
import { sampleEvent, webhookBody } from "../../domain/webhook-payload.ts";
import type { Ports, WebhookAnswer } from "../../ports.ts";
import { signingSecrets } from "../endpoint-secrets.ts";
import { findEndpoint } from "./find-endpoint.ts";

/** What a sample is of, unless the endpoint or the caller wants another type. */
const USUAL_TYPE: GrantEventType = "entitlement_grant.created";

/**
 * Sends a sample event at once, signed as real ones are, also to an endpoint that is off. Once: it is no customer's, so
 * nothing is recorded of it, neither with deliveries nor of how the endpoint does.
 *
 * @param type Null: the first that the endpoint wants.
 * @throws AppError `not_found`.
 */
export async function testEndpoint(
  ports: Pick<Ports, "webhookRecords" | "webhooks" | "secretBox" | "clock">,
  text: string,
  type: GrantEventType | null,
): Promise<WebhookAnswer> {
  const endpoint = await findEndpoint(ports, text);
  const wanted = type ?? endpoint.eventTypes?.[0] ?? USUAL_TYPE;
  const event = sampleEvent(wanted, ports.clock.now());
  const secrets = await signingSecrets(ports, endpoint);
  return ports.webhooks.send({ url: endpoint.url, id: event.id, body: webhookBody(event, null), secrets });
}
