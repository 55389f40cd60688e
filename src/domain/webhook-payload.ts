import { z } from "zod";
import { failGrant, type Grant, openGrant, revokeGrant } from "./grant.ts";
import type { GrantEvent, GrantEventType } from "./grant-events.ts";
import { grantResponseSchema, toGrantResponse } from "./grant-response.ts";
import { type CustomerId, eventId, type GrantId, type LicenseKeyId, type SlotId } from "./ids.ts";
import { formatInstant, type Instant } from "./instant.ts";
import type { Secret } from "./secret.ts";

const { delivered_at, revoked_at, revocation_reason, error_code, error_message } = grantResponseSchema.shape;
const notRevoked = { revoked_at: z.null(), revocation_reason: z.null() };
const notFailed = { error_code: z.null(), error_message: z.null() };

/** What a webhook's `data` holds: the grant as the API shows it, and of what kind it is. */
const dataSchema = z.object({ payload_type: z.literal("EntitlementGrant"), ...grantResponseSchema.shape });

/** The envelope of entitlement-grants.md section 1. */
function bodySchema<Type extends GrantEventType, Data extends z.ZodType>(type: Type, data: Data) {
  return z.object({
    business_id: z.string().meta({ description: "The app's package name", examples: ["com.example.app"] }),
    type: z.literal(type),
    timestamp: z.iso.datetime().describe("When it happened: the same in every attempt to tell of it"),
    data,
  });
}

/** The body of each event's webhook, with what is true of the grant then (entitlement-grants.md section 3). */
const schemas = {
  "entitlement_grant.created": bodySchema(
    "entitlement_grant.created",
    // What is in hand already, a licence key or a feature, opens as delivered.
    dataSchema.extend({ status: z.enum(["Pending", "Delivered"]), ...notRevoked, ...notFailed }),
  ).meta({ description: "A customer was given an entitlement." }),
  "entitlement_grant.delivered": bodySchema(
    "entitlement_grant.delivered",
    dataSchema.extend({
      status: z.enum(["Delivered"]),
      delivered_at: delivered_at.unwrap(),
      ...notRevoked,
      ...notFailed,
    }),
  ).meta({ description: "The customer has it: let them in." }),
  "entitlement_grant.failed": bodySchema(
    "entitlement_grant.failed",
    dataSchema.extend({
      status: z.enum(["Failed"]),
      delivered_at: z.null(),
      ...notRevoked,
      error_code: error_code.unwrap(),
      error_message: error_message.unwrap(),
    }),
  ).meta({ description: "It could not be delivered, and won't be by itself." }),
  "entitlement_grant.revoked": bodySchema(
    "entitlement_grant.revoked",
    dataSchema.extend({
      status: z.enum(["Revoked"]),
      revoked_at: revoked_at.unwrap(),
      revocation_reason: revocation_reason.unwrap(),
    }),
  ).meta({
    description: "The customer no longer has it, for good: access that comes back is another grant.",
  }),
} as const satisfies Record<GrantEventType, z.ZodType>;

/** The body of one event's webhook. `docs/events` is made from this. */
export function webhookBodySchema<Type extends GrantEventType>(type: Type): (typeof schemas)[Type] {
  return schemas[type];
}

/** The body of a webhook, by the type of its event. */
export type WebhookBody<Type extends GrantEventType = GrantEventType> = {
  [T in Type]: z.output<(typeof schemas)[T]>;
}[Type];

/**
 * The body of an event, as it is sent: the same bytes however often, since it is made of what was kept when it happened.
 *
 * @param key The licence key in clear, where the grant has one.
 */
export function webhookBody({ type, occurredAt, grant }: GrantEvent, key: Secret | null): string {
  const data = { payload_type: "EntitlementGrant", ...toGrantResponse(grant, key) };
  return JSON.stringify({ business_id: grant.packageName, type, timestamp: formatInstant(occurredAt), data });
}

/**
 * Something to try an endpoint with: an event that looks like a real one and is about nobody. Each moment has a grant of
 * its own, so that a receiver which remembers what it has heard takes the next one as well.
 */
export function sampleEvent(type: GrantEventType, now: Instant): GrantEvent {
  const id = `egr_${now.toString(16).padStart(32, "0")}` as GrantId;
  const grant = sampleGrant(id, type, now);
  return { id: eventId(id, type.slice("entitlement_grant.".length)), type, occurredAt: now, grant };
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
  if (type === "entitlement_grant.failed") {
    const failure = { code: "keythai_quota_exceeded", message: "This is a sample of a failure." };
    return failGrant(openGrant({ ...seed, licenseKey: null }, "Pending", now), failure, now);
  }
  const delivered = openGrant(seed, "Delivered", now);
  return type === "entitlement_grant.revoked" ? revokeGrant(delivered, "refund", null, now) : delivered;
}
