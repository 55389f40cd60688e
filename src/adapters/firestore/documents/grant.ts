import { z } from "zod";
import type { Grant } from "../../../domain/grant.ts";
import type { GrantEvent } from "../../../domain/grant-events.ts";
import { type GrantResponse, grantResponseSchema, toGrantResponse } from "../../../domain/grant-response.ts";
import {
  chainIdSchema,
  customerIdSchema,
  eventIdSchema,
  grantEventType,
  grantIdSchema,
  licenseKeyIdSchema,
  purchaseIdSchema,
  revocationDetail,
  revocationReason,
  slotIdSchema,
  timestamp,
} from "../schemas.ts";
import { stamp, timeOf } from "./fields.ts";

/** The row as the outside sees it, its key masked. */
export function writeGrant(grant: Grant): GrantResponse {
  return toGrantResponse(grant, null);
}

const grantSchema = grantResponseSchema.extend({
  id: grantIdSchema,
  customer_id: customerIdSchema,
  subscription_id: chainIdSchema.nullable(),
  license_key: z
    .object({ id: licenseKeyIdSchema, key: z.string(), expires_at: z.string().nullable() })
    .nullable(),
  metadata: z.object({
    // A gift comes from no purchase.
    purchase_id: purchaseIdSchema.optional(),
    slot_id: slotIdSchema,
    product_id: z.string().optional(),
    regrant_of: grantIdSchema.optional(),
    revocation_detail: revocationDetail.optional(),
  }),
  revocation_reason: revocationReason.nullable(),
});

export function readGrant(data: unknown): Grant {
  const row = grantSchema.parse(data);
  const { metadata, license_key } = row;
  return {
    id: row.id,
    slotId: metadata.slot_id,
    customerId: row.customer_id,
    entitlementId: row.entitlement_id,
    packageName: row.business_id,
    integrationType: row.integration_type,
    purchaseId: metadata.purchase_id ?? null,
    productId: metadata.product_id ?? null,
    orderId: row.payment_id,
    chainId: row.subscription_id,
    regrantOf: metadata.regrant_of ?? null,
    status: row.status,
    createdAt: timeOf(row.created_at) ?? 0,
    updatedAt: timeOf(row.updated_at) ?? 0,
    deliveredAt: timeOf(row.delivered_at),
    revokedAt: timeOf(row.revoked_at),
    revocationReason: row.revocation_reason,
    revocationDetail: metadata.revocation_detail ?? null,
    failure: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? "" },
    licenseKey: license_key === null ? null : { id: license_key.id, masked: license_key.key },
    expiresAt: timeOf(license_key?.expires_at ?? null),
  };
}

const grantEventSchema = z
  .object({ id: eventIdSchema, type: grantEventType, occurred_at: timestamp, grant: z.unknown() })
  .transform(
    ({ occurred_at, grant, ...rest }): GrantEvent => ({
      ...rest,
      occurredAt: occurred_at,
      grant: readGrant(grant),
    }),
  );

export function readGrantEvent(data: unknown): GrantEvent {
  return grantEventSchema.parse(data);
}

export function writeGrantEvent(event: GrantEvent) {
  const { id, type, occurredAt, grant } = event;
  return {
    id,
    type,
    occurred_at: stamp(occurredAt),
    customer_id: grant.customerId,
    grant: writeGrant(grant),
  };
}
