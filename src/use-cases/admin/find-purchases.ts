import { stateOf } from "../../domain/access.ts";
import { purchaseId } from "../../domain/ids.ts";
import type { PurchaseRecord } from "../../domain/purchase-file.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Page, PageRequest, Ports, PurchaseFilter } from "../../ports.ts";

export interface PurchaseQuery {
  readonly filter: PurchaseFilter;
  /** A purchase token: looked up by the id it makes with each of the catalogue's packages. */
  readonly token: Secret | null;
}

/**
 * Purchases of all customers, newest first; all that is asked for must hold.
 *
 * @throws AppError `invalid_request` on a cursor that isn't ours.
 */
export async function findPurchases(
  ports: Pick<Ports, "adminRecords" | "settings">,
  { filter, token }: PurchaseQuery,
  page: PageRequest,
): Promise<Page<PurchaseRecord>> {
  if (token === null) return ports.adminRecords.findPurchases(filter, page);
  const ids = [...ports.settings.policy.catalog.packages].map((name) => purchaseId(name, token));
  const found = await ports.adminRecords.purchases(ids);
  return { data: found.filter((purchase) => matches(purchase, filter)), nextCursor: null };
}

function matches(
  { customerId, orderIds, answer, observations }: PurchaseRecord,
  filter: PurchaseFilter,
): boolean {
  const state = answer === null ? undefined : stateOf(answer, observations);
  return (
    (filter.customerId ?? customerId) === customerId &&
    (filter.orderId === undefined || orderIds.includes(filter.orderId)) &&
    (filter.state ?? state) === state
  );
}
