import type { z } from "@hono/zod-openapi";
import type { Policy } from "../domain/desired-grants.ts";
import type { Grant } from "../domain/grant.ts";
import { toGrantResponse } from "../domain/grant-response.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { LicenseOrphan, PurchaseRecord } from "../domain/purchase-file.ts";
import type { Page, StoredLetter, StoredReview, TimelineEntry } from "../ports.ts";
import type { CustomerOverview } from "../use-cases/admin/read-customer.ts";
import type { NoticeOutcome } from "../use-cases/handle-notification.ts";
import type {
  adminPurchaseSchema,
  customerSchema,
  deadLetterSchema,
  orphanSchema,
  replaySchema,
  reviewSchema,
  timelineEntrySchema,
} from "./admin-schemas.ts";
import { entitlementViews, purchaseView, timeOf } from "./views.ts";

type AdminPurchaseView = z.output<typeof adminPurchaseSchema>;

/** A page as the outside sees it; a row may have no view. */
export function pageView<T, V>({ data, nextCursor }: Page<T>, view: (row: T) => V | null) {
  return { data: data.flatMap((row) => view(row) ?? []), next_cursor: nextCursor };
}

/** @returns null for a token of which Google has told us nothing yet. */
export function adminPurchaseView(
  record: PurchaseRecord,
  policy: Policy,
  now: Instant,
): AdminPurchaseView | null {
  const view = purchaseView(record, policy, now);
  return view === null ? null : { ...view, customer_id: record.customerId };
}

/** The licence key masked: in clear it is for its owner alone. */
export function adminGrantView(grant: Grant) {
  return toGrantResponse(grant, null);
}

export function customerView(
  { customer, purchases, grants, timeline }: CustomerOverview,
  policy: Policy,
  now: Instant,
): z.output<typeof customerSchema> {
  return {
    customer_id: customer.customerId,
    entitlements: entitlementViews(customer, now),
    purchases: pageView(purchases, (purchase) => adminPurchaseView(purchase, policy, now)),
    grants: pageView(grants, adminGrantView),
    timeline: pageView(timeline, timelineView),
  };
}

function timelineView(entry: TimelineEntry): z.output<typeof timelineEntrySchema> {
  const { at, kind, cause, actor, purchaseId, grantId, summary } = entry;
  return {
    at: formatInstant(at),
    kind,
    cause,
    purchase_id: purchaseId,
    grant_id: grantId,
    summary: actor === null ? summary : `${summary} (${actor})`,
  };
}

export function letterView(letter: StoredLetter): z.output<typeof deadLetterSchema> {
  const { id, reason, messageId, source, receivedAt, packageName, data } = letter;
  return {
    id,
    reason,
    message_id: messageId,
    source,
    received_at: formatInstant(receivedAt),
    package_name: packageName,
    data,
  };
}

export function replayView(id: string, outcome: NoticeOutcome): z.output<typeof replaySchema> {
  return outcome.kind === "handled"
    ? { id, outcome: "handled" }
    : { id, outcome: "dead_letter", reason: outcome.reason };
}

export function orphanView(orphan: LicenseOrphan): z.output<typeof orphanSchema> {
  const { id, licenseId, grantId, customerId, orderId, foundAt, resolvedAt } = orphan;
  return {
    id,
    license_id: licenseId,
    grant_id: grantId,
    customer_id: customerId,
    order_id: orderId,
    found_at: formatInstant(foundAt),
    resolved_at: timeOf(resolvedAt),
  };
}

export function reviewView(review: StoredReview): z.output<typeof reviewSchema> {
  const { id, orderId, refundReason, receivedAt, answerBy, preference, answeredAt } = review;
  return {
    id,
    order_id: orderId,
    refund_reason: refundReason,
    received_at: formatInstant(receivedAt),
    answer_by: formatInstant(answerBy),
    preference,
    answered_at: timeOf(answeredAt),
  };
}
