import { askedAgain, type EffectRequest, queueOf } from "../../domain/effect.ts";
import type { EffectId } from "../../domain/ids.ts";
import type { LeasedEffect, Outbox } from "../../ports.ts";
import type { EffectVersions, StoreOptions } from "../shared/optimistic-store.ts";
import type { MemoryTables, OutboxRow } from "./tables.ts";

/** The outbox of the memory store: the rules of Firestore's, on this process's own clock. */
export function createOutbox(
  { outbox }: MemoryTables,
  counter: { last: number },
  versions: EffectVersions<number>,
  { clock, leaseMs, newLease }: StoreOptions,
): Outbox {
  const isHeld = ({ lease, leasedAt }: OutboxRow) => lease !== null && clock.monotonic() - leasedAt < leaseMs;
  const put = (id: string, value: OutboxRow): number => {
    counter.last += 1;
    outbox.set(id, { value, version: counter.last });
    return counter.last;
  };
  const take = (id: EffectId, row: OutboxRow, lease: string): LeasedEffect => {
    const leasedAt = clock.monotonic();
    const { effect, attempts, askedAt } = row;
    const leased: LeasedEffect = { id, effect, lease, attempts, askedAt, leasedUntil: leasedAt + leaseMs };
    versions.set(leased, put(id, { ...row, lease, leasedAt }));
    return leased;
  };
  const mine = (leased: LeasedEffect) => {
    const row = outbox.get(leased.id);
    return row?.value.lease === leased.lease ? row : undefined;
  };
  return {
    lease: async (now, limit, queue) =>
      [...outbox]
        .filter(([, { value }]) => queue === undefined || queueOf(value.effect) === queue)
        .filter(([, { value }]) => value.dueAt <= now && !isHeld(value))
        .sort(([, a], [, b]) => a.value.dueAt - b.value.dueAt)
        .slice(0, limit)
        .map(([id, { value }]) => take(id as EffectId, value, newLease())),
    renew: async (leased) => {
      const row = mine(leased);
      if (row === undefined) return null;
      const renewed = take(leased.id, row.value, leased.lease);
      // Asked for again before this: it must stay so, and without a version it can't be finished.
      if (row.version !== versions.get(leased)) versions.delete(renewed);
      return renewed;
    },
    finish: async (leased) => {
      const row = mine(leased);
      if (row === undefined) return null;
      if (row.version === versions.get(leased)) outbox.delete(leased.id);
      else if (row.value.dueAt <= clock.now()) return take(leased.id, row.value, leased.lease);
      else put(leased.id, { ...row.value, lease: null });
      return null;
    },
    postpone: async (leased, dueAt, lastError) => {
      const row = mine(leased);
      if (row === undefined) return;
      const due = row.version === versions.get(leased) ? dueAt : row.value.dueAt;
      put(leased.id, { ...row.value, lease: null, attempts: leased.attempts + 1, dueAt: due, lastError });
    },
    backlog: async (now) => {
      const due = [...outbox.values()].map(({ value }) => value.dueAt).filter((dueAt) => dueAt <= now);
      return { due: due.length, oldestDueAt: due.length === 0 ? null : Math.min(...due) };
    },
  };
}

/** Asked for, perhaps again: due, while its lease and its tries stay as they are. */
export function ask({ outbox }: MemoryTables, { id, effect, dueAt }: EffectRequest, version: number): void {
  const before = outbox.get(id)?.value;
  const kept = before ?? { attempts: 0, lease: null, leasedAt: 0, lastError: null };
  const asked = { effect: askedAgain(before?.effect, effect), dueAt, askedAt: dueAt };
  outbox.set(id, { value: { ...kept, ...asked }, version });
}

/** Created with its lease: whoever commits runs it. */
export function putLeased(
  { outbox }: MemoryTables,
  { id, effect, dueAt }: EffectRequest,
  held: Pick<OutboxRow, "lease" | "leasedAt">,
  version: number,
): void {
  const value = { effect, dueAt, askedAt: dueAt, attempts: 0, lastError: null, ...held };
  outbox.set(id, { value, version });
}
