import { AppError } from "../../domain/errors.ts";
import type { Grant } from "../../domain/grant.ts";
import { asGrantId } from "../../domain/ids.ts";
import type { Ports } from "../../ports.ts";

/** A grant of anybody's. @throws AppError `not_found`. */
export async function findGrant(ports: Pick<Ports, "adminRecords">, text: string): Promise<Grant> {
  const id = asGrantId(text);
  const grant = id === null ? null : await ports.adminRecords.findGrant(id);
  if (grant === null) throw new AppError("not_found", "There is no grant with this id.");
  return grant;
}
