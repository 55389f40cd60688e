import { auditAct } from "../../domain/audit.ts";
import { requestEffect } from "../../domain/effect.ts";
import { AppError } from "../../domain/errors.ts";
import { asReviewId, type ReviewId } from "../../domain/ids.ts";
import type { Ports, RefundPreference, StoredReview } from "../../ports.ts";

type ReviewPorts = Pick<Ports, "desk" | "outbox" | "effects" | "background" | "clock" | "settings">;

const POLL_MS = 100;
/** What is due besides goes along: there is no asking for one effect alone. */
const EFFECTS_AT_ONCE = 10;

/**
 * A person decides what Google is told of a refund, and waits a moment for Google to have heard it. Google counts the
 * first answer only, so the first decision stays; the same again changes nothing.
 *
 * @param actor The name of the admin key.
 * @returns The review; `answeredAt` is null while Google has not taken the answer yet.
 * @throws AppError `not_found`, `refund_review_decided`, `store_unavailable`.
 */
export async function answerReview(
  ports: ReviewPorts,
  text: string,
  preference: RefundPreference,
  actor: string,
): Promise<StoredReview> {
  const id = asReviewId(text);
  const review = id === null ? null : await decideReview(ports, id, preference, actor);
  if (review === null) throw new AppError("not_found", "There is no refund review with this id.");
  if (review.preference !== preference) {
    throw new AppError("refund_review_decided", `This review is decided: ${review.preference}.`);
  }
  return review.answeredAt === null ? untilAnswered(ports, review) : review;
}

function decideReview(
  { desk, clock }: ReviewPorts,
  id: ReviewId,
  preference: RefundPreference,
  actor: string,
): Promise<StoredReview | null> {
  const now = clock.now();
  const deed = { actor, customerId: null, purchaseId: null, grantId: null };
  const audit = auditAct(
    { ...deed, summary: `refund review ${id} answered by hand: ${preference}` },
    [],
    now,
  );
  return desk.decideReview(
    id,
    preference,
    requestEffect({ kind: "answer_refund_review", reviewId: id }, now),
    audit,
  );
}

async function untilAnswered(ports: ReviewPorts, decided: StoredReview): Promise<StoredReview> {
  const { clock, desk, settings } = ports;
  if (ports.background.hasRoom()) ports.effects.start(await ports.outbox.lease(clock.now(), EFFECTS_AT_ONCE));
  const until = clock.monotonic() + settings.verifyWaitMs;
  let review = decided;
  while (review.answeredAt === null && clock.monotonic() < until) {
    await clock.sleep(POLL_MS);
    review = (await desk.review(decided.id)) ?? review;
  }
  return review;
}
