import { changeSlots, type FileChange } from "./apply-commands.ts";
import { desiredGrants, type Policy } from "./desired-grants.ts";
import { droppedTarget } from "./diff-grants.ts";
import { type CustomerFile, slotsOf } from "./entitlements.ts";
import type { CustomerId, PurchaseId, SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { PurchaseRecord } from "./purchase-file.ts";
import { retarget } from "./slot-rows.ts";

/** A purchase moves to another customer: all that it gave the former one ends there (entitlement-grants.md section 8, 5). */
export function takeAway(former: CustomerFile, owned: ReadonlySet<PurchaseId>, now: Instant): FileChange {
  const given = slotsOf(former).filter(
    ({ target }) => target.purchaseId !== null && owned.has(target.purchaseId),
  );
  const changes = given.map((slot) => retarget(slot, droppedTarget(slot, "manual"), now));
  return changeSlots(former, changes, now);
}

/**
 * What a person took away, or switched off where it is kept, stays away, also when the purchase moves: else a transfer
 * would undo it.
 *
 * @returns The traces of closed slots, with those of the new owner marked as blocked whose former ones were.
 */
export function moveBlocks(
  next: PurchaseRecord,
  left: FileChange,
  to: CustomerId,
  policy: Policy,
  now: Instant,
): PurchaseRecord["closed"] {
  const wanted = (customerId: CustomerId) => desiredGrants(next, customerId, left.changed, policy, now);
  const theirs = wanted(left.customer.customerId);
  const ours = wanted(to);
  const closed = { ...next.closed };
  for (const [index, { slotId }] of ours.entries()) {
    const before = theirs[index]?.slotId;
    if (before === undefined || !isBlocked(before, left, next)) continue;
    closed[slotId] = { generation: 0, attempts: 0, ...closed[slotId], blocked: true };
  }
  return closed;
}

function isBlocked(id: SlotId, left: FileChange, { closed }: PurchaseRecord): boolean {
  const slot = left.changed.find((each) => each.id === id);
  return slot === undefined ? (closed[id]?.blocked ?? false) : slot.blocked || slot.disabled;
}
