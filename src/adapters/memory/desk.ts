import { reviewId } from "../../domain/ids.ts";
import type { Desk, Intake } from "../../ports.ts";
import { letterId } from "../shared/letter-id.ts";
import { ask } from "./outbox.ts";
import { paginate } from "./paging.ts";
import type { MemoryTables } from "./tables.ts";

/** What is put aside for a person. */
export function createIntake({ deadLetters, orphans, refundReviews }: MemoryTables): Intake {
  return {
    addDeadLetter: async (letter) => {
      const id = letterId(letter);
      addOnce(deadLetters, { ...letter, id });
    },
    addOrphan: async (orphan) => addOnce(orphans, orphan),
    addRefundReview: async (review) => {
      const id = reviewId(review.pendingRefundToken);
      addOnce(refundReviews, { ...review, id, preference: null, answeredAt: null });
    },
  };
}

function addOnce<T extends { readonly id: string }>(table: Map<string, T>, value: T): void {
  if (!table.has(value.id)) table.set(value.id, value);
}

/** What was put aside, for the shop's people. */
export function createDesk(tables: MemoryTables, counter: { last: number }): Desk {
  const { deadLetters, orphans, refundReviews, audit: history } = tables;
  return {
    listDeadLetters: async (page) => paginate(deadLetters.values(), ({ receivedAt }) => receivedAt, page),
    deadLetter: async (id) => deadLetters.get(id) ?? null,
    removeDeadLetter: async (id, audit) => {
      if (deadLetters.delete(id)) history.push(audit);
    },
    listOrphans: async (page) => paginate(orphans.values(), ({ foundAt }) => foundAt, page),
    orphan: async (id) => orphans.get(id) ?? null,
    resolveOrphan: async (id, audit) => {
      const orphan = orphans.get(id);
      if (orphan === undefined || orphan.resolvedAt !== null) return orphan ?? null;
      history.push(audit);
      return put(orphans, { ...orphan, resolvedAt: audit.at });
    },
    listReviews: async (page) => paginate(refundReviews.values(), ({ receivedAt }) => receivedAt, page),
    review: async (id) => refundReviews.get(id) ?? null,
    decideReview: async (id, preference, effect, audit) => {
      const review = refundReviews.get(id);
      if (review === undefined || review.preference !== null) return review ?? null;
      history.push(audit);
      counter.last += 1;
      ask(tables, effect, counter.last);
      return put(refundReviews, { ...review, preference });
    },
    closeReview: async (id, answeredAt) => {
      const review = refundReviews.get(id);
      if (review?.answeredAt === null) put(refundReviews, { ...review, answeredAt });
    },
  };
}

function put<T extends { readonly id: string }>(table: Map<string, T>, value: T): T {
  table.set(value.id, value);
  return value;
}
