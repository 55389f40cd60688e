import { addDuration, DAY, type Instant } from "./instant.ts";
import { hasVoidedUnits, isVoided, isVoidedAtAll, type Observations } from "./observation.ts";
import { type EndedBy, type LineItem, type Purchase, type PurchaseState, renews } from "./purchase.ts";

/** Why a grant ended: the closed list of entitlement-grants.md section 4. */
export type RevocationReason =
  | "subscription_on_hold"
  | "subscription_cancelled"
  | "subscription_expired"
  | "plan_changed"
  | "refund"
  | "manual"
  | "license_key_disabled"
  | "platform_external";

/** What the reason alone doesn't say; goes into the grant's metadata as `revocation_detail`. */
export type RevocationDetail = "paused" | "rental_ended" | "gift_ended";

export type Access =
  | { readonly kind: "active"; readonly until: Instant | null }
  | {
      readonly kind: "suspended";
      readonly reason: RevocationReason;
      readonly detail: RevocationDetail | null;
    }
  | { readonly kind: "ended"; readonly reason: RevocationReason; readonly detail: RevocationDetail | null };

export interface AccessRules {
  /** How long past Google's expiry a renewing item keeps its access while Google still calls it alive. */
  readonly renewalLeewayMs: number;
  /** From the catalogue, for rentals. */
  readonly rentalPeriod: string | null;
}

/**
 * The one table that says what a state means for access (google-play.md sections 5, 6, 9 and 10).
 *
 * @returns null when nothing is due and nothing is to be taken: pending, or an item that has not started.
 */
export function accessOf(
  item: LineItem,
  purchase: Purchase,
  observations: Observations,
  rules: AccessRules,
  now: Instant,
): Access | null {
  if (observations.supersededBy !== null) return ended("plan_changed");
  return purchase.type === "one_time"
    ? oneTimeAccess(item, purchase, observations, rules, now)
    : subscriptionAccess(item, purchase, observations, rules, now);
}

function oneTimeAccess(
  item: LineItem,
  purchase: Purchase,
  observations: Observations,
  rules: AccessRules,
  now: Instant,
): Access | null {
  if (purchase.state === "pending") return null;
  if (purchase.state !== "purchased" || isVoidedAtAll(observations)) return ended("refund");
  const until = rentalEnd(item, purchase, rules);
  return until === null || now < until
    ? { kind: "active", until }
    : ended("subscription_expired", "rental_ended");
}

/** Google never ends a rental: its length is catalogue data, counted from the purchase. */
export function rentalEnd(item: LineItem, purchase: Purchase, rules: AccessRules): Instant | null {
  if (!item.rental || rules.rentalPeriod === null || purchase.startedAt === null) return null;
  return addDuration(purchase.startedAt, rules.rentalPeriod);
}

function subscriptionAccess(
  item: LineItem,
  purchase: Purchase,
  observations: Observations,
  rules: AccessRules,
  now: Instant,
): Access | null {
  switch (purchase.state) {
    case "pending":
    case "pending_purchase_canceled":
      return null;
    case "active":
    case "in_grace_period":
    case "canceled":
      // A void is authoritative about money, even while the state still reads ACTIVE.
      return isVoided(observations, item.orderId) ? ended("refund") : paidAccess(item, purchase, rules, now);
    case "on_hold":
      return isVoided(observations, item.orderId) ? ended("refund") : suspended(null);
    case "paused":
      return isVoided(observations, item.orderId) ? ended("refund") : suspended("paused");
    default:
      if (isTakenBack(item, observations)) return ended("refund");
      return awaitsSuccessor(item, purchase, now)
        ? { kind: "suspended", reason: "plan_changed", detail: null }
        : ended(reasonOfEnd(purchase.endedBy));
  }
}

/** Google takes a successor back that nobody acknowledged in three days; a day more for its notice to come. */
const SUCCESSOR_WAIT = 4 * DAY;

/**
 * Until when a token may be heard of that took this one's place and goes on with what it gave: the notice of the old one's
 * end may come first (google-play.md section 9). Null: none took it.
 */
