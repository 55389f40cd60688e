import type { Effect } from "../domain/effect.ts";
import { AppError } from "../domain/errors.ts";
import type { Ports, StoredReview } from "../ports.ts";
import type { EffectResult } from "./run-effects.ts";

type AnswerPorts = Pick<Ports, "desk" | "play" | "clock" | "log">;

/**
 * Tells Google our view of a refund. May be repeated: Google counts the first answer and says yes to later ones
 * (google-play.md section 3). What Google refuses is tried until its deadline, since somebody may put it right (a missing
 * permission), and shows as never answered after that.
 */
export async function answerRefundReview(
  ports: AnswerPorts,
  { reviewId }: Extract<Effect, { kind: "answer_refund_review" }>,
): Promise<EffectResult> {
  const review = await ports.desk.review(reviewId);
  if (review === null || review.preference === null || review.answeredAt !== null) return { kind: "done" };
  try {
    await ports.play.reviewRefund(review, review.preference);
  } catch (error) {
    return failed(ports, review, error);
  }
  await ports.desk.closeReview(review.id, ports.clock.now());
  return { kind: "done" };
}

function failed({ clock, log }: AnswerPorts, { id, answerBy }: StoredReview, error: unknown): EffectResult {
  if (!(error instanceof AppError)) throw error;
  const tooLate = clock.now() > answerBy;
  if (tooLate || !error.retryable) {
    const event = tooLate ? "refund_review.given_up" : "refund_review.refused";
    log.error(event, { review_id: id, code: error.code });
  }
  if (tooLate) return { kind: "done" };
  return { kind: "later", code: error.code, afterMs: error.retryAfterMs };
}
