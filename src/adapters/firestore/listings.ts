import type { Grant } from "../../domain/grant.ts";
import { asCustomerId } from "../../domain/ids.ts";
import { readGrant, readPurchase } from "./documents.ts";
import { byTimestamp, type Listing } from "./paging.ts";
import type { Paths } from "./paths.ts";

export const PURCHASES = byTimestamp(
  "created_at",
  (doc) => readPurchase(doc.data()),
  ({ createdAt }) => createdAt,
);

/** Of one customer. A row's times are text, as the outside reads them; text of this form sorts as the time does. */
export const GRANTS: Listing<Grant> = {
  field: "created_at",
  read: (doc) => readGrant(doc.data()),
  positionOf: ({ createdAt, id }) => ({ createdAt: new Date(createdAt).toISOString(), id }),
  after: ({ createdAt, id }) => [createdAt, id],
};

/** Of all customers: there a row is named by its whole path. */
export function grantsOfAll(at: Paths): Listing<Grant> {
  return {
    ...GRANTS,
    positionOf: (grant) => ({ ...GRANTS.positionOf(grant), customerId: grant.customerId }),
    after({ createdAt, id, customerId }) {
      const owner = asCustomerId(customerId ?? "");
      if (owner === null) throw new Error("a position in another list");
      return [createdAt, at.grants(owner).doc(id)];
    },
  };
}
