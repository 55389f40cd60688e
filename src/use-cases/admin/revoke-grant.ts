import { revokeGrantDecision } from "../../domain/admin-decisions.ts";
import type { Grant } from "../../domain/grant.ts";
import type { PurchaseId } from "../../domain/ids.ts";
import { NO_IDS } from "../../domain/purchase-file.ts";
import type { Ports } from "../../ports.ts";
import { type DecidePorts, decide } from "./decide.ts";
import { findGrant } from "./find-grant.ts";

/** More plan changes than anybody makes: a bound against a chain that bites its own tail. */
const MAX_TOKENS = 50;

/**
 * A person takes a grant away, for good: nothing gives it again by itself (contract section 8). May be repeated.
 *
 * @param actor The name of the admin key.
 * @returns The grant as it stands then.
 * @throws AppError `not_found`, `store_unavailable`.
 */
export async function revokeGrant(
  ports: DecidePorts & Pick<Ports, "adminRecords">,
  text: string,
  actor: string,
): Promise<Grant> {
  const grant = await findGrant(ports, text);
  const purchaseId = grant.purchaseId === null ? null : await lastOfChain(ports, grant.purchaseId);
  const ids = { ...NO_IDS, purchaseId, customerId: grant.customerId };
  const { result } = await decide(ports, ids, (file, now) => revokeGrantDecision(file, grant, actor, now));
  // Nothing changed: somebody else may have ended it since it was read.
  return result === grant ? findGrant(ports, text) : result;
}

/** A row may have been opened by a token that others have replaced since: what ended is recorded with the last one. */
async function lastOfChain(
  { adminRecords }: Pick<Ports, "adminRecords">,
  first: PurchaseId,
): Promise<PurchaseId> {
  let id = first;
  for (let count = 0; count < MAX_TOKENS; count += 1) {
    const [purchase] = await adminRecords.purchases([id]);
    const next = purchase?.observations.supersededBy ?? null;
    if (next === null) return id;
    id = next;
  }
  return id;
}
