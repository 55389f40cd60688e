import type { ActionInput } from "./inputs.ts";
import type { Purchase, RefundReview } from "./model.ts";
import { type Notice, refundReviewNotice } from "./notices.ts";
import { Conflict, type World } from "./world.ts";

/** A buyer's bank asks for the money: Google wants the developer's opinion within 24 h (facts section 3). */
export function requestRefundReview(world: World, purchase: Purchase, input: ActionInput): Notice {
  const orderId = input.orderId ?? purchase.orderIds.at(-1);
  const order = world.orders.get(orderId ?? "");
  if (order === undefined || order.purchaseToken !== purchase.purchaseToken) {
    throw new Conflict("refund_review needs a paid order of this purchase");
  }
  const review: RefundReview = {
    pendingRefundToken: world.ids.pendingRefundToken(),
    orderId: order.orderId,
    packageName: order.packageName,
    askedAt: world.now(),
    preference: null,
    answers: 0,
  };
  order.state = "PENDING_REFUND";
  world.reviews.set(review.pendingRefundToken, review);
  return refundReviewNotice(review, order, purchase.accountId);
}

/** Only the first answer counts, later ones are answered OK all the same (facts section 3). */
export function answerRefundReview(review: RefundReview, preference: string): void {
  review.answers += 1;
  review.preference ??= preference;
}
