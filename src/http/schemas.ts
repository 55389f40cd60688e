import { z } from "@hono/zod-openapi";
import { grantResponseSchema } from "../domain/grant-response.ts";
import { type Instant, parseInstant } from "../domain/instant.ts";
import type { PageRequest } from "../ports.ts";
import { problemSchema } from "./problem.ts";

/** The wire shapes of contract section 3: they check requests and make the OpenAPI document. */

export const time = z.iso.datetime().openapi({ example: "2026-11-22T07:00:00.000Z" });
export const name = z.string().min(1, "must not be empty");

export const purchaseRequestSchema = z
  .object({
    package_name: name.openapi({ example: "com.example.app" }),
    product_id: name.openapi({ example: "lifetime" }),
    purchase_token: name,
  })
  .openapi("PurchaseRequest");

export const restoreRequestSchema = z
  .object({ purchases: z.array(purchaseRequestSchema).min(1).max(50) })
  .openapi("RestoreRequest");

export const purchaseSchema = z
  .object({
    id: z.string().openapi({ example: "pur_0123456789abcdef0123456789abcdef" }),
    package_name: z.string(),
    product_id: z.string(),
    base_plan_id: z.string().nullable(),
    type: z.enum(["one_time", "subscription"]),
    state: z.enum([
      "pending",
      "purchased",
      "canceled",
      "refunded",
      "active",
      "in_grace_period",
      "on_hold",
      "paused",
      "expired",
      "revoked",
      "pending_purchase_canceled",
    ]),
    access: z.boolean().openapi({ description: "What counts: is it paid for now?" }),
    quantity: z.number().int(),
    order_id: z.string().nullable(),
    starts_at: time.nullable(),
    expires_at: time.nullable(),
    auto_renewing: z.boolean().nullable(),
    acknowledged: z.boolean(),
    test: z.boolean(),
    replaced_by: z.string().nullable(),
    updated_at: time,
  })
  .openapi("Purchase");

export const entitlementSchema = z
  .object({
    entitlement_id: z.string(),
    active: z.boolean(),
    expires_at: time.nullable(),
    access_until: time.nullable(),
    state: z.string(),
    will_renew: z.boolean(),
    purchase_ids: z.array(z.string()),
    product_ids: z.array(z.string()),
    updated_at: time,
  })
  .openapi("Entitlement");

export const grantSchema = z
  .object({ ...grantResponseSchema.shape, access_url: z.string().nullable() })
  .openapi("EntitlementGrant");

const verifiedShape = {
  purchase: purchaseSchema,
  grants: z.array(grantSchema),
  pending_entitlements: z.array(z.string()),
};

export const verifiedSchema = z
  .object({ ...verifiedShape, entitlements: z.array(entitlementSchema) })
  .openapi("VerifiedPurchase");

export const restoredSchema = z
  .object({
    results: z.array(z.union([z.object(verifiedShape), z.object({ problem: problemSchema })])),
    entitlements: z.array(entitlementSchema),
  })
  .openapi("RestoredPurchases");

export const entitlementsSchema = z
  .object({ entitlements: z.array(entitlementSchema) })
  .openapi("Entitlements");

export const accountSchema = z
  .object({ customer_id: z.string(), obfuscated_account_id: z.string().nullable() })
  .openapi("Account");

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).optional(),
});

/** @returns Null for no time. What `time` has let through is one. */
export function instantOf(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}

/** What a list is asked for, in the words of the ports. */
export function pageRequest({ limit, cursor }: z.output<typeof pageQuerySchema>): PageRequest {
  return { limit, cursor: cursor ?? null };
}

export function pageOf<T extends z.ZodType>(row: T, title: string) {
  return z.object({ data: z.array(row), next_cursor: z.string().nullable() }).openapi(title);
}
