import { chargeAgain } from "./charge.ts";
import { goingOn, isOver, periodOf, renewing } from "./line-items.ts";
import type { LineItem, Subscription } from "./model.ts";
import { Conflict, type World } from "./world.ts";

/** `upTo`: only items whose paid time ends by then; `fromNow`: a new period starts today (out of hold or pause). */
export type Renewal = { upTo?: number; fromNow?: boolean };

/**
 * One more charge for all that is due: items renew, a DEFERRED plan change takes effect, removed items leave, and
 * the purchase is ACTIVE without worries.
 */
export function chargeDue(world: World, purchase: Subscription, how: Renewal = {}): void {
  const at = world.now();
  const upTo = how.upTo ?? Number.POSITIVE_INFINITY;
  const due = renewing(purchase).filter((item) => (item.paidUntil ?? 0) <= upTo);
  const old = goingOn(purchase).filter((item) => item.becomes !== null && (item.paidUntil ?? 0) <= upTo);
  if (due.length + old.length === 0) throw new Conflict("no item of this purchase renews");
  for (const item of due) renewItem(item, how.fromNow ? null : item.paidUntil, at);
  const switched = old.flatMap((item) => switchOver(purchase, item, at));
  purchase.items = purchase.items.filter((item) => !item.removed || !isOver(item, at));
  countInstalment(purchase);
  chargeAgain(world, purchase, [...due, ...switched]);
  settle(purchase);
}

/** The renewal date stays: a period is added to what is paid, also when it comes late, in grace. */
function renewItem(item: LineItem, paidUntil: number | null, at: number): void {
  turnPhase(item);
  applyPrices(item, item.paidUntil ?? at);
  const end = (paidUntil ?? at) + periodOf(item);
  item.paidUntil = end > at ? end : at + periodOf(item);
}

function turnPhase(item: LineItem): void {
  const [phase, ...later] = item.phases;
  if (phase === undefined) return;
  item.phases = phase.cycles > 1 ? [{ ...phase, cycles: phase.cycles - 1 }, ...later] : later;
}

/** A new price that is agreed to is charged from its renewal on. */
function applyPrices(item: LineItem, renewsAt: number): void {
  const { priceChange, stepUp } = item;
  if (priceChange?.state === "CONFIRMED" && priceChange.chargeAt <= renewsAt) {
    item.price = priceChange.newPrice;
    item.priceChange = { ...priceChange, state: "APPLIED" };
  }
  if (stepUp?.state === "CONFIRMED" && stepUp.deadline <= renewsAt) {
    item.price = stepUp.newPrice;
    item.stepUp = { ...stepUp, state: "COMPLETED" };
  }
}

/** The new item starts where the old one ends (facts section 9). */
function switchOver(purchase: Subscription, old: LineItem, at: number): LineItem[] {
  const next = purchase.items.find((item) => item.paidUntil === null && item.productId === old.becomes);
  if (next === undefined) return [];
  old.becomes = null;
  old.expiresAt = Math.min(old.expiresAt ?? at, at);
  next.paidUntil = at + periodOf(next);
  return [next];
}

/** After the commitment the next one begins, as long as the plan says (facts section 9). */
function countInstalment({ instalments }: Subscription): void {
  if (instalments === null) return;
  if (instalments.remaining === 0) instalments.remaining = instalments.subsequent;
  instalments.remaining -= 1;
}

function settle(purchase: Subscription): void {
  purchase.state = "ACTIVE";
  purchase.declining = null;
  purchase.graceUntil = null;
  purchase.holdUntil = null;
  purchase.resumesAt = null;
  for (const item of purchase.items) item.declined = false;
}
