import { FieldValue } from "@google-cloud/firestore";
import { z } from "zod";
import type {
  DeadLetter,
  RefundPreference,
  RefundReview,
  StoredLetter,
  StoredReview,
} from "../../../ports.ts";
import { reviewIdSchema, secret, timestamp } from "../schemas.ts";
import { stamp } from "./fields.ts";

const letterSchema = z
  .object({
    reason: z.string(),
    message_id: z.string().nullable(),
    source: z.enum(["push", "pull"]),
    received_at: timestamp,
    package_name: z.string().nullable(),
    data: z.string(),
  })
  .transform(
    ({ message_id, received_at, package_name, ...rest }): DeadLetter => ({
      ...rest,
      messageId: message_id,
      receivedAt: received_at,
      packageName: package_name,
    }),
  );

/** @param id The document's own: a letter doesn't repeat it. */
export function readLetter(id: string, data: unknown): StoredLetter {
  return { id, ...letterSchema.parse(data) };
}

export function writeLetter(letter: DeadLetter) {
  return {
    reason: letter.reason,
    message_id: letter.messageId,
    source: letter.source,
    received_at: stamp(letter.receivedAt),
    package_name: letter.packageName,
    data: letter.data,
  };
}

const reviewSchema = z
  .object({
    package_name: z.string(),
    pending_refund_token: secret,
    order_id: z.string(),
    refund_reason: z.number().nullable(),
    received_at: timestamp,
    answer_by: timestamp,
    preference: z.enum(["approve", "decline", "neutral"]).nullable(),
    answered_at: timestamp.nullable(),
  })
  .transform(
    (row): Omit<StoredReview, "id"> => ({
      packageName: row.package_name,
      pendingRefundToken: row.pending_refund_token,
      orderId: row.order_id,
      refundReason: row.refund_reason,
      receivedAt: row.received_at,
      answerBy: row.answer_by,
      preference: row.preference,
      answeredAt: row.answered_at,
    }),
  );

/** @param id The document's own: a review doesn't repeat it. */
export function readReview(id: string, data: unknown): StoredReview {
  return { id: reviewIdSchema.parse(id), ...reviewSchema.parse(data) };
}

/** Null for what can't be read: one bad document must not hide the others. */
export function tryReadReview(id: string, data: unknown): StoredReview | null {
  return reviewSchema.safeParse(data).success ? readReview(id, data) : null;
}

/** `open_until` is the deadline while nobody has decided, so that one query finds those; see {@link decided}. */
export function writeNewReview(review: RefundReview) {
  return {
    package_name: review.packageName,
    pending_refund_token: review.pendingRefundToken.reveal(),
    order_id: review.orderId,
    refund_reason: review.refundReason,
    received_at: stamp(review.receivedAt),
    answer_by: stamp(review.answerBy),
    open_until: stamp(review.answerBy),
    preference: null,
    answered_at: null,
    created_at: FieldValue.serverTimestamp(),
  };
}

/** What becomes of a review by a decision. */
export function decided(preference: RefundPreference) {
  return { preference, open_until: null };
}
