import { z } from "zod";
import type { Grant } from "./grant.ts";
import { formatInstant, type Instant } from "./instant.ts";
import type { Secret } from "./secret.ts";

const time = z.iso.datetime();

/**
 * A grant as the outside sees it: in the API, in Firestore and in webhooks (entitlement-grants.md section 1, with its
 * CHOICEs: every key always there, `license_key` with all six fields).
 */
export const grantResponseSchema = z.object({
  id: z.string(),
  business_id: z.string(),
  customer_id: z.string(),
  entitlement_id: z.string(),
  integration_type: z.string(),
  status: z.enum(["Pending", "Delivered", "Failed", "Revoked"]),
  payment_id: z.string().nullable(),
  subscription_id: z.string().nullable(),
  license_key: z
    .object({
      id: z.string(),
      key: z.string(),
      status: z.enum(["active", "expired", "disabled"]),
      activations_used: z.number().int(),
      activations_limit: z.number().int().nullable(),
      expires_at: time.nullable(),
    })
    .nullable(),
  digital_product_delivery: z
    .object({
      files: z.array(z.unknown()),
      instructions: z.string().nullable(),
      external_url: z.string().nullable(),
    })
    .nullable(),
  oauth_url: z.string().nullable(),
  oauth_expires_at: time.nullable(),
  delivered_at: time.nullable(),
  revoked_at: time.nullable(),
  revocation_reason: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  created_at: time,
  updated_at: time,
});

export type GrantResponse = z.output<typeof grantResponseSchema>;

/** @param key The licence key in clear, for its owner; without it the masked one is shown. */
export function toGrantResponse(grant: Grant, key: Secret | null): GrantResponse {
  return {
    id: grant.id,
    business_id: grant.packageName,
    customer_id: grant.customerId,
    entitlement_id: grant.entitlementId,
    integration_type: grant.integrationType,
    status: grant.status,
    payment_id: grant.orderId,
    subscription_id: grant.chainId,
    license_key: licenseKeyOf(grant, key),
    digital_product_delivery: null,
    oauth_url: null,
    oauth_expires_at: null,
    delivered_at: timeOf(grant.deliveredAt),
    revoked_at: timeOf(grant.revokedAt),
    revocation_reason: grant.revocationReason,
    error_code: grant.failure?.code ?? null,
    error_message: grant.failure?.message ?? null,
    metadata: metadataOf(grant),
    created_at: formatInstant(grant.createdAt),
    updated_at: formatInstant(grant.updatedAt),
  };
}

function licenseKeyOf(grant: Grant, key: Secret | null): GrantResponse["license_key"] {
  if (grant.licenseKey === null) return null;
  return {
    id: grant.licenseKey.id,
    key: key?.reveal() ?? grant.licenseKey.masked,
    status: grant.status === "Revoked" ? "disabled" : "active",
    activations_used: 0,
    activations_limit: null,
    expires_at: timeOf(grant.expiresAt),
  };
}

function metadataOf(grant: Grant): GrantResponse["metadata"] {
  return {
    slot_id: grant.slotId,
    ...(grant.purchaseId === null ? {} : { purchase_id: grant.purchaseId }),
    ...(grant.productId === null ? {} : { product_id: grant.productId }),
    ...(grant.regrantOf === null ? {} : { regrant_of: grant.regrantOf }),
    ...(grant.revocationDetail === null ? {} : { revocation_detail: grant.revocationDetail }),
  };
}

function timeOf(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
