import { z } from "zod";
import type { CustomerFile, Entitlement } from "../../../domain/entitlements.ts";
import { customerIdSchema, entitlementSchema, slotIdSchema, slotSchema } from "../schemas.ts";
import { stamp } from "./fields.ts";

const contactSchema = z.object({ email: z.string().nullable(), language: z.enum(["th", "en"]).nullable() });

const customerFileSchema = z.object({
  customer_id: customerIdSchema,
  // Files from before letters lack it.
  contact: contactSchema.nullable().default(null),
  slots: z.record(slotIdSchema, slotSchema),
  entitlements: z.record(z.string(), entitlementSchema),
});

export function readCustomerFile(data: unknown): CustomerFile {
  const { customer_id, ...rest } = customerFileSchema.parse(data);
  return { customerId: customer_id, ...rest };
}

export function writeCustomerFile({ customerId, contact, slots, entitlements }: CustomerFile) {
  return { customer_id: customerId, contact, slots, entitlements };
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
