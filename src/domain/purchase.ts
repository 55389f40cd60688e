import { DAY, HOUR, type Instant, MINUTE } from "./instant.ts";
import type { Secret } from "./secret.ts";

export type PurchaseType = "one_time" | "subscription";

/** The states of contract section 3. `unknown` is a word of Google's that we do not know yet: it changes nothing. */
export type PurchaseState =
  | "pending"
  | "purchased"
  | "canceled"
  | "refunded"
  | "active"
  | "in_grace_period"
  | "on_hold"
  | "paused"
  | "expired"
  | "revoked"
  | "pending_purchase_canceled"
  | "unknown";

/** Who ended a subscription, from `canceledStateContext`. */
export type EndedBy = "user" | "developer" | "system" | "replacement";

export interface LineItem {
  readonly productId: string;
  readonly basePlanId: string | null;
  /** The Play order that paid for this item; absent for promo codes and items not owned yet. */
  readonly orderId: string | null;
  /** Google's end of the paid period. Null: no end (one-time), or not started yet (subscription). */
  readonly expiresAt: Instant | null;
  /** Null for one-time products and prepaid plans, which never renew. */
  readonly autoRenewing: boolean | null;
  /** The item leaves at its own end: removed, or replaced by another product. */
  readonly leaving: boolean;
  readonly quantity: number;
  /** Units not refunded, as Google counts them; null where Google doesn't say. */
  readonly refundableQuantity: number | null;
  readonly consumed: boolean;
  readonly rental: boolean;
}

/** One purchase token as Google last described it, in our words. */
export interface Purchase {
  readonly type: PurchaseType;
  readonly state: PurchaseState;
  readonly items: readonly LineItem[];
  /** When it was paid or began; null while pending. */
  readonly startedAt: Instant | null;
  readonly acknowledged: boolean;
  readonly test: boolean;
  /** The obfuscated account id that the app passed to Google at the purchase. */
  readonly accountId: string | null;
  /** `linkedPurchaseToken`: this purchase takes the place of that one, once it grants. */
  readonly replaces: Secret | null;
  /** Bought again in Play after expiry: the token that expired. It tells whose it is, and is not replaced. */
  readonly resubscribes: Secret | null;
  readonly endedBy: EndedBy | null;
  readonly autoResumesAt: Instant | null;
}

/** Will Google charge for this item again? One that leaves ends, whatever its plan says. */
export function renews(item: LineItem): boolean {
  return item.autoRenewing === true && !item.leaving;
}

/** Of several items the one that ends last (the first of equals) speaks for the purchase (contract section 3). */
export function leadingItem(purchase: Purchase): LineItem | undefined {
  let leading: LineItem | undefined;
  for (const item of purchase.items) {
    if (leading === undefined || endsAfter(item, leading, purchase.type)) leading = item;
  }
  return leading;
}

function endsAfter(item: LineItem, other: LineItem, type: PurchaseType): boolean {
  // A subscription's item without an end has not started; a one-time item without an end has none.
  const none = type === "subscription" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return (item.expiresAt ?? none) > (other.expiresAt ?? none);
}

/** States that Google can leave only by our asking again: nothing reliable announces the change. */
const RECHECK: Partial<Record<PurchaseState, number>> = {
  pending: HOUR,
  unknown: HOUR,
  on_hold: DAY,
  paused: DAY,
  in_grace_period: 6 * HOUR,
};

/** While a renewal is overdue Google keeps the subscription running for a silent day or more: look again this often. */
const OVERDUE_RECHECK = 15 * MINUTE;
/** All ends have passed, and Google still calls it alive: it will say otherwise sooner or later, perhaps unheard. */
const LINGERING_RECHECK = DAY;

/**
 * When Google must be asked again even if no notice comes: at the next end of an item or of its leeway, at a rental's
 * end, and from time to time in states that change silently (google-play.md sections 5 and 12).
 *
 * @param ends Moments at which access of an item ends or may end.
 * @returns null when nothing can change without a notice.
 */
export function nextSyncAt(purchase: Purchase, ends: readonly Instant[], now: Instant): Instant | null {
  const due = ends.filter((end) => end > now);
  const recheck = RECHECK[purchase.state];
  if (recheck !== undefined) due.push(now + recheck);
  if (purchase.autoResumesAt !== null && purchase.autoResumesAt > now) due.push(purchase.autoResumesAt);
  const lingers =
    due.length === 0 && ends.length > 0 && (purchase.state === "active" || purchase.state === "canceled");
  if (lingers) due.push(now + LINGERING_RECHECK);
  else if (purchase.state === "active" && isOverdue(purchase, now)) due.push(now + OVERDUE_RECHECK);
  return due.length === 0 ? null : Math.min(...due);
}

/** A token whose place was taken ends at Google at once; its notice is waited for before it is asked about. */
const REPLACED_RECHECK = 10 * MINUTE;

const OVER: ReadonlySet<PurchaseState> = new Set(["expired", "pending_purchase_canceled"]);

/**
 * When Google must be asked about a token whose place was taken: it gives nothing any more, but its state is shown, and
 * the notice of its end may be lost.
 *
 * @param answer What is known of it; null for a token that is being asked about already.
 * @param asked Whether Google was asked just now.
 */
export function replacedSyncAt(answer: Purchase | null, asked: boolean, now: Instant): Instant | null {
  if (answer === null || OVER.has(answer.state)) return null;
  return now + (asked ? LINGERING_RECHECK : REPLACED_RECHECK);
}

/** What doesn't renew is over at its end; only a charge can be late. */
function isOverdue(purchase: Purchase, now: Instant): boolean {
  return purchase.items.some((item) => renews(item) && item.expiresAt !== null && item.expiresAt <= now);
}

/**
 * A purchase that Google has forgotten (410, or a token it no longer knows), as it must be taken from now on: no proof of
 * a refund, so what was paid runs to its stored end, and not a moment longer (google-play.md section 11).
 */
export function forgotten(last: Purchase, now: Instant): Purchase {
  if (last.type === "one_time") return last;
  const paid = last.items.some((item) => item.expiresAt !== null && item.expiresAt > now);
  return paid ? last : { ...last, state: "expired" };
}
