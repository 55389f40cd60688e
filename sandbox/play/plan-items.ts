import { DAY } from "../clock.ts";
import type { ActionInput } from "./inputs.ts";
import { testPeriod } from "./lengths.ts";
import { goingOn, isOver, newItem, started } from "./line-items.ts";
import type { LineItem, Subscription } from "./model.ts";
import { moneyOf } from "./money.ts";
import { Conflict } from "./world.ts";

/** The plan and not an add-on: the first item that goes on, else the last one that is paid for. */
export function changed(old: Subscription, at: number): LineItem | undefined {
  const paid = started(old);
  return goingOn(old)[0] ?? paid.find((item) => !isOver(item, at)) ?? paid.at(-1);
}

/** Add-ons stay as they are, under the new token. */
export function keptItems(old: Subscription, changing: LineItem): LineItem[] {
  return goingOn(old)
    .filter((item) => item !== changing)
    .map((item) => {
      const { productId, basePlanId } = item;
      return { ...item, replaces: { productId, basePlanId, replacementMode: "KEEP_EXISTING" } };
    });
}

function newPlan(fast: boolean, old: LineItem, input: ActionInput, autoRenew: boolean): LineItem {
  const { periodDays } = input;
  const asked =
    periodDays === undefined ? old.periodMs : fast ? testPeriod(periodDays * DAY) : periodDays * DAY;
  return newItem({
    productId: input.productId ?? old.productId,
    basePlanId: input.basePlanId ?? old.basePlanId,
    price: input.price === undefined ? old.price : moneyOf(input.price, 0),
    periodMs: asked,
    autoRenew,
  });
}

/** The new plan in place of the old one, at once; a prepaid plan does not say what it replaced. */
export function replacing(
  fast: boolean,
  old: LineItem,
  input: ActionInput,
  mode: string,
  prepaid: boolean,
): LineItem {
  const { productId, basePlanId } = old;
  const item = newPlan(fast, old, input, !prepaid);
  return prepaid ? item : { ...item, replaces: { productId, basePlanId, replacementMode: mode } };
}

/** Two items: the old product to its expiry, the new one without an expiry until the old one has run out. */
export function deferredItems(fast: boolean, old: LineItem, input: ActionInput): LineItem[] {
  const next = newPlan(fast, old, input, true);
  if (next.productId === old.productId) {
    throw new Conflict("DEFERRED needs another product_id than the one the customer has");
  }
  return [{ ...old, autoRenew: false, becomes: next.productId }, next];
}
