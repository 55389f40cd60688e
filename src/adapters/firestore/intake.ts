import type { Firestore } from "@google-cloud/firestore";
import { reviewId } from "../../domain/ids.ts";
import type { Intake } from "../../ports.ts";
import { letterId } from "../shared/letter-id.ts";
import { writeLetter, writeNewReview, writeOrphan } from "./documents.ts";
import { unlessThere } from "./guarded-writes.ts";
import { paths } from "./paths.ts";

/** What is put aside for a person. Ids derive from what it is, so a repetition finds it there and leaves it alone. */
export function createFirestoreIntake(db: Firestore): Intake {
  const at = paths(db);
  return {
    addDeadLetter: (letter) =>
      unlessThere(() => at.deadLetters.doc(letterId(letter)).create(writeLetter(letter))),
    addOrphan: (orphan) => unlessThere(() => at.licenseOrphans.doc(orphan.id).create(writeOrphan(orphan))),
    addRefundReview: (review) =>
      unlessThere(() =>
        at.refundReviews.doc(reviewId(review.pendingRefundToken)).create(writeNewReview(review)),
      ),
  };
}
