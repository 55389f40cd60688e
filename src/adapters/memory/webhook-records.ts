import type { EffectRequest } from "../../domain/effect.ts";
import type { GrantEvent } from "../../domain/grant-events.ts";
import type { EventPosition, LeasedEffect, WebhookRecords } from "../../ports.ts";
import { askedOnce } from "../shared/asked-once.ts";
import { bornLeased, type EffectVersions, type StoreOptions } from "../shared/optimistic-store.ts";
import { ask, putLeased } from "./outbox.ts";
import { paginate } from "./paging.ts";
import type { MemoryTables } from "./tables.ts";

/** What is kept of webhooks: the rules of Firestore's. */
export function createWebhookRecords(
  tables: MemoryTables,
  counter: { last: number },
  versions: EffectVersions<number>,
  { clock, leaseMs, newLease }: StoreOptions,
): WebhookRecords {
  const { endpoints, deliveries, events, audit: history } = tables;

  const put = (effects: readonly EffectRequest[], lease: string | null): LeasedEffect[] => {
    counter.last += 1;
    const leasedAt = clock.monotonic();
    return effects.flatMap((request) => {
      const mine = lease !== null && request.dueAt <= clock.now() && !tables.outbox.has(request.id);
      if (!mine) {
        ask(tables, request, counter.last);
        return [];
      }
      putLeased(tables, request, { lease, leasedAt }, counter.last);
      const leased = bornLeased(request, lease, leasedAt + leaseMs);
      versions.set(leased, counter.last);
      return [leased];
    });
  };

  return {
    endpoints: async () => [...endpoints.values()],
    endpoint: async (id) => endpoints.get(id) ?? null,
    listEndpoints: async (page) => paginate(endpoints.values(), ({ createdAt }) => createdAt, page),
    addEndpoint: async (endpoint, audit) => {
      if (endpoints.has(endpoint.id)) return;
      endpoints.set(endpoint.id, endpoint);
      history.push(audit);
    },
    changeEndpoint: async (id, change, audit) => {
      const [endpoint, changed] = changeRow(endpoints, id, change);
      if (changed && audit !== null) history.push(audit);
      return endpoint;
    },
    removeEndpoint: async (id, audit) => {
      const removed = endpoints.delete(id);
      if (removed) history.push(audit);
      return removed;
    },
    // Put in as they were committed.
    events: async (ids) => {
      const wanted = new Set(ids);
      return [...events.values()].filter(({ id }) => wanted.has(id));
    },
    eventsSince: async (from, limit) =>
      [...events.values()]
        .filter((event) => isAfter(event, from))
        .sort((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    deliveries: async (ids) => ids.flatMap((id) => deliveries.get(id) ?? []),
    listDeliveries: async (endpoint, page) => {
      const rows = [...deliveries.values()].filter(({ endpointId }) => endpointId === endpoint);
      return paginate(rows, ({ createdAt }) => createdAt, page);
    },
    plan: async (planned, effects, run) => {
      for (const delivery of planned) if (!deliveries.has(delivery.id)) deliveries.set(delivery.id, delivery);
      return put(askedOnce(effects), run ? newLease() : null);
    },
    changeDelivery: async (id, change, effects) => {
      const [delivery, changed] = changeRow(deliveries, id, change);
      if (changed) put(effects, null);
      return delivery;
    },
  };
}

/** @returns The row as it stands then, and whether it changed. */
function changeRow<T>(
  table: Map<string, T>,
  id: string,
  change: (row: T) => T,
): readonly [row: T | null, changed: boolean] {
  const before = table.get(id);
  if (before === undefined) return [null, false];
  const after = change(before);
  if (after !== before) table.set(id, after);
  return [after, after !== before];
}

function isAfter({ id, occurredAt }: GrantEvent, { at, after }: EventPosition): boolean {
  if (occurredAt !== at) return occurredAt > at;
  return after === null || id > after;
}
