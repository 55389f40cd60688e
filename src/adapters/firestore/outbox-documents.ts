import { FieldValue, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import { type Effect, type EffectRequest, queueOf } from "../../domain/effect.ts";
import { stamp } from "./documents.ts";
import {
  customerIdSchema,
  endpointIdSchema,
  eventIdSchema,
  grantIdSchema,
  instant,
  purchaseIdSchema,
  reviewIdSchema,
  slotIdSchema,
  timestamp,
} from "./schemas.ts";

const slotEffect = { customerId: customerIdSchema, slotId: slotIdSchema };
const eventIds = z.array(eventIdSchema).default([]);

const effectSchema: z.ZodType<Effect> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fulfill_slot"), ...slotEffect }),
  z.object({ kind: z.literal("find_orphans"), ...slotEffect, integrationType: z.string() }),
  z.object({ kind: z.literal("acknowledge_purchase"), purchaseId: purchaseIdSchema }),
  z.object({ kind: z.literal("sync_purchase"), purchaseId: purchaseIdSchema }),
  z.object({ kind: z.literal("end_gift"), ...slotEffect }),
  z.object({ kind: z.literal("answer_refund_review"), reviewId: reviewIdSchema }),
  z.object({ kind: z.literal("publish_events"), customerId: customerIdSchema, eventIds }),
  z.object({
    kind: z.literal("send_webhooks"),
    endpointId: endpointIdSchema,
    customerId: customerIdSchema,
    eventIds,
  }),
  z.object({
    kind: z.literal("replay_events"),
    endpointId: endpointIdSchema,
    since: instant,
    which: z.enum(["failed", "missing"]),
    after: z.object({ at: instant, id: eventIdSchema }).nullable(),
  }),
  z.object({
    kind: z.literal("send_mail"),
    customerId: customerIdSchema,
    grantId: grantIdSchema,
    news: z.enum(["delivered", "revoked"]),
  }),
]);

const outboxSchema = z.object({
  effect: effectSchema,
  due_at: timestamp,
  asked_at: timestamp,
  attempts: z.number().default(0),
  lease: z.string().nullish(),
  /** By the server's clock, so that its age can be told by anybody. */
  leased_at: z.instanceof(Timestamp).nullish(),
});

export type OutboxDocument = z.output<typeof outboxSchema>;

export function readOutboxDocument(data: unknown): OutboxDocument {
  return outboxSchema.parse(data);
}

/** Null for what this version can't read: a newer one may have put it down. */
export function tryReadOutboxDocument(data: unknown): OutboxDocument | null {
  return outboxSchema.safeParse(data).data ?? null;
}

/** When something is due, whatever it is. */
export function readDueAt(data: unknown): number {
  return z.object({ due_at: timestamp }).parse(data).due_at;
}

/** An effect born with its lease: whoever commits runs it. */
export function createLeasedEffect(request: EffectRequest, lease: string) {
  return { ...askEffect(request), attempts: 0, lease, leased_at: FieldValue.serverTimestamp() };
}

/**
 * Asked for, perhaps again: due, while its lease and its tries stay as they are. The count makes each a change: Firestore
 * keeps the update time of a document whose write changed nothing, and its holder would not notice.
 */
export function askEffect({ effect, dueAt }: EffectRequest) {
  return {
    effect: addingEvents(effect),
    queue: queueOf(effect),
    due_at: stamp(dueAt),
    asked_at: stamp(dueAt),
    asked: FieldValue.increment(1),
  };
}

/** `askedAgain` of the domain as Firestore does it by itself: merged, the events come after those that are there. */
function addingEvents(effect: Effect): object {
  if (!("eventIds" in effect)) return effect;
  const { eventIds, ...rest } = effect;
  return eventIds.length === 0 ? rest : { ...rest, eventIds: FieldValue.arrayUnion(...eventIds) };
}

export function takeLease(lease: string) {
  return { lease, leased_at: FieldValue.serverTimestamp() };
}

export const NO_LEASE = { lease: null, leased_at: null };
