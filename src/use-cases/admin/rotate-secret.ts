import { rotateSecret as rotate } from "../../domain/webhook-endpoint.ts";
import type { Ports } from "../../ports.ts";
import { newSigningSecret } from "../endpoint-secrets.ts";
import type { EndpointWithSecret } from "./create-endpoint.ts";
import { endpointAct, findEndpoint, isNoEndpoint } from "./find-endpoint.ts";

/**
 * Gives an endpoint a new secret. For 24 h the former ones sign as well, so that receivers can follow.
 *
 * @param expireOld The former ones stop at once: somebody has seen what they shouldn't.
 * @param actor The name of the admin key.
 * @throws AppError `not_found`.
 */
export async function rotateSecret(
  ports: Pick<Ports, "webhookRecords" | "secretBox" | "entropy" | "clock">,
  text: string,
  expireOld: boolean,
  actor: string,
): Promise<EndpointWithSecret> {
  const { id } = await findEndpoint(ports, text);
  const { secret, sealed } = await newSigningSecret(ports, id);
  const now = ports.clock.now();
  const deed = expireOld ? "secret rotated, the former expired" : "secret rotated";
  const endpoint = await ports.webhookRecords.changeEndpoint(
    id,
    (current) => rotate(current, sealed, !expireOld, now),
    endpointAct(actor, id, deed, now),
  );
  return { endpoint: endpoint ?? isNoEndpoint(), secret };
}
