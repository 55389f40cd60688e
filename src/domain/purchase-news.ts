import { formatInstant } from "./instant.ts";
import { leadingItem, type Purchase, type PurchaseState } from "./purchase.ts";
import type { PurchaseRecord } from "./purchase-file.ts";

type Answered = PurchaseRecord & { readonly answer: Purchase };

/**
 * What is new about a purchase, for the people who read its history: `active → on_hold`, `active; paid by GPA.1..2; until
 * 2026-12-22T…`. Order ids and ids of ours: no token, no key.
 */
export function purchaseNews(before: PurchaseRecord | null, after: Answered): string {
  const { state } = after.answer;
  const last = before?.answer?.state ?? "new";
  const change = last === state ? state : `${last} → ${state}`;
  return [change, ...(before === null ? [] : details(before, after))].join("; ");
}

function details(before: PurchaseRecord, after: Answered): string[] {
  const { customerId, observations } = after;
  const paid = after.orderIds.filter((orderId) => !before.orderIds.includes(orderId));
  const voided = observations.voided.filter((order) => !before.observations.voided.includes(order));
  const replaced = observations.supersededBy !== before.observations.supersededBy;
  return [
    ...(before.customerId === customerId ? [] : [ownerNews(before, after)]),
    ...(before.answer === null ? [] : paid.map((orderId) => `paid by ${orderId}`)),
    ...endNews(before, after),
    ...voided.map(({ orderId, extent }) => `refund of ${orderId ?? "all"}, ${extent}`),
    ...(replaced ? [`replaced by ${observations.supersededBy}`] : []),
    ...(after.answer.acknowledged && before.answer?.acknowledged === false ? ["acknowledged"] : []),
  ];
}

function ownerNews(before: PurchaseRecord, { customerId }: Answered): string {
  return before.customerId === null
    ? `claimed by ${customerId}`
    : `moved from ${before.customerId} to ${customerId}`;
}

/** Of one that is over or on hold, its end says nothing. */
const RUNNING: ReadonlySet<PurchaseState> = new Set(["active", "in_grace_period", "canceled"]);

function endNews({ answer: last }: PurchaseRecord, { answer }: Answered): string[] {
  const end = leadingItem(answer)?.expiresAt ?? null;
  const moved = last !== null && leadingItem(last)?.expiresAt !== end;
  return moved && end !== null && RUNNING.has(answer.state) ? [`until ${formatInstant(end)}`] : [];
}
