import type { GrantEventType } from "../../domain/grant-events.ts";
import { isSuccess } from "../../domain/webhook-delivery.ts";
import { noteAttempt } from "../../domain/webhook-endpoint.ts";
import { sampleEvent, webhookBody } from "../../domain/webhook-payload.ts";
import type { Ports, WebhookAnswer } from "../../ports.ts";
import { signingSecrets } from "../endpoint-secrets.ts";
import { findEndpoint } from "./find-endpoint.ts";

/** What a sample is of, unless the endpoint or the caller wants another type. */
const USUAL_TYPE: GrantEventType = "entitlement_grant.created";

/**
 * Sends a sample event at once, signed as real ones are, also to an endpoint that is off. Once: it is no customer's, so
 * it isn't recorded with deliveries; but one that is taken shows that the endpoint works.
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
  const { url } = endpoint;
  const answer = await ports.webhooks.send({ url, id: event.id, body: webhookBody(event, null), secrets });
  if (isSuccess(answer.statusCode) && endpoint.failingSince !== null) {
    const seen = { succeeded: true, statusCode: answer.statusCode };
    const now = ports.clock.now();
    await ports.webhookRecords.changeEndpoint(
      endpoint.id,
      (current) => noteAttempt(current, seen, now),
      null,
    );
  }
  return answer;
}
