import type { DocumentReference, Firestore, Timestamp, WriteBatch } from "@google-cloud/firestore";
import type { EffectRequest } from "../../domain/effect.ts";
import type { WebhookDelivery } from "../../domain/webhook-delivery.ts";
import type { LeasedEffect, WebhookRecords } from "../../ports.ts";
import { askedOnce } from "../shared/asked-once.ts";
import { bornLeased, type EffectVersions, type StoreOptions } from "../shared/optimistic-store.ts";
import { writeDelivery } from "./documents.ts";
import { guarded } from "./errors.ts";
import { untilWon, writeIfSame } from "./guarded-writes.ts";
import { askEffect, createLeasedEffect } from "./outbox-documents.ts";
import { paths } from "./paths.ts";

/** Firestore takes as much as 10 MiB at once: a delivery that is new has no attempts, and so is small. */
const MAX_WRITES = 400;

/** One document of a plan. */
interface Planned {
  readonly ref: DocumentReference;
  /** @returns The effect, where it is leased with this. */
  readonly add: (batch: WriteBatch, isThere: boolean) => EffectRequest | null;
}

/** Puts deliveries down with their effects: all are taken for new at first, and looked for only where one is not. */
export function createPlan(
  db: Firestore,
  versions: EffectVersions<Timestamp>,
  options: StoreOptions,
): WebhookRecords["plan"] {
  const at = paths(db);

  const planDelivery = (delivery: WebhookDelivery): Planned => {
    const ref = at.webhookDeliveries.doc(delivery.id);
    const add = (batch: WriteBatch, isThere: boolean) => {
      if (!isThere) batch.create(ref, writeDelivery(delivery, options.clock.now()));
      return null;
    };
    return { ref, add };
  };

  const planEffect = (request: EffectRequest, lease: string | null): Planned => {
    const ref = at.outbox.doc(request.id);
    const add = (batch: WriteBatch, isThere: boolean) => {
      if (lease === null || isThere || request.dueAt > options.clock.now()) {
        batch.set(ref, askEffect(request), { merge: true });
        return null;
      }
      batch.create(ref, createLeasedEffect(request, lease));
      return request;
    };
    return { ref, add };
  };

  const commit = (planned: readonly Planned[], lease: string | null): Promise<LeasedEffect[]> => {
    let there: ReadonlySet<string> = new Set();
    return untilWon(async () => {
      const batch = db.batch();
      const mine = planned.flatMap(({ ref, add }) => add(batch, there.has(ref.path)) ?? []);
      const leasedUntil = options.clock.monotonic() + options.leaseMs;
      const written = await writeIfSame(() => batch.commit());
      if (written === null) {
        there = await found(db, planned);
        return null;
      }
      const leased = mine.map((request) => bornLeased(request, lease ?? "", leasedUntil));
      const [first] = written;
      if (first !== undefined) for (const effect of leased) versions.set(effect, first.writeTime);
      return { value: leased };
    });
  };

  return async (deliveries, effects, run) => {
    const lease = run ? options.newLease() : null;
    // Effects come last: when one runs, the deliveries that it is about are there.
    const planned = [
      ...new Map(deliveries.map((delivery) => [delivery.id, planDelivery(delivery)])).values(),
      ...askedOnce(effects).map((request) => planEffect(request, lease)),
    ];
    const leased: LeasedEffect[] = [];
    for (let start = 0; start < planned.length; start += MAX_WRITES)
      leased.push(...(await commit(planned.slice(start, start + MAX_WRITES), lease)));
    return leased;
  };
}

async function found(db: Firestore, planned: readonly Planned[]): Promise<ReadonlySet<string>> {
  const refs = planned.map(({ ref }) => ref);
  const snapshots = await guarded(() => db.getAll(...refs, { fieldMask: ["due_at"] }));
  return new Set(snapshots.filter(({ exists }) => exists).map(({ ref }) => ref.path));
}
