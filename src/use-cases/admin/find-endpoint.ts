import { auditAct } from "../../domain/audit.ts";
import { AppError } from "../../domain/errors.ts";
import { asEndpointId, type EndpointId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import type { AuditEntry } from "../../domain/purchase-file.ts";
import type { WebhookEndpoint } from "../../domain/webhook-endpoint.ts";
import type { Ports } from "../../ports.ts";

/** @throws AppError `not_found` for what can't be an endpoint's id: it is never looked for. */
export function endpointNamed(text: string): EndpointId {
  return asEndpointId(text) ?? isNoEndpoint();
}

/** @throws AppError `not_found`. */
export function isNoEndpoint(): never {
  throw new AppError("not_found", "There is no webhook endpoint with this id.");
}

/** @throws AppError `not_found`. */
export async function findEndpoint(
  { webhookRecords }: Pick<Ports, "webhookRecords">,
  text: string,
): Promise<WebhookEndpoint> {
  return (await webhookRecords.endpoint(endpointNamed(text))) ?? isNoEndpoint();
}

/** Where nothing is sent to, nothing can be sent again. @throws AppError `endpoint_disabled`. */
export function mustBeOn(endpoint: WebhookEndpoint | null): WebhookEndpoint {
  if (endpoint?.enabled === true) return endpoint;
  throw new AppError("endpoint_disabled", "The endpoint is disabled or gone: nothing is sent to it.");
}

/**
 * Who did what to an endpoint.
 *
 * @param deed Without the URL and any secret: a URL may hold the receiver's own.
 */
export function endpointAct(actor: string, id: EndpointId, deed: string, now: Instant): AuditEntry {
  const of = { actor, customerId: null, purchaseId: null, grantId: null };
  return auditAct({ ...of, summary: `webhook endpoint ${id} ${deed}` }, [], now);
}
