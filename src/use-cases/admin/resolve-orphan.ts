import { auditAct } from "../../domain/audit.ts";
import { AppError } from "../../domain/errors.ts";
import { asGrantId } from "../../domain/ids.ts";
import type { LicenseOrphan } from "../../domain/purchase-file.ts";
import type { Ports } from "../../ports.ts";
import { isDocumentId } from "./document-id.ts";

/**
 * A person has revoked a licence whose key was lost. May be repeated: the first time counts.
 *
 * @param actor The name of the admin key.
 * @throws AppError `not_found`, `store_unavailable`.
 */
export async function resolveOrphan(
  { desk, clock }: Pick<Ports, "desk" | "clock">,
  id: string,
  actor: string,
): Promise<LicenseOrphan> {
  const found = isDocumentId(id) ? await desk.orphan(id) : null;
  if (found === null) throw new AppError("not_found", "There is no licence orphan with this id.");
  const { customerId } = found;
  const deed = { actor, customerId, purchaseId: null, grantId: asGrantId(found.grantId ?? "") };
  const audit = auditAct({ ...deed, summary: `licence orphan ${id} resolved by hand` }, [], clock.now());
  return (await desk.resolveOrphan(id, audit)) ?? found;
}
