import { retryGrantDecision } from "../../domain/admin-decisions.ts";
import { AppError } from "../../domain/errors.ts";
import type { Grant } from "../../domain/grant.ts";
import { NO_IDS } from "../../domain/purchase-file.ts";
import type { Ports } from "../../ports.ts";
import { awaitRow } from "./await-row.ts";
import { type DecidePorts, decide } from "./decide.ts";
import { findGrant } from "./find-grant.ts";

/**
 * Tries a delivery that failed for good once more, and waits for it as verify does. The failed row stays as it is: a
 * delivery that succeeds opens the next one.
 *
 * @param actor The name of the admin key.
 * @returns The newest row of its slot; the failed one itself while the delivery is still under way.
 * @throws AppError `not_found`, `grant_not_failed`, `store_unavailable`.
 */
export async function retryGrant(
  ports: DecidePorts & Pick<Ports, "adminRecords" | "settings">,
  text: string,
  actor: string,
): Promise<Grant> {
  const grant = await findGrant(ports, text);
  const { customerId, slotId } = grant;
  const { result, started } = await decide(ports, { ...NO_IDS, customerId }, (file, now) =>
    retryGrantDecision(file, grant, actor, now),
  );
  if (result === "not_failed") {
    throw new AppError(
      "grant_not_failed",
      "Only a grant whose delivery failed can be retried, while it is wanted and no later one has come in its place.",
    );
  }
  return (await awaitRow(ports, { customerId, slotId }, started)) ?? grant;
}
