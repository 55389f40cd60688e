import type { DocumentSnapshot, Firestore, QueryDocumentSnapshot, Timestamp } from "@google-cloud/firestore";
import type { EffectId } from "../../domain/ids.ts";
import type { LeasedEffect, Outbox } from "../../ports.ts";
import type { EffectVersions, StoreOptions } from "../shared/optimistic-store.ts";
import { stamp } from "./documents.ts";
import { guarded } from "./errors.ts";
import { sameAs, untilWon, writeIfSame } from "./guarded-writes.ts";
import {
  NO_LEASE,
  type OutboxDocument,
  readDueAt,
  readOutboxDocument,
  takeLease,
  tryReadOutboxDocument,
} from "./outbox-documents.ts";
import { paths } from "./paths.ts";

/** Effects that others hold stand at the head of the queue until they are done: read past so many of them. */
const HELD_BY_OTHERS = 200;

/**
 * The outbox in Firestore. A lease is a mark with the server's time; its age is that of the reading server's clock, so
 * no clock of ours decides who may run what.
 */
export function createFirestoreOutbox(
  db: Firestore,
  versions: EffectVersions<Timestamp>,
  options: StoreOptions,
): Outbox {
  const { outbox } = paths(db);
  const refOf = (effect: LeasedEffect) => outbox.doc(effect.id);

  const leased = (
    id: EffectId,
    data: OutboxDocument,
    lease: string,
    since: number,
    version: Timestamp,
  ): LeasedEffect => {
    const effect: LeasedEffect = {
      id,
      effect: data.effect,
      lease,
      attempts: data.attempts,
      askedAt: data.asked_at,
      leasedUntil: since + options.leaseMs,
    };
    versions.set(effect, version);
    return effect;
  };

  const lease = async ({ snapshot, data }: Due): Promise<LeasedEffect | null> => {
    const mark = options.newLease();
    const since = options.clock.monotonic();
    const written = await writeIfSame(() =>
      snapshot.ref.update(takeLease(mark), { lastUpdateTime: snapshot.updateTime }),
    );
    return written === null ? null : leased(snapshot.id as EffectId, data, mark, since, written.writeTime);
  };

  /** Changes the effect if it is as we know it; if it was asked for again in the meantime, `again` says what then. */
  const settle = async (
    effect: LeasedEffect,
    first: (version: Timestamp) => Promise<unknown>,
    again: (snapshot: DocumentSnapshot) => Promise<unknown>,
  ): Promise<void> => {
    const version = versions.get(effect);
    if (version !== undefined && (await writeIfSame(() => first(version))) !== null) return;
    // It may be asked for again between reading and writing, too: a lease that nobody works under must not stay.
    await untilWon(async () => {
      const snapshot = await guarded(() => refOf(effect).get());
      if (!snapshot.exists || readOutboxDocument(snapshot.data()).lease !== effect.lease) return DONE;
      return (await writeIfSame(() => again(snapshot))) === null ? null : DONE;
    });
  };

  return {
    async lease(now, limit, queue) {
      const waiting = queue === undefined ? outbox : outbox.where("queue", "==", queue);
      const query = waiting
        .where("due_at", "<=", stamp(now))
        .orderBy("due_at")
        .limit(limit + HELD_BY_OTHERS);
      const { docs } = await guarded(() => query.get());
      const free = docs.flatMap((doc) => dueOf(doc, options.leaseMs)).slice(0, limit);
      const taken = await Promise.all(free.map(lease));
      return taken.filter((effect) => effect !== null);
    },

    async renew(effect) {
      const ref = refOf(effect);
      const snapshot = await guarded(() => ref.get());
      const version = snapshot.updateTime;
      const data = snapshot.exists ? readOutboxDocument(snapshot.data()) : null;
      if (data?.lease !== effect.lease || version === undefined) return null;
      const since = options.clock.monotonic();
      const written = await writeIfSame(() =>
        ref.update(takeLease(effect.lease), { lastUpdateTime: version }),
      );
      if (written === null) return null;
      const renewed = leased(effect.id, data, effect.lease, since, written.writeTime);
      // Asked for again before this: it must stay so, and without a version it can't be finished.
      if (versions.get(effect)?.isEqual(version) !== true) versions.delete(renewed);
      return renewed;
    },

    async finish(effect) {
      let again: LeasedEffect | null = null;
      await settle(
        effect,
        (version) => refOf(effect).delete({ lastUpdateTime: version }),
        async (snapshot) => {
          const data = readOutboxDocument(snapshot.data());
          const isDue = data.due_at <= options.clock.now();
          const since = options.clock.monotonic();
          const change = isDue ? takeLease(effect.lease) : NO_LEASE;
          const { writeTime } = await refOf(effect).update(change, sameAs(snapshot));
          if (isDue) again = leased(effect.id, data, effect.lease, since, writeTime);
        },
      );
      return again;
    },

    postpone: (effect, dueAt, error) => {
      const tried = { ...NO_LEASE, attempts: effect.attempts + 1, last_error: error };
      return settle(
        effect,
        (version) => refOf(effect).update({ ...tried, due_at: stamp(dueAt) }, { lastUpdateTime: version }),
        (snapshot) => refOf(effect).update(tried, sameAs(snapshot)),
      );
    },

    async backlog(now) {
      const due = outbox.where("due_at", "<=", stamp(now));
      const [count, first] = await guarded(() =>
        Promise.all([due.count().get(), due.orderBy("due_at").limit(1).get()]),
      );
      const oldest = first.docs[0];
      return {
        due: count.data().count,
        oldestDueAt: oldest === undefined ? null : readDueAt(oldest.data()),
      };
    },
  };
}

const DONE = { value: undefined };

interface Due {
  readonly snapshot: QueryDocumentSnapshot;
  readonly data: OutboxDocument;
}

/** Nothing where somebody holds it, or can't be read: that is left to whoever can, and shows in the backlog. */
function dueOf(snapshot: QueryDocumentSnapshot, leaseMs: number): Due[] {
  const data = tryReadOutboxDocument(snapshot.data());
  return data === null || isHeld(snapshot, data, leaseMs) ? [] : [{ snapshot, data }];
}

function isHeld(
  snapshot: QueryDocumentSnapshot,
  { lease, leased_at }: OutboxDocument,
  leaseMs: number,
): boolean {
  if (lease == null || leased_at == null) return false;
  return snapshot.readTime.toMillis() - leased_at.toMillis() < leaseMs;
}
