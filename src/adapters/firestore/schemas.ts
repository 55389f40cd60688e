import { Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import type { RevocationDetail, RevocationReason } from "../../domain/access.ts";
import type { Grant, ShownLicenseKey } from "../../domain/grant.ts";
import type { GrantEventType } from "../../domain/grant-events.ts";
import type {
  ChainId,
  CustomerId,
  DeliveryId,
  EndpointId,
  EventId,
  GrantId,
  LicenseKeyId,
  PurchaseId,
  ReviewId,
  SlotId,
} from "../../domain/ids.ts";
import type { PurchaseState } from "../../domain/purchase.ts";
import type { Cause } from "../../domain/purchase-file.ts";
import { Secret } from "../../domain/secret.ts";

/** The building blocks of our documents: what was written in good order is still checked when it is read. */

const text = <T extends string>() => z.custom<T>((value) => typeof value === "string", "expected a string");

export const purchaseIdSchema = text<PurchaseId>();
export const chainIdSchema = text<ChainId>();
export const customerIdSchema = text<CustomerId>();
export const slotIdSchema = text<SlotId>();
export const grantIdSchema = text<GrantId>();
export const licenseKeyIdSchema = text<LicenseKeyId>();
export const reviewIdSchema = text<ReviewId>();
export const eventIdSchema = text<EventId>();
export const endpointIdSchema = text<EndpointId>();
export const deliveryIdSchema = text<DeliveryId>();

export const instant = z.number();
export const secret = z.string().transform((value) => new Secret(value));
/** Firestore's own time, where a query or a client's rules look at it. */
export const timestamp = z.instanceof(Timestamp).transform((time) => time.toMillis());

export const purchaseState = text<PurchaseState>();
export const revocationReason = text<RevocationReason>();
export const revocationDetail = text<RevocationDetail>();
export const cause = text<Cause>();
export const grantEventType = text<GrantEventType>();

const lineItem = z.object({
  productId: z.string(),
  basePlanId: z.string().nullable(),
  orderId: z.string().nullable(),
  expiresAt: instant.nullable(),
  autoRenewing: z.boolean().nullable(),
  leaving: z.boolean(),
  quantity: z.number(),
  refundableQuantity: z.number().nullable(),
  consumed: z.boolean(),
  rental: z.boolean(),
});

export const answerSchema = z.object({
  type: z.enum(["one_time", "subscription"]),
  state: purchaseState,
  items: z.array(lineItem),
  startedAt: instant.nullable(),
  acknowledged: z.boolean(),
  test: z.boolean(),
  accountId: z.string().nullable(),
  replaces: secret.nullable(),
  resubscribes: secret.nullable(),
  endedBy: z.enum(["user", "developer", "system", "replacement"]).nullable(),
  autoResumesAt: instant.nullable(),
});

export const observationsSchema = z.object({
  voided: z.array(
    z.object({ orderId: z.string().nullable(), extent: z.enum(["full", "units"]), at: instant }),
  ),
  supersededBy: purchaseIdSchema.nullable(),
  revoked: z.boolean(),
});

export const closedSlotsSchema = z.record(
  slotIdSchema,
  z.object({ generation: z.number(), attempts: z.number(), blocked: z.boolean() }),
);

const ending = { reason: revocationReason, detail: revocationDetail.nullable() };
const access = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("active"), until: instant.nullable() }),
  z.object({ kind: z.literal("suspended"), ...ending }),
  z.object({ kind: z.literal("ended"), ...ending }),
]);

const shownLicenseKey: z.ZodType<ShownLicenseKey> = z.object({ id: licenseKeyIdSchema, masked: z.string() });
const failure = z.object({ code: z.string(), message: z.string() });

const grant: z.ZodType<Grant> = z.object({
  id: grantIdSchema,
  slotId: slotIdSchema,
  customerId: customerIdSchema,
  entitlementId: z.string(),
  packageName: z.string(),
  integrationType: z.string(),
  purchaseId: purchaseIdSchema.nullable(),
  productId: z.string().nullable(),
  orderId: z.string().nullable(),
  chainId: chainIdSchema.nullable(),
  regrantOf: grantIdSchema.nullable(),
  status: z.enum(["Pending", "Delivered", "Failed", "Revoked"]),
  createdAt: instant,
  updatedAt: instant,
  deliveredAt: instant.nullable(),
  revokedAt: instant.nullable(),
  revocationReason: revocationReason.nullable(),
  revocationDetail: revocationDetail.nullable(),
  failure: failure.nullable(),
  licenseKey: shownLicenseKey.nullable(),
  expiresAt: instant.nullable(),
});

export const slotSchema = z.object({
  id: slotIdSchema,
  customerId: customerIdSchema,
  entitlementId: z.string(),
  packageName: z.string(),
  integrationType: z.string(),
  opens: z.enum(["in_sync", "at_once", "on_delivery"]),
  target: z.object({
    access,
    purchaseId: purchaseIdSchema.nullable(),
    productId: z.string().nullable(),
    productIds: z.array(z.string()).default([]),
    chainId: chainIdSchema.nullable(),
    orderId: z.string().nullable(),
    expiresAt: instant.nullable(),
    state: purchaseState,
    willRenew: z.boolean(),
  }),
  applied: z.object({
    kind: z.enum(["none", "active", "suspended"]),
    productId: z.string().nullable(),
    until: instant.nullable(),
    // Slots from before licences were compared with the licence server lack it, and `disabled`.
    spoiled: z.boolean().default(false),
    unsure: z.array(z.enum(["life", "end"])).default([]),
  }),
  generation: z.number(),
  attempts: z.number(),
  attempt: z.object({ number: z.number(), lease: z.string() }).nullable(),
  blocked: z.boolean(),
  disabled: z.boolean().default(false),
  failure: failure.extend({ orderId: z.string().nullable() }).nullable(),
  grant: grant.nullable(),
  shown: shownLicenseKey.nullable(),
  state: z.unknown(),
});

export const entitlementSchema = z.object({
  entitlementId: z.string(),
  active: z.boolean(),
  expiresAt: instant.nullable(),
  accessUntil: instant.nullable(),
  state: purchaseState,
  willRenew: z.boolean(),
  purchaseIds: z.array(purchaseIdSchema),
  productIds: z.array(z.string()),
  updatedAt: instant,
});
