import { auditAct } from "../../domain/audit.ts";
import { AppError } from "../../domain/errors.ts";
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
  const deed = { actor, customerId: null, purchaseId: null, grantId: null };
  const audit = auditAct({ ...deed, summary: `licence orphan ${id} resolved by hand` }, [], clock.now());
  const orphan = isDocumentId(id) ? await desk.resolveOrphan(id, audit) : null;
  if (orphan === null) throw new AppError("not_found", "There is no licence orphan with this id.");
  return orphan;
}