function successorDue(item: LineItem, { state, endedBy }: Purchase): Instant | null {
  const replaced = state === "expired" && endedBy === "replacement";
  return replaced && item.expiresAt !== null ? item.expiresAt + SUCCESSOR_WAIT : null;
}

function awaitsSuccessor(item: LineItem, purchase: Purchase, now: Instant): boolean {
  const due = successorDue(item, purchase);
  return due !== null && now < due;
}

function paidAccess(item: LineItem, purchase: Purchase, rules: AccessRules, now: Instant): Access | null {
  const until = accessEnd(item, purchase, rules);
  if (until === null) return null;
  if (now < until) return { kind: "active", until };
  if (item.leaving || isLeftBehind(item, purchase, now)) return ended("plan_changed");
  return ended(
    purchase.state === "canceled" ? reasonOfEnd(purchase.endedBy ?? "user") : "subscription_expired",
  );
}

/** The purchase goes on with other items: one that doesn't renew is no part of the plan any more. */
function isLeftBehind(item: LineItem, { state, items }: Purchase, now: Instant): boolean {
  const goesOn = state === "active" && !renews(item);
  return goesOn && items.some(({ expiresAt }) => expiresAt !== null && now < expiresAt);
}

/** Play keeps a renewing subscription alive for a silent day or more around a failed charge (section 5). */
function accessEnd(item: LineItem, purchase: Purchase, rules: AccessRules): Instant | null {
  if (item.expiresAt === null) return null;
  const renewing = renews(item) && purchase.state !== "canceled";
  return renewing ? item.expiresAt + rules.renewalLeewayMs : item.expiresAt;
}

function isTakenBack(item: LineItem, observations: Observations): boolean {
  return observations.revoked || isVoided(observations, item.orderId);
}

function reasonOfEnd(endedBy: EndedBy | null): RevocationReason {
  if (endedBy === "replacement") return "plan_changed";
  return endedBy === "user" || endedBy === "developer" ? "subscription_cancelled" : "subscription_expired";
}

function suspended(detail: RevocationDetail | null): Access {
  return { kind: "suspended", reason: "subscription_on_hold", detail };
}

function ended(reason: RevocationReason, detail: RevocationDetail | null = null): Access {
  return { kind: "ended", reason, detail };
}

/**
 * Units of an item that are still paid for. Google's count of refundable units is believed where units were refunded,
 * or where it says so itself by lying between none and all; a bare 0 may have other causes, and the void tells.
 */
export function unitsHeld(item: LineItem, observations: Observations): number {
  const left = item.refundableQuantity;
  if (left === null || left >= item.quantity) return item.quantity;
  return left > 0 || hasVoidedUnits(observations) ? left : item.quantity;
}

/** The state as contract section 3 names it: what was taken back is called so, whatever Google's read says. */
export function stateOf(purchase: Purchase, observations: Observations): PurchaseState {
  if (purchase.type === "one_time") {
    const paid = purchase.state === "purchased" || purchase.state === "canceled";
    return paid && isVoidedAtAll(observations) ? "refunded" : purchase.state;
  }
  if (purchase.state === "pending" || purchase.state === "pending_purchase_canceled") return purchase.state;
  const begun = purchase.items.filter((item) => item.expiresAt !== null);
  const voided = begun.length > 0 && begun.every((item) => isVoided(observations, item.orderId));
  if (voided || (purchase.state === "expired" && observations.revoked)) return "revoked";
  return purchase.state;
}

/** Moments at which access of a purchase ends, or must be looked at again. */
export function endsOf(purchase: Purchase, rulesOf: (item: LineItem) => AccessRules): Instant[] {
  const ends: Instant[] = [];
  for (const item of purchase.items) {
    const rules = rulesOf(item);
    if (item.expiresAt !== null) ends.push(item.expiresAt);
    const end =
      purchase.type === "one_time" ? rentalEnd(item, purchase, rules) : accessEnd(item, purchase, rules);
    if (end !== null && end !== item.expiresAt) ends.push(end);
    const last = successorDue(item, purchase);
    if (last !== null) ends.push(last);
  }
  return ends;
}
