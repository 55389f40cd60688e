import { accessOfItem, isIgnored, type Policy } from "./desired-grants.ts";
import { type EffectRequest, requestEffect } from "./effect.ts";
import { fulfilments } from "./file-writes.ts";
import { type PurchaseId, purchaseId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { PurchaseRecord } from "./purchase-file.ts";
import type { Slot } from "./slot.ts";

/** What a sync has come to. */
export interface SyncChange {
  readonly before: PurchaseRecord | null;
  readonly purchase: PurchaseRecord;
  readonly retired: PurchaseRecord | null;
  /** Slots that changed, of whatever customer. */
  readonly changed: readonly Slot[];
  readonly policy: Policy;
  readonly now: Instant;
}

/** What has to be done outside after the commit of a sync. */
export function effectsOf(change: SyncChange): EffectRequest[] {
  const { purchase, changed, policy, now } = change;
  const effects = fulfilments(changed, now);
  if (isDueAtGoogle(purchase, policy, now)) {
    effects.push(requestEffect({ kind: "acknowledge_purchase", purchaseId: purchase.id }, now));
  }
  for (const purchaseId of othersToSync(change)) {
    effects.push(requestEffect({ kind: "sync_purchase", purchaseId }, now));
  }
  return effects;
}

/**
 * Purchases that this one changes something for, and whose own sync has to draw the consequences: one it has retired, if
 * there is more to it or its slots are in somebody else's file, and its successor, once its owner comes to light.
 */
function othersToSync({ before, purchase, retired }: SyncChange): PurchaseId[] {
  const others: PurchaseId[] = [];
  const spared = sparedByCancellation(before, purchase);
  if (spared !== null) others.push(spared);
  if (retired !== null && (isUnfinished(retired) || retired.customerId !== purchase.customerId)) {
    others.push(retired.id);
  }
  const successor = purchase.observations.supersededBy;
  if (successor !== null && before?.customerId === null && purchase.customerId !== null)
    others.push(successor);
  return others;
}

/** A plan change that was waiting for its payment is called off: the old subscription goes on (google-play.md section 3, 20). */
function sparedByCancellation(
  before: PurchaseRecord | null,
  { answer, packageName }: PurchaseRecord,
): PurchaseId | null {
  const calledOff = answer?.state === "pending_purchase_canceled" && before?.answer?.state !== answer.state;
  return calledOff && answer.replaces !== null ? purchaseId(packageName, answer.replaces) : null;
}

/** Never seen, or still waiting to take the place of another token. */
function isUnfinished({ answer, replaced }: PurchaseRecord): boolean {
  return answer === null || (answer.replaces !== null && replaced === null);
}

/**
 * Must Google be told that this purchase was granted? Only with a customer and with access, never while pending
 * (google-play.md section 8): a consumable is consumed, everything else acknowledged.
 */
export function isDueAtGoogle(record: PurchaseRecord, policy: Policy, now: Instant): boolean {
  const { answer } = record;
  if (answer === null || record.customerId === null || isIgnored(answer, policy)) return false;
  const open = answer.items.some((item) => accessOfItem(record, item, policy, now)?.kind === "active");
  return open && (!answer.acknowledged || needsConsuming(record, policy));
}

/** A consumable that Google still counts as owned can't be bought again. */
export function needsConsuming(record: PurchaseRecord, policy: Policy): boolean {
  return (record.answer?.items ?? []).some(
    (item) =>
      !item.consumed && policy.catalog.product(record.packageName, item.productId)?.consumable === true,
  );
}
