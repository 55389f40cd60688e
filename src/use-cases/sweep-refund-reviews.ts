import { requestEffect } from "../domain/effect.ts";
import { HOUR } from "../domain/instant.ts";
import type { AuditEntry } from "../domain/purchase-file.ts";
import type { RefundPreference, StoredReview } from "../ports.ts";
import { handleEach, NOTHING_FOUND, type SweepPorts, type SweepReport } from "./sweep.ts";

/** Until then a person may still say something (contract section 4). */
const BEFORE_DEADLINE = 2 * HOUR;

/** Refund reviews that nobody gave a view of: Google is told what the shop says by default, if anything. */
export async function sweepRefundReviews(ports: SweepPorts, limit: number): Promise<SweepReport> {
  const preference = ports.settings.refundReviewDefault;
  if (preference === null) return NOTHING_FOUND;
  const items = await ports.sweepRecords.openReviews(ports.clock.now() + BEFORE_DEADLINE, limit);
  return handleEach(ports, {
    sweep: "refund-reviews",
    items,
    limit,
    fieldsOf: ({ id }) => ({ review_id: id }),
    handle: (review) => decide(ports, review, preference),
  });
}

async function decide(
  { desk, clock }: SweepPorts,
  { id, orderId, preference: decided }: StoredReview,
  preference: RefundPreference,
): Promise<boolean> {
  if (decided !== null) return false;
  const now = clock.now();
  const audit: AuditEntry = {
    at: now,
    cause: "sweep",
    actor: null,
    customerId: null,
    purchaseId: null,
    changes: [{ kind: "refund_review", grantId: null, summary: `${orderId}: ${preference}, by default` }],
  };
  const effect = requestEffect({ kind: "answer_refund_review", reviewId: id }, now);
  return (await desk.decideReview(id, preference, effect, audit)) !== null;
}
