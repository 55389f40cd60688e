import type { Grant } from "./grant.ts";
import { type CustomerId, type EventId, eventId } from "./ids.ts";
import type { Instant } from "./instant.ts";

/** The four events of a grant. No other file names them. */
export const grantEventTypes = [
  "entitlement_grant.created",
  "entitlement_grant.delivered",
  "entitlement_grant.failed",
  "entitlement_grant.revoked",
] as const;

export type GrantEventType = (typeof grantEventTypes)[number];

/** Something the owner's systems will hear of: the row as it was when it happened. */
export interface GrantEvent {
  readonly id: EventId;
  readonly type: GrantEventType;
  readonly occurredAt: Instant;
  readonly grant: Grant;
}

/** What happened to whom, each customer's in the order given. */
export function eventIdsByCustomer(events: readonly GrantEvent[]): [CustomerId, EventId[]][] {
  const byCustomer = Map.groupBy(events, ({ grant }) => grant.customerId);
  return [...byCustomer].map(([customerId, theirs]) => [customerId, theirs.map(({ id }) => id)]);
}

/**
 * The events of one commit in their order: what ends comes before what begins, so that at a plan change every `revoked` is
 * told before the first `created`; of one grant its life, in its order.
 */
export function inCommitOrder(events: readonly GrantEvent[]): GrantEvent[] {
  const born = new Set(
    events.filter(({ type }) => type === "entitlement_grant.created").map(({ grant }) => grant.id),
  );
  const place = ({ type, grant }: GrantEvent) =>
    type === "entitlement_grant.revoked" && !born.has(grant.id) ? -1 : grantEventTypes.indexOf(type);
  const grants = [...new Set(events.map(({ grant }) => grant.id))];
  return [...events].sort((a, b) => {
    const [first, second] = [place(a), place(b)];
    if (first === -1 || second === -1) return first - second;
    return grants.indexOf(a.grant.id) - grants.indexOf(b.grant.id) || first - second;
  });
}

/**
 * The events of one change of a row, in the order in which they happened. Their ids derive from grant and type and are
 * written create-only, so that a grant has each at most once (entitlement-grants.md section 3).
 */
export function grantEvents(before: Grant | null, after: Grant, now: Instant): GrantEvent[] {
  const types: GrantEventType[] = [];
  if (before === null) types.push("entitlement_grant.created");
  if (before?.status !== after.status) {
    if (after.status === "Delivered") types.push("entitlement_grant.delivered");
    if (after.status === "Failed") types.push("entitlement_grant.failed");
    if (after.status === "Revoked") types.push("entitlement_grant.revoked");
  }
  return types.map((type) => ({
    id: eventId(after.id, type.slice("entitlement_grant.".length)),
    type,
    occurredAt: now,
    grant: after,
  }));
}
