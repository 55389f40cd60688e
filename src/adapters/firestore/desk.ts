import type { DocumentReference, DocumentSnapshot, Firestore } from "@google-cloud/firestore";
import type { EffectRequest } from "../../domain/effect.ts";
import type { AuditEntry } from "../../domain/purchase-file.ts";
import type { Desk } from "../../ports.ts";
import { decided, readLetter, readOrphan, readReview, stamp, writeAuditEntry } from "./documents.ts";
import { guarded } from "./errors.ts";
import { sameAs, untilWon, writeIfSame } from "./guarded-writes.ts";
import { askEffect } from "./outbox-documents.ts";
import { byTimestamp, documentId, list } from "./paging.ts";
import { type Paths, paths } from "./paths.ts";

const letterOf = (doc: DocumentSnapshot) => readLetter(doc.id, doc.data());
const orphanOf = (doc: DocumentSnapshot) => readOrphan(doc.data());
const reviewOf = (doc: DocumentSnapshot) => readReview(doc.id, doc.data());

const LETTERS = byTimestamp("received_at", letterOf, ({ receivedAt }) => receivedAt);
const ORPHANS = byTimestamp("found_at", orphanOf, ({ foundAt }) => foundAt);
const REVIEWS = byTimestamp("received_at", reviewOf, ({ receivedAt }) => receivedAt);

/** What was put aside, for the shop's people. What they settle is one commit with its history. */
export function createFirestoreDesk(db: Firestore): Desk {
  const at = paths(db);
  return {
    listDeadLetters: (page) => list(at.deadLetters, page, LETTERS),
    deadLetter: async (id) => (isId(id) ? find(at.deadLetters.doc(id), letterOf) : null),

    async removeDeadLetter(id, audit) {
      if (!isId(id)) return;
      const batch = db.batch();
      batch.delete(at.deadLetters.doc(id), { exists: true });
      batch.create(at.auditEvents.doc(), writeAuditEntry(audit));
      // Where it is gone already somebody else's history tells so.
      await writeIfSame(() => batch.commit());
    },

    listOrphans: (page) => list(at.licenseOrphans, page, ORPHANS),
    orphan: async (id) => (isId(id) ? find(at.licenseOrphans.doc(id), orphanOf) : null),
    resolveOrphan: async (id, audit) =>
      isId(id)
        ? settle(db, at, {
            ref: at.licenseOrphans.doc(id),
            read: orphanOf,
            isSettled: ({ resolvedAt }) => resolvedAt !== null,
            fields: { resolved_at: stamp(audit.at) },
            settled: (orphan) => ({ ...orphan, resolvedAt: audit.at }),
            audit,
          })
        : null,

    listReviews: (page) => list(at.refundReviews, page, REVIEWS),
    review: (id) => find(at.refundReviews.doc(id), reviewOf),
    decideReview: (id, preference, effect, audit) =>
      settle(db, at, {
        ref: at.refundReviews.doc(id),
        read: reviewOf,
        isSettled: (review) => review.preference !== null,
        fields: decided(preference),
        settled: (review) => ({ ...review, preference }),
        audit,
        effect,
      }),
    closeReview: async (id, answeredAt) =>
      void (await settle(db, at, {
        ref: at.refundReviews.doc(id),
        read: reviewOf,
        isSettled: (review) => review.answeredAt !== null,
        fields: { answered_at: stamp(answeredAt) },
        settled: (review) => ({ ...review, answeredAt }),
      })),
  };
}

/** Ids come from people: one that can't be an id names nothing. */
function isId(id: string): boolean {
  return documentId.safeParse(id).success;
}

async function find<T>(ref: DocumentReference, read: (snapshot: DocumentSnapshot) => T): Promise<T | null> {
  const snapshot = await guarded(() => ref.get());
  return snapshot.exists ? read(snapshot) : null;
}

interface Settling<T> {
  readonly ref: DocumentReference;
  read(snapshot: DocumentSnapshot): T;
  isSettled(value: T): boolean;
  /** What becomes of the document, and of what was read from it. */
  readonly fields: object;
  settled(value: T): T;
  readonly audit?: AuditEntry;
  readonly effect?: EffectRequest;
}

/** @returns How it stands then: what was settled before stays as it is. Null: there is none. */
function settle<T>(db: Firestore, at: Paths, settling: Settling<T>): Promise<T | null> {
  const { ref, audit, effect } = settling;
  return untilWon(async () => {
    const snapshot = await guarded(() => ref.get());
    if (!snapshot.exists) return { value: null };
    const value = settling.read(snapshot);
    if (settling.isSettled(value)) return { value };
    const batch = db.batch();
    batch.update(ref, { ...settling.fields }, sameAs(snapshot));
    if (audit !== undefined) batch.create(at.auditEvents.doc(), writeAuditEntry(audit));
    if (effect !== undefined) batch.set(at.outbox.doc(effect.id), askEffect(effect), { merge: true });
    const written = await writeIfSame(() => batch.commit());
    return written === null ? null : { value: settling.settled(value) };
  });
}
