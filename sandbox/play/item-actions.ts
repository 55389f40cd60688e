import { DAY } from "../clock.ts";
import { chargeAgain } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import { isOver, newItem, renewing } from "./line-items.ts";
import type { LineItem, Subscription } from "./model.ts";
import { moneyOf } from "./money.ts";
import { type Outcome, one } from "./outcome.ts";
import { endItem, refund } from "./refunds.ts";
import { Conflict, change, type World } from "./world.ts";

const MOST_ITEMS = 50;

/** An add-on joins: paid up to the renewal date of the others, with which it renews from then on. */
export function addItem(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const { productId, basePlanId = "monthly" } = input;
  const [base] = renewing(purchase);
  if (productId === undefined) throw new Conflict("add_item needs product_id");
  if (purchase.prepaid || base === undefined)
    throw new Conflict("only an auto-renewing purchase takes add-ons");
  if (purchase.items.length >= MOST_ITEMS) throw new Conflict(`a purchase has at most ${MOST_ITEMS} items`);
  if (purchase.items.some((item) => item.productId === productId && !isOver(item, world.now()))) {
    throw new Conflict(`${productId} is one of its items already`);
  }
  const price = moneyOf(input.price, 59);
  const item = newItem({ productId, basePlanId, price, periodMs: base.periodMs, autoRenew: true });
  change(world, purchase, () => {
    item.paidUntil = base.paidUntil;
    purchase.items.push(item);
    chargeAgain(world, purchase, [item]);
  });
  return one(world, purchase, "ITEMS_CHANGED");
}

/** An add-on is given up: it runs to its own expiry and leaves then. */
export function removeItem(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const item = ofPurchase(renewing(purchase), input.productId);
  if (renewing(purchase).length === 1) throw new Conflict("the last item cannot be removed: cancel");
  change(world, purchase, () => {
    item.autoRenew = false;
    item.removed = true;
  });
  return one(world, purchase, "ITEMS_CHANGED");
}

/** A removed add-on is over while no other renews. */
export function dropRemoved(world: World, purchase: Subscription): Outcome {
  change(world, purchase, () => {
    purchase.items = purchase.items.filter((item) => !item.removed || !isOver(item, world.now()));
  });
  return one(world, purchase, "ITEMS_CHANGED");
}

/**
 * One item ends now and its money goes back; the rest goes on. Which notice that sends is UNCONFIRMED, so it is 12,
 * the one that does harm if it is taken for the whole purchase (facts section 3: confirm per item first).
 */
export function revokeItem(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const at = world.now();
  const live = purchase.items.filter((item) => !isOver(item, at));
  const item = ofPurchase(live, input.productId);
  if (live.length === 1) return { notices: refund(world, purchase, { source: 1 }) };
  const order = world.orders.get(item.orderId ?? "");
  change(world, purchase, () => endItem(item, at));
  if (order?.state === "PROCESSED") {
    order.state = "PARTIALLY_REFUNDED";
    order.refunds.push({ at, quantity: 1, chargeback: false });
  }
  return one(world, purchase, "REVOKED");
}

function ofPurchase(items: LineItem[], productId: string | undefined): LineItem {
  const item = items.find((candidate) => candidate.productId === productId);
  if (item !== undefined) return item;
  throw new Conflict(`product_id: one of ${items.map((other) => other.productId).join(", ")}`);
}

/** Moves the expiry without money (facts section 7). */
export function defer(world: World, purchase: Subscription, byMs: number): Outcome {
  change(world, purchase, () => {
    for (const item of purchase.items) {
      if (item.paidUntil === null) continue;
      item.paidUntil = item.expiresAt = (item.expiresAt ?? item.paidUntil) + byMs;
    }
  });
  return one(world, purchase, "DEFERRED");
}

export const deferAction = (world: World, purchase: Subscription, { days = 1 }: ActionInput): Outcome => {
  if (days < 1 || days > 365) throw new Conflict("defer: 1 day to 1 year");
  return defer(world, purchase, days * DAY);
};
