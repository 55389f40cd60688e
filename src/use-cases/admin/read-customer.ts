import type { CustomerFile } from "../../domain/entitlements.ts";
import type { Grant } from "../../domain/grant.ts";
import type { CustomerId } from "../../domain/ids.ts";
import type { PurchaseRecord } from "../../domain/purchase-file.ts";
import type { Page, PageRequest, Ports, TimelineEntry } from "../../ports.ts";
import { readCustomer } from "../customer-reads.ts";

export interface CustomerOverview {
  readonly customer: CustomerFile;
  readonly purchases: Page<PurchaseRecord>;
  readonly grants: Page<Grant>;
  readonly timeline: Page<TimelineEntry>;
}

/** The other lists go on where they have a page of their own. */
const FIRST_PAGE: PageRequest = { limit: 50, cursor: null };

/**
 * All about one customer: what it holds, has bought and was given, and what happened to it. One that nobody knows is empty.
 *
 * @param page Of the timeline.
 * @throws AppError `invalid_request` on a cursor that isn't ours.
 */
export async function readOverview(
  ports: Pick<Ports, "store" | "adminRecords">,
  customerId: CustomerId,
  page: PageRequest,
): Promise<CustomerOverview> {
  const { adminRecords } = ports;
  const [customer, purchases, grants, timeline] = await Promise.all([
    readCustomer(ports, customerId),
    adminRecords.findPurchases({ customerId }, FIRST_PAGE),
    adminRecords.findGrants({ customerId }, FIRST_PAGE),
    adminRecords.timeline(customerId, page),
  ]);
  return { customer, purchases, grants, timeline };
}
