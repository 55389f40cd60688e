import { z } from "zod";
import { type Grant, openGrant, revokeGrant } from "./grant.ts";
import { type GrantEvent, type GrantEventType, grantEventTypes } from "./grant-events.ts";
import { grantResponseSchema, toGrantResponse } from "./grant-response.ts";
import type { CustomerId, EventId, GrantId, LicenseKeyId, SlotId } from "./ids.ts";
import { formatInstant, type Instant } from "./instant.ts";
import type { Secret } from "./secret.ts";

/** What a webhook's `data` holds: the grant as the API shows it, and of what kind it is. */
const dataSchema = z.strictObject({
  payload_type: z.literal("EntitlementGrant"),
  ...grantResponseSchema.shape,
});

/** What must be true of the grant for each type (entitlement-grants.md section 3). */
const STATUS = {
  // A licence key's grant opens when its key is there already.
  "entitlement_grant.created": ["Pending", "Delivered"],
  "entitlement_grant.delivered": ["Delivered"],
  "entitlement_grant.failed": ["Failed"],
  "entitlement_grant.revoked": ["Revoked"],
} as const satisfies Record<GrantEventType, readonly Grant["status"][]>;

/** The body of one event's webhook: the envelope of entitlement-grants.md section 1. `docs/events` is made from this. */
export function webhookBodySchema(type: GrantEventType) {
  return z.strictObject({
    business_id: z.string(),
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    data: dataSchema.extend({ status: z.enum(STATUS[type]) }),
  });
}

export type WebhookBody = z.output<ReturnType<typeof webhookBodySchema>>;

/**
 * The body of an event, as it is sent: the same bytes however often, since it is made of what was kept when it happened.
 *
 * @param key The licence key in clear, where the grant has one.
 */
export function webhookBody({ type, occurredAt, grant }: GrantEvent, key: Secret | null): string {
  const data = { payload_type: "EntitlementGrant", ...toGrantResponse(grant, key) };
  return JSON.stringify({ business_id: grant.packageName, type, timestamp: formatInstant(occurredAt), data });
}

/** Something to try an endpoint with: an event that looks like a real one and is about nobody. */
export function sampleEvent(type: GrantEventType, now: Instant): GrantEvent {
  const id = "egr_00000000000000000000000000000000" as GrantId;
  return { id: `${id}_test` as EventId, type, occurredAt: now, grant: sampleGrant(id, type, now) };
}

function sampleGrant(id: GrantId, type: GrantEventType, now: Instant): Grant {
  const keyId = "key_00000000000000000000000000000000" as LicenseKeyId;
  const seed = {
    id,
    slotId: "slt_00000000000000000000000000000000" as SlotId,
    customerId: "sample-customer" as CustomerId,
    entitlementId: "sample",
    packageName: "com.example.sample",
    integrationType: "license_key",
    purchaseId: null,
    productId: "sample",
    orderId: "GPA.0000-0000-0000-00000",
    chainId: null,
    regrantOf: null,
    licenseKey: { id: keyId, masked: "SAMPLE-****-****-0000" },
    expiresAt: null,
  };
  const delivered = openGrant(seed, "Delivered", now);
  if (type === "entitlement_grant.revoked") return revokeGrant(delivered, "refund", null, now);
  if (type !== "entitlement_grant.failed") return delivered;
  const failure = { code: "keythai_quota_exceeded", message: "This is a sample of a failure." };
  return { ...openGrant({ ...seed, licenseKey: null }, "Pending", now), status: "Failed", failure };
}

/** Every event there is, with the schema of its body. */
export const webhookBodySchemas = new Map(grantEventTypes.map((type) => [type, webhookBodySchema(type)]));
