import { AppError } from "../../domain/errors.ts";
import { endpointId } from "../../domain/ids.ts";
import type { Secret } from "../../domain/secret.ts";
import { type EndpointSeed, newEndpoint, type WebhookEndpoint } from "../../domain/webhook-endpoint.ts";
import type { Ports } from "../../ports.ts";
import { newSigningSecret } from "../endpoint-secrets.ts";
import { mayBeSentTo } from "./endpoint-url.ts";
import { endpointAct } from "./find-endpoint.ts";

/** Every event goes to every endpoint: more than a shop has systems would only make each slower. */
const MAX_ENDPOINTS = 20;

/** An endpoint with its new secret, which is shown this once. */
export interface EndpointWithSecret {
  readonly endpoint: WebhookEndpoint;
  readonly secret: Secret;
}

type CreatePorts = Pick<Ports, "webhookRecords" | "webhooks" | "secretBox" | "entropy" | "clock">;

/**
 * Registers an address of the owner's systems; it hears of what happens from now on.
 *
 * @param actor The name of the admin key.
 * @throws AppError `invalid_request` for a URL to which nothing may be sent, or when there are too many endpoints.
 */
export async function createEndpoint(
  ports: CreatePorts,
  request: Omit<EndpointSeed, "id">,
  actor: string,
): Promise<EndpointWithSecret> {
  const { webhookRecords, entropy, clock } = ports;
  await mayBeSentTo(ports, request.url);
  if ((await webhookRecords.endpoints()).length >= MAX_ENDPOINTS) {
    throw new AppError("invalid_request", `There may be ${MAX_ENDPOINTS} webhook endpoints at most.`);
  }
  const id = endpointId(entropy(16).toString("hex"));
  const { secret, sealed } = await newSigningSecret(ports, id);
  const now = clock.now();
  const endpoint = newEndpoint({ ...request, id }, sealed, now);
  await webhookRecords.addEndpoint(endpoint, endpointAct(actor, id, "created", now));
  return { endpoint, secret };
}
