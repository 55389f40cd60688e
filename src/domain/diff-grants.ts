import type { RevocationReason } from "./access.ts";
import type { Desired } from "./desired-grants.ts";
import type { PurchaseId } from "./ids.ts";
import { same } from "./same.ts";
import type { Slot, Target } from "./slot.ts";

/** What must change so that a customer's slots are what a purchase wants. */
export type Command =
  | { readonly kind: "close"; readonly slot: Slot; readonly target: Target }
  | { readonly kind: "retarget"; readonly slot: Slot; readonly target: Target }
  | { readonly kind: "open"; readonly desired: Desired };

/**
 * @param owned The purchases that speak here: the one synced, and the one whose place it takes. Slots that other
 *   purchases aim at are left alone: an older token of the chain has no say over its successor's access.
 * @param dropped Why slots end that the purchase doesn't name any more.
 * @returns Revokes first: at a plan change every old row ends before the first new one begins.
 */
export function diffGrants(
  desired: readonly Desired[],
  slots: readonly Slot[],
  owned: ReadonlySet<PurchaseId>,
  dropped: RevocationReason = "plan_changed",
): Command[] {
  const isOwned = ({ target }: Slot) => target.purchaseId !== null && owned.has(target.purchaseId);
  const wishes = new Map(desired.map((wish) => [wish.slotId, wish]));
  const known = new Map(slots.map((slot) => [slot.id, slot]));
  const closes: Command[] = [];
  const others: Command[] = [];
  for (const slot of slots) {
    if (!isOwned(slot) || wishes.has(slot.id)) continue;
    const target = droppedTarget(slot, dropped);
    if (!same(slot.target, target)) closes.push({ kind: "close", slot, target });
  }
  for (const wish of desired) {
    const slot = known.get(wish.slotId);
    const active = wish.target.access.kind === "active";
    if (slot === undefined) {
      if (active) others.push({ kind: "open", desired: wish });
      continue;
    }
    const target = keepReason(slot, wish.target);
    if ((isOwned(slot) || active) && !same(slot.target, target)) {
      const command: Command = { kind: active ? "retarget" : "close", slot, target };
      (active ? others : closes).push(command);
    }
  }
  return [...closes, ...others];
}

/** What has ended keeps the reason given first. */
function keepReason({ target: { access } }: Slot, target: Target): Target {
  return access.kind === "ended" && target.access.kind === "ended" ? { ...target, access } : target;
}

/** A slot that its purchase no longer gives at all. What has ended already keeps its reason. */
export function droppedTarget({ target }: Slot, reason: RevocationReason): Target {
  if (target.access.kind === "ended") return target;
  return { ...target, access: { kind: "ended", reason, detail: null }, productIds: [], willRenew: false };
}
