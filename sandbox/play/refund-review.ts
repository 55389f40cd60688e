import type { Due } from "./due.ts";
import type { ActionInput } from "./inputs.ts";
import { REVIEW_MS } from "./lengths.ts";
import type { Purchase, RefundReview } from "./model.ts";
import { type Notice, refundReviewNotice } from "./notices.ts";
import type { Outcome } from "./outcome.ts";
import { CHARGEBACK, refund } from "./refunds.ts";
import { Conflict, type World } from "./world.ts";

/** A buyer's bank asks for the money: Google wants the developer's opinion within 24 h (facts section 3). */
export function requestRefundReview(world: World, purchase: Purchase, input: ActionInput): Notice {
  const orderId = input.orderId ?? purchase.orderIds.at(-1);
  const order = world.orders.get(orderId ?? "");
  if (order === undefined || order.state === "PENDING" || order.purchaseToken !== purchase.purchaseToken) {
    throw new Conflict("refund_review needs a paid order of this purchase");
  }
  const review: RefundReview = {
    pendingRefundToken: world.ids.pendingRefundToken(),
    purchaseToken: purchase.purchaseToken,
    orderId: order.orderId,
    packageName: order.packageName,
    askedAt: world.now(),
    preference: null,
    answers: 0,
    wish: input.outcome ?? null,
    outcome: null,
  };
  order.state = "PENDING_REFUND";
  world.reviews.set(review.pendingRefundToken, review);
  if (world.automatic) world.touched.set(review, world.now());
  return refundReviewNotice(review, order, purchase.accountId);
}

/** Only the first answer counts, and none after the end; later ones are answered OK all the same (facts section 3). */
export function answerRefundReview(review: RefundReview, preference: string): void {
  review.answers += 1;
  if (review.outcome === null) review.preference ??= preference;
}

/** After 24 h Google decides. */
export function reviewDue(world: World, review: RefundReview): Due | null {
  if (review.outcome !== null) return null;
  return { at: review.askedAt + REVIEW_MS, happen: () => decide(world, review) };
}

function decide(world: World, review: RefundReview): Outcome {
  const purchase = world.purchases.get(review.purchaseToken);
  const order = world.orders.get(review.orderId);
  review.outcome = decision(world, review);
  if (order?.state !== "PENDING_REFUND" || purchase === undefined) return { notices: [] };
  order.state = order.refunds.length > 0 ? "PARTIALLY_REFUNDED" : "PROCESSED";
  const gone = purchase.type === "one_time" && purchase.state !== "PURCHASED";
  if (review.outcome === "keep" || gone) return { notices: [] };
  return { notices: refund(world, purchase, { ...CHARGEBACK, orderId: order.orderId }) };
}

/** Unanswered, or without an opinion, it ends as Google wishes: that is, by chance. */
function decision(world: World, { wish, preference }: RefundReview): "refund" | "keep" {
  if (wish !== null) return wish;
  if (preference === "APPROVE") return "refund";
  if (preference === "DECLINE") return "keep";
  return world.random() < 0.5 ? "refund" : "keep";
}
