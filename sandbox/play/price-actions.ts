import { DAY } from "../clock.ts";
import type { ActionInput } from "./inputs.ts";
import { renewing } from "./line-items.ts";
import type { LineItem, PriceChange, Subscription } from "./model.ts";
import { moneyOf } from "./money.ts";
import { type Notice, subscriptionNotice } from "./notices.ts";
import { type Outcome, one } from "./outcome.ts";
import { Conflict, change, type World } from "./world.ts";

const MODES = ["PRICE_INCREASE", "PRICE_DECREASE", "OPT_OUT_PRICE_INCREASE"] as const;

/** An existing customer is moved to a new price: a PRICE_INCREASE alone waits for their consent (facts section 9). */
export function changePrice(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const item = priced(purchase, input);
  const mode = modeOf(input.mode);
  const state = mode === "PRICE_INCREASE" ? "OUTSTANDING" : "CONFIRMED";
  const newPrice = moneyOf(input.price, 179);
  change(world, purchase, () => {
    item.priceChange = { newPrice, mode, state, chargeAt: renewalFrom(world, item, input.days ?? 0) };
  });
  return { notices: priceNotices(world, purchase) };
}

/** The customer agrees to whatever waits for an answer. */
export function acceptPrice(world: World, purchase: Subscription): Outcome {
  const rises = purchase.items.filter((item) => item.priceChange?.state === "OUTSTANDING");
  const steps = purchase.items.filter((item) => item.stepUp?.state === "PENDING");
  if (rises.length + steps.length === 0) throw new Conflict("no new price waits for the customer's consent");
  change(world, purchase, () => {
    for (const { priceChange } of rises) if (priceChange !== null) priceChange.state = "CONFIRMED";
    for (const { stepUp } of steps) if (stepUp !== null) stepUp.state = "CONFIRMED";
  });
  const told = rises.length > 0 ? priceNotices(world, purchase) : [];
  const stepped = steps.length > 0 ? one(world, purchase, "PRICE_STEP_UP_CONSENT_UPDATED").notices : [];
  return { notices: [...told, ...stepped] };
}

/** The developer takes the new price back before it is charged. */
export function withdrawPrice(world: World, purchase: Subscription): Outcome {
  const open = ({ priceChange }: LineItem) =>
    priceChange?.state === "OUTSTANDING" || priceChange?.state === "CONFIRMED";
  const items = purchase.items.filter(open);
  if (items.length === 0) throw new Conflict("no price change is under way");
  change(world, purchase, () => {
    for (const { priceChange } of items) if (priceChange !== null) priceChange.state = "CANCELED";
  });
  return { notices: priceNotices(world, purchase) };
}

/** Korea: from an offer's price to the full one only with consent. */
export function stepUp(world: World, purchase: Subscription, input: ActionInput): Outcome {
  const item = priced(purchase, input);
  change(world, purchase, () => {
    const deadline = renewalFrom(world, item, input.days ?? 0);
    item.stepUp = { newPrice: moneyOf(input.price, 179), state: "PENDING", deadline };
  });
  return one(world, purchase, "PRICE_STEP_UP_CONSENT_UPDATED");
}

/** The renewal at that moment fails for want of consent: the subscription is cancelled in its place. */
export function lacksConsent(purchase: Subscription, renewsAt: number): boolean {
  return renewing(purchase).some(
    ({ priceChange: rise, stepUp: step }) =>
      (rise?.state === "OUTSTANDING" && rise.chargeAt <= renewsAt) ||
      (step?.state === "PENDING" && step.deadline <= renewsAt),
  );
}

function priced(purchase: Subscription, { productId }: ActionInput): LineItem {
  const items = renewing(purchase);
  const item =
    productId === undefined ? items[0] : items.find((candidate) => candidate.productId === productId);
  if (item === undefined || purchase.prepaid) throw new Conflict("no such item renews");
  return item;
}

function modeOf(asked = "PRICE_INCREASE"): PriceChange["mode"] {
  const mode = MODES.find((known) => known === asked.toUpperCase());
  if (mode === undefined) throw new Conflict(`mode ${asked} is unknown; there are: ${MODES.join(", ")}`);
  return mode;
}

/** The first renewal that many days from now or later. */
function renewalFrom(world: World, item: LineItem, days: number): number {
  const from = world.now() + days * DAY;
  const next = item.paidUntil ?? world.now();
  return next + Math.max(0, Math.ceil((from - next) / item.periodMs)) * item.periodMs;
}

/** 8 is deprecated and still sent beside 19, but never for purchases with add-ons (facts section 3). */
function priceNotices(world: World, purchase: Subscription): Notice[] {
  const at = world.now();
  const updated = subscriptionNotice(purchase, "PRICE_CHANGE_UPDATED", at);
  if (purchase.items.length > 1) return [updated];
  return [updated, subscriptionNotice(purchase, "PRICE_CHANGE_CONFIRMED", at)];
}
