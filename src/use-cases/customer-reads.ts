import type { CustomerFile } from "../domain/entitlements.ts";
import { emptyCustomerFile } from "../domain/entitlements.ts";
import { AppError } from "../domain/errors.ts";
import { asGrantId, type CustomerId } from "../domain/ids.ts";
import { NO_IDS, type PurchaseRecord } from "../domain/purchase-file.ts";
import type { Page, PageRequest, Ports } from "../ports.ts";
import { type OwnedGrant, withKeys } from "./purchase-grants.ts";

type ReadPorts = Pick<Ports, "store" | "records" | "secretBox">;

/** What a customer holds: one read of one document. */
export async function readCustomer(
  ports: Pick<Ports, "store">,
  customerId: CustomerId,
): Promise<CustomerFile> {
  const { file } = await ports.store.load({ ...NO_IDS, customerId });
  return file.customer ?? emptyCustomerFile(customerId);
}

/** @throws AppError `invalid_request` on a cursor that isn't ours. */
export function listPurchases(
  ports: Pick<Ports, "records">,
  customerId: CustomerId,
  page: PageRequest,
): Promise<Page<PurchaseRecord>> {
  return ports.records.listPurchases(customerId, page);
}

/** A customer's own grants, keys in clear. @throws AppError `invalid_request` on a cursor that isn't ours. */
export async function listGrants(
  ports: ReadPorts,
  customerId: CustomerId,
  page: PageRequest,
): Promise<Page<OwnedGrant>> {
  const { data, nextCursor } = await ports.records.listGrants(customerId, page);
  return { data: await withKeys(ports, data), nextCursor };
}

/** @throws AppError `not_found`, also for a grant of somebody else's. */
export async function readGrant(ports: ReadPorts, customerId: CustomerId, text: string): Promise<OwnedGrant> {
  const id = asGrantId(text);
  const grant = id === null ? null : await ports.records.grant(customerId, id);
  const [owned] = grant === null ? [] : await withKeys(ports, [grant]);
  if (owned === undefined) throw new AppError("not_found", "You have no grant with this id.");
  return owned;
}
