import type { z } from "@hono/zod-openapi";
import { rentalEnd, stateOf } from "../domain/access.ts";
import { accessOfItem, type Policy, rulesFor } from "../domain/desired-grants.ts";
import type { CustomerFile, Entitlement } from "../domain/entitlements.ts";
import { toGrantResponse } from "../domain/grant-response.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { leadingItem } from "../domain/purchase.ts";
import type { PurchaseRecord } from "../domain/purchase-file.ts";
import type { OwnedGrant } from "../use-cases/purchase-grants.ts";
import type { VerifiedPurchase } from "../use-cases/verify-purchase.ts";
import type { entitlementSchema, grantSchema, purchaseSchema } from "./schemas.ts";

export type PurchaseView = z.output<typeof purchaseSchema>;
export type EntitlementView = z.output<typeof entitlementSchema>;
export type GrantView = z.output<typeof grantSchema>;

/** @returns null for a token of which Google has told us nothing yet. */
export function purchaseView(record: PurchaseRecord, policy: Policy, now: Instant): PurchaseView | null {
  const { answer } = record;
  const item = answer === null ? undefined : leadingItem(answer);
  if (answer === null || item === undefined) return null;
  const accesses = answer.items.map((each) => accessOfItem(record, each, policy, now));
  const state = stateOf(answer, record.observations);
  const end = item.expiresAt ?? rentalEnd(item, answer, rulesFor(record, item, policy));
  return {
    id: record.id,
    package_name: record.packageName,
    product_id: item.productId,
    base_plan_id: item.basePlanId,
    type: record.type,
    // A word of Google's that we don't know yet gives nothing, like a payment that is still to come.
    state: state === "unknown" ? "pending" : state,
    access: accesses.some((access) => access?.kind === "active"),
    quantity: item.quantity,
    order_id: item.orderId,
    starts_at: timeOf(answer.startedAt),
    expires_at: timeOf(end),
    auto_renewing: item.autoRenewing,
    acknowledged: answer.acknowledged,
    test: answer.test,
    replaced_by: record.observations.supersededBy,
    updated_at: formatInstant(record.updatedAt),
  };
}

/** All of a customer's, as of now: an end that has passed counts, whether or not anybody has settled it yet. */
export function entitlementViews(customer: CustomerFile, now: Instant): EntitlementView[] {
  return Object.values(customer.entitlements)
    .sort((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1))
    .map((row) => entitlementView(row, now));
}

function entitlementView(row: Entitlement, now: Instant): EntitlementView {
  const over = row.active && row.accessUntil !== null && row.accessUntil <= now;
  return {
    entitlement_id: row.entitlementId,
    active: row.active && !over,
    expires_at: timeOf(row.expiresAt),
    access_until: timeOf(row.accessUntil),
    state: over ? "expired" : row.state,
    will_renew: row.willRenew && !over,
    purchase_ids: [...row.purchaseIds],
    product_ids: [...row.productIds],
    updated_at: formatInstant(over ? Math.max(row.updatedAt, row.accessUntil ?? 0) : row.updatedAt),
  };
}

/** `access_url` is for integrations that have a link to open; none of today's has. */
export function grantView({ grant, key }: OwnedGrant): GrantView {
  return { ...toGrantResponse(grant, key), access_url: null };
}

export function verifiedView(verified: VerifiedPurchase, policy: Policy, now: Instant) {
  const purchase = purchaseView(verified.purchase, policy, now);
  if (purchase === null) throw new Error("a verified purchase has an answer of Google's");
  return {
    purchase,
    grants: verified.grants.map(grantView),
    pending_entitlements: [...verified.pendingEntitlements],
  };
}

export function timeOf(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
