import { z } from "zod";
import type { CustomerFile, Entitlement } from "../../../domain/entitlements.ts";
import { customerIdSchema, entitlementSchema, slotIdSchema, slotSchema } from "../schemas.ts";
import { stamp } from "./fields.ts";

const customerFileSchema = z.object({
  customer_id: customerIdSchema,
  slots: z.record(slotIdSchema, slotSchema),
  entitlements: z.record(z.string(), entitlementSchema),
});

export function readCustomerFile(data: unknown): CustomerFile {
  const { customer_id, slots, entitlements } = customerFileSchema.parse(data);
  return { customerId: customer_id, slots, entitlements };
}

export function writeCustomerFile({ customerId, slots, entitlements }: CustomerFile) {
  return { customer_id: customerId, slots, entitlements };
}

/** What the owner's rules and app read (contract section 5). */
export function writeEntitlement(row: Entitlement) {
  return {
    entitlement_id: row.entitlementId,
    active: row.active,
    expires_at: stamp(row.expiresAt),
    access_until: stamp(row.accessUntil),
    state: row.state,
    will_renew: row.willRenew,
    purchase_ids: row.purchaseIds,
    product_ids: row.productIds,
    updated_at: stamp(row.updatedAt),
  };
}
