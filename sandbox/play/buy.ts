import { DAY } from "../clock.ts";
import { chargeOneTime, orderOneTime, startSubscription } from "./charge.ts";
import type { BuyInput } from "./inputs.ts";
import { PENDING_MS, testPeriod } from "./lengths.ts";
import { newItem } from "./line-items.ts";
import type { Instalments, LineItem, OneTimePurchase, Purchase, Subscription } from "./model.ts";
import { moneyOf } from "./money.ts";
import { type Notice, oneTimeNotice, subscriptionNotice } from "./notices.ts";
import { offerOf } from "./offers.ts";
import { add, Conflict, type World } from "./world.ts";

export type Bought = { purchase: Purchase; notices: Notice[] };

/** A purchase as the Play sheet makes it. While it is pending (cash, PromptPay QR) nothing is told. */
export function buy(world: World, input: BuyInput): Bought {
  return isSubscription(input) ? buySubscription(world, input) : buyOneTime(world, input);
}

function isSubscription(input: BuyInput): boolean {
  if (input.type !== undefined) return input.type === "subscription";
  return input.basePlanId !== undefined || input.items !== undefined;
}

function buyOneTime(world: World, input: BuyInput): Bought {
  const quantity = input.quantity ?? 1;
  const purchase: OneTimePurchase = add(world, {
    ...base(world, input),
    type: "one_time",
    state: "PENDING",
    productId: input.productId,
    quantity,
    refundableQuantity: quantity,
    consumed: false,
    rental: input.rental ?? false,
    releasesAt: input.preorderDays === undefined ? null : world.now() + input.preorderDays * DAY,
  });
  if (input.preorderDays !== undefined) orderOneTime(world, purchase, "PENDING");
  if (input.pending || input.preorderDays !== undefined) return { purchase, notices: [] };
  chargeOneTime(world, purchase);
  return { purchase, notices: [oneTimeNotice(purchase, "PURCHASED", world.now())] };
}

function buySubscription(world: World, input: BuyInput): Bought {
  if ((input.quantity ?? 1) > 1) throw new Conflict("a subscription has no quantity");
  const purchase: Subscription = add(world, {
    ...base(world, input),
    type: "subscription",
    state: "PENDING",
    prepaid: input.autoRenewing === false,
    items: itemsOf(world, input),
    cancellation: null,
    linkedPurchaseToken: null,
    replacedBy: null,
    renewals: 0,
    instalments: instalmentsOf(input),
    ...NO_WORRIES,
    resubscribes: null,
  });
  if (input.resubscribes !== undefined) takeUpAgain(world, purchase, input.resubscribes);
  if (input.pending) return { purchase, notices: [] };
  startSubscription(world, purchase);
  return { purchase, notices: [subscriptionNotice(purchase, "PURCHASED", world.now())] };
}

/** Bought in the Play app after expiry: a new token without link and without account id (facts section 8). */
function takeUpAgain(world: World, purchase: Subscription, purchaseToken: string): void {
  const expired = world.purchases.get(purchaseToken);
  if (expired?.type !== "subscription" || expired.state !== "EXPIRED") {
    throw new Conflict("resubscribes: only an expired subscription can be taken up again");
  }
  purchase.resubscribes = { purchaseToken, accountId: expired.accountId };
  purchase.accountId = null;
}

/** Nothing is scheduled and the payment method is fine. */
export const NO_WORRIES = {
  pausesFor: null,
  resumesAt: null,
  declining: null,
  graceUntil: null,
  holdUntil: null,
} as const;

/** The first charge, at the purchase, counts. */
function instalmentsOf(input: BuyInput): Instalments | null {
  const { installments: committed, subsequentInstallments: subsequent = 1 } = input;
  if (committed === undefined) return null;
  if (input.autoRenewing === false) throw new Conflict("a prepaid plan has no instalments");
  return { committed, remaining: committed - 1, subsequent, cancelledAt: null };
}

function itemsOf(world: World, input: BuyInput): LineItem[] {
  const { productId, basePlanId = "monthly", price, periodDays, offer } = input;
  const wanted = input.items ?? [{ productId, basePlanId, price, periodDays, offer }];
  const fast = world.automatic && (input.test ?? false);
  return wanted.map((item) => {
    const days = item.periodDays ?? periodDays ?? 30;
    const periodMs = fast ? testPeriod(days * DAY) : days * DAY;
    return newItem({
      productId: item.productId,
      basePlanId: item.basePlanId,
      price: moneyOf(item.price ?? price, 149),
      periodMs,
      autoRenew: input.autoRenewing ?? true,
      ...offerOf(item.offer, days * DAY, fast),
    });
  });
}

function base(world: World, input: BuyInput) {
  const accountId = input.obfuscatedAccountId === undefined ? input.uid : input.obfuscatedAccountId;
  if (accountId !== null && accountId.length > 64) {
    throw new Conflict(
      "uid is longer than 64 characters: Play blocks it as account id; give obfuscated_account_id",
    );
  }
  return {
    purchaseToken: world.ids.purchaseToken(),
    packageName: input.packageName,
    uid: input.uid,
    accountId,
    profileId: null,
    test: input.test ?? false,
    acknowledged: false,
    boughtAt: world.now(),
    completedAt: null,
    payBy: input.pending
      ? world.now() + (input.pendingDays === undefined ? PENDING_MS : input.pendingDays * DAY)
      : null,
    price: moneyOf(input.price, 490),
    orderIds: [],
    promo: input.promo ?? false,
    etag: world.ids.etag(),
    calls: { get: 0, acknowledge: 0, consume: 0 },
  };
}
