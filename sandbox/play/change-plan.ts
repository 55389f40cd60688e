import { DAY } from "../clock.ts";
import { NO_WORRIES } from "./buy.ts";
import { startSubscription } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import { PENDING_MS } from "./lengths.ts";
import { lastExpiry } from "./lookup.ts";
import type { Subscription } from "./model.ts";
import { type Notice, subscriptionNotice } from "./notices.ts";
import type { Outcome } from "./outcome.ts";
import { changed, deferredItems, keptItems, replacing } from "./plan-items.ts";
import { add, Conflict, change, type World } from "./world.ts";

/**
 * A new token that names the old one in `linkedPurchaseToken`; the old one turns EXPIRED, replaced (facts
 * section 9). A prepaid plan's top-up is the same with its time added on top, and may be pending: then the old
 * token stays valid until it is paid.
 */
export function changePlan(world: World, old: Subscription, input: ActionInput): Outcome {
  const item = changed(old, world.now());
  if (item === undefined) throw new Conflict("nothing has been paid for yet");
  if (old.state === "CANCELED" && lastExpiry(old) <= world.now()) {
    throw new Conflict("the paid period is over: buy anew (resubscribes)");
  }
  const mode = replacementMode(input.mode);
  const prepaid = input.autoRenewing === undefined ? old.prepaid : !input.autoRenewing;
  const fast = world.automatic && old.test;
  const items =
    mode === "DEFERRED" ? deferredItems(fast, item, input) : [replacing(fast, item, input, mode, prepaid)];
  const kept = prepaid ? [] : keptItems(old, item);
  const next = add(world, { ...successor(world, old, prepaid, input), items: [...items, ...kept] });
  if (input.pending) return { notices: [], purchase: next };
  const retired = retireLinked(world, next);
  startSubscription(world, next, retired.carriedOver);
  const notices = [...retired.notices, subscriptionNotice(next, "PURCHASED", world.now())];
  return { notices, purchase: next };
}

const MODES = [
  "WITH_TIME_PRORATION",
  "CHARGE_PRORATED_PRICE",
  "WITHOUT_PRORATION",
  "CHARGE_FULL_PRICE",
  "DEFERRED",
];

function replacementMode(asked = "immediate"): string {
  const mode = asked.toUpperCase();
  if (mode === "IMMEDIATE") return "WITH_TIME_PRORATION";
  if (MODES.includes(mode)) return mode;
  throw new Conflict(`mode ${asked} is unknown; there are: immediate, ${MODES.join(", ")}`);
}

function successor(world: World, old: Subscription, prepaid: boolean, input: ActionInput): Subscription {
  return {
    ...old,
    purchaseToken: world.ids.purchaseToken(),
    accountId: input.obfuscatedAccountId === undefined ? old.accountId : input.obfuscatedAccountId,
    state: "PENDING",
    acknowledged: false,
    boughtAt: world.now(),
    completedAt: null,
    payBy: input.pending
      ? world.now() + (input.pendingDays === undefined ? PENDING_MS : input.pendingDays * DAY)
      : null,
    orderIds: [],
    etag: world.ids.etag(),
    promo: false,
    calls: { get: 0, acknowledge: 0, consume: 0 },
    prepaid,
    items: [],
    cancellation: null,
    linkedPurchaseToken: old.purchaseToken,
    replacedBy: null,
    renewals: 0,
    instalments: null,
    ...NO_WORRIES,
    resubscribes: null,
  };
}

/** Ends the purchase that this one replaces, and tells how much of its prepaid time is carried over. */
export function retireLinked(world: World, next: Subscription): { notices: Notice[]; carriedOver: number } {
  const old = world.purchases.get(next.linkedPurchaseToken ?? "");
  if (old?.type !== "subscription" || old.state === "EXPIRED") return { notices: [], carriedOver: 0 };
  const at = world.now();
  const left = Math.max(0, ...old.items.map((item) => (item.expiresAt ?? at) - at));
  change(world, old, () => {
    old.state = "EXPIRED";
    old.cancellation = { by: "replacement" };
    old.replacedBy = next.purchaseToken;
    for (const item of old.items) {
      item.autoRenew = false;
      if (item.expiresAt !== null) item.expiresAt = Math.min(item.expiresAt, at);
    }
  });
  const carriedOver = old.prepaid && next.prepaid ? left : 0;
  return { notices: [subscriptionNotice(old, "EXPIRED", at)], carriedOver };
}
