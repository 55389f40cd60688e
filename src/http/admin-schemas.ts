import { z } from "@hono/zod-openapi";
import { grantResponseSchema } from "../domain/grant-response.ts";
import { asCustomerId } from "../domain/ids.ts";
import { entitlementSchema, name, pageOf, pageQuerySchema, purchaseSchema, time } from "./schemas.ts";

/** The wire shapes of contract section 8: they check requests and make the OpenAPI document. */

const customerId = z.string().transform((text, context) => {
  const id = asCustomerId(text);
  if (id === null) context.addIssue({ code: "custom", message: "can't be a customer's id" });
  return id ?? z.NEVER;
});

export const customerParamsSchema = z.object({ uid: customerId });
export const idParamsSchema = z.object({ id: z.string() });

export const adminPurchaseSchema = z
  .object({
    ...purchaseSchema.shape,
    customer_id: z.string().nullable().openapi({ description: "Null: nobody has claimed it" }),
  })
  .openapi("AdminPurchase");

export const adminGrantSchema = z.object(grantResponseSchema.shape).openapi("AdminGrant", {
  description: "The licence key is masked to its last four characters",
});

export const timelineEntrySchema = z
  .object({
    at: time,
    kind: z.string(),
    cause: z.enum(["verify", "rtdn", "sweep", "admin", "effect"]),
    purchase_id: z.string().nullable(),
    grant_id: z.string().nullable(),
    summary: z.string(),
  })
  .openapi("TimelineEntry");

export const adminPurchasesSchema = pageOf(adminPurchaseSchema, "AdminPurchases");
export const adminGrantsSchema = pageOf(adminGrantSchema, "AdminGrants");

export const customerSchema = z
  .object({
    customer_id: z.string(),
    entitlements: z.array(entitlementSchema),
    purchases: adminPurchasesSchema,
    grants: adminGrantsSchema,
    timeline: pageOf(timelineEntrySchema, "Timeline"),
  })
  .openapi("Customer");

export const purchaseQuerySchema = pageQuerySchema.extend({
  customer_id: customerId.optional(),
  order_id: name.optional(),
  purchase_token: name.optional(),
  state: purchaseSchema.shape.state.optional(),
});

export const grantQuerySchema = pageQuerySchema.extend({
  customer_id: customerId.optional(),
  status: grantResponseSchema.shape.status.optional(),
  entitlement_id: name.optional(),
});

export const syncedSchema = z.object({ purchase: adminPurchaseSchema }).openapi("SyncedPurchase");

export const giftRequestSchema = z
  .object({
    customer_id: customerId,
    entitlement_id: name,
    expires_at: z.iso.datetime({ offset: true }).nullable(),
    note: z.string().min(1).max(500).optional(),
  })
  .openapi("GiftRequest");

export const pendingGiftSchema = z
  .object({ pending_entitlements: z.array(z.string()) })
  .openapi("PendingGift");

export const deadLetterSchema = z
  .object({
    id: z.string(),
    reason: z.string(),
    message_id: z.string().nullable(),
    source: z.enum(["push", "pull"]),
    received_at: time,
    package_name: z.string().nullable(),
    data: z.string().openapi({ description: "As received" }),
  })
  .openapi("DeadLetter");

export const replaySchema = z
  .union([
    z.object({ id: z.string(), outcome: z.literal("handled") }),
    z.object({ id: z.string(), outcome: z.literal("dead_letter"), reason: z.string() }),
  ])
  .openapi("Replay");

export const orphanSchema = z
  .object({
    id: z.string(),
    license_id: z.string().nullable(),
    grant_id: z.string().nullable(),
    customer_id: z.string(),
    order_id: z.string().nullable(),
    found_at: time,
    resolved_at: time.nullable(),
  })
  .openapi("LicenseOrphan");

const preference = z.enum(["approve", "decline", "neutral"]);

export const reviewSchema = z
  .object({
    id: z.string(),
    order_id: z.string(),
    refund_reason: z.number().int().nullable(),
    received_at: time,
    answer_by: time,
    preference: preference.nullable(),
    answered_at: time.nullable(),
  })
  .openapi("RefundReview");

export const reviewAnswerSchema = z.object({ preference }).openapi("RefundReviewAnswer");
