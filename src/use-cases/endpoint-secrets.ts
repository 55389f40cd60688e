import type { EndpointId } from "../domain/ids.ts";
import { Secret } from "../domain/secret.ts";
import { liveSecrets, type WebhookEndpoint } from "../domain/webhook-endpoint.ts";
import type { Ports } from "../ports.ts";

/** Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

/** A new signing secret in the form of Standard Webhooks, and sealed as it is kept: bound to its endpoint. */
export async function newSigningSecret(
  { entropy, secretBox }: Pick<Ports, "entropy" | "secretBox">,
  id: EndpointId,
): Promise<{ readonly secret: Secret; readonly sealed: string }> {
  const secret = new Secret(`whsec_${entropy(SECRET_BYTES).toString("base64")}`);
  return { secret, sealed: await secretBox.seal(secret, id) };
}

/** Those that sign now, in clear, the newest first. */
export function signingSecrets(
  { secretBox, clock }: Pick<Ports, "secretBox" | "clock">,
  endpoint: WebhookEndpoint,
): Promise<Secret[]> {
  const live = liveSecrets(endpoint, clock.now());
  return Promise.all(live.map(({ sealed }) => secretBox.open(sealed, endpoint.id)));
}
