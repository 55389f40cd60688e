import { createHash } from "node:crypto";
import { FieldValue, type Firestore } from "@google-cloud/firestore";
import type { DeadLetter, Intake } from "../../ports.ts";
import { stamp, writeOrphan } from "./documents.ts";
import { guarded, isAlreadyThere } from "./errors.ts";
import { paths } from "./paths.ts";

/** What is put aside for a person. Ids derive from what it is, so a repetition finds it there and leaves it alone. */
export function createFirestoreIntake(db: Firestore): Intake {
  const at = paths(db);
  return {
    async addDeadLetter(letter) {
      const { reason, messageId, source, receivedAt, packageName, data } = letter;
      await once(() =>
        at.deadLetters.doc(letterId(letter)).create({
          reason,
          message_id: messageId,
          source,
          received_at: stamp(receivedAt),
          package_name: packageName,
          data,
        }),
      );
    },

    async addOrphan(orphan) {
      await once(() => at.licenseOrphans.doc(orphan.id).create(writeOrphan(orphan)));
    },

    async addRefundReview({ packageName, pendingRefundToken, orderId, refundReason, receivedAt, answerBy }) {
      await once(() =>
        at.refundReviews.doc(`rrv_${digest(pendingRefundToken.reveal())}`).create({
          package_name: packageName,
          pending_refund_token: pendingRefundToken.reveal(),
          order_id: orderId,
          refund_reason: refundReason,
          received_at: stamp(receivedAt),
          answer_by: stamp(answerBy),
          preference: null,
          answered_at: null,
          created_at: FieldValue.serverTimestamp(),
        }),
      );
    },
  };
}

/** The same message again is the same letter; a message without an id is known by what it says. */
function letterId({ messageId, data }: DeadLetter): string {
  return `dlt_${digest(messageId ?? data)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

async function once(create: () => Promise<unknown>): Promise<void> {
  await guarded(async () => {
    try {
      await create();
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
    }
  });
}
