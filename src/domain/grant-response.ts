import { z } from "zod";
import type { RevocationReason } from "./access.ts";
import type { Grant } from "./grant.ts";
import { formatInstant, type Instant } from "./instant.ts";
import type { Secret } from "./secret.ts";

const time = z.iso.datetime();

/** entitlement-grants.md section 4. On the wire the list is open: a receiver may not break on a word that is new to it. */
const REASONS: Record<RevocationReason, string> = {
  subscription_on_hold: "a charge failed, or the customer paused; access may come back as a new grant",
  subscription_cancelled: "a cancellation took effect",
  subscription_expired: "a paid term or a rental ended",
  plan_changed: "another plan took its place",
  refund: "the purchase was refunded or charged back",
  manual: "a person of the shop took it away",
  license_key_disabled: "the licence was disabled at the licence server",
  platform_external: "what was delivered was removed on its platform",
};

const reason = z.string().meta({
  description: Object.entries(REASONS)
    .map(([word, meaning]) => `${word}: ${meaning}`)
    .join(". "),
  examples: Object.keys(REASONS),
});

const licenseKeySchema = z.object({
  id: z.string(),
  key: z
    .string()
    .describe("In clear for its owner and in webhooks, masked but for its last four characters elsewhere"),
  status: z.enum(["active", "expired", "disabled"]),
  activations_used: z.int().min(0).describe("Always 0: the licence server counts, and isn't asked"),
  activations_limit: z
    .int()
    .nullable()
    .describe("Always null: the licence's policy at the licence server limits"),
  expires_at: time.nullable().describe("Null: never"),
});

const fileSchema = z.object({
  file_id: z.string(),
  filename: z.string(),
  download_url: z.string(),
  expires_in: z.int().describe("Seconds for which download_url works"),
  content_type: z.string().nullable(),
  file_size: z.int().nullable().describe("Bytes"),
});

const digitalProductDeliverySchema = z.object({
  files: z.array(fileSchema),
  instructions: z.string().nullable(),
  external_url: z.string().nullable(),
});

/**
 * A grant as the outside sees it: in the API, in Firestore and in webhooks (entitlement-grants.md section 1, with its
 * CHOICEs: every key always there, `license_key` with all six fields).
 */
export const grantResponseSchema = z.object({
  id: z.string().meta({
    description: "The same for as long as the grant lives",
    examples: ["egr_0123456789abcdef0123456789abcdef"],
  }),
  business_id: z.string().meta({ description: "The app's package name", examples: ["com.example.app"] }),
  customer_id: z.string().describe("The app's user: the `sub` of the ID token"),
  entitlement_id: z.string().describe("As the catalogue names it"),
  integration_type: z
    .string()
    .meta({ description: "How it is delivered", examples: ["feature", "license_key"] }),
  status: z.enum(["Pending", "Delivered", "Failed", "Revoked"]),
  payment_id: z.string().nullable().describe("The Play order that paid when the grant opened"),
  subscription_id: z.string().nullable().describe("The same for all purchase tokens of one subscription"),
  license_key: licenseKeySchema.nullable().describe("Where a licence is delivered, once there is a key"),
  digital_product_delivery: digitalProductDeliverySchema.nullable().describe("Where files are delivered"),
  oauth_url: z.string().nullable().describe("Where the customer gives a platform their consent"),
  oauth_expires_at: time.nullable(),
  delivered_at: time.describe("Stays when the grant is revoked").nullable(),
  revoked_at: time.describe("Set once, with revocation_reason").nullable(),
  revocation_reason: reason.nullable(),
  error_code: z.string().describe("Why delivery failed for good").nullable(),
  error_message: z.string().describe("The same in a sentence for a person").nullable(),
  metadata: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe("slot_id, and where there is one purchase_id, product_id, regrant_of and revocation_detail"),
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
