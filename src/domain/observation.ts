import type { PurchaseId } from "./ids.ts";
import { DAY, HOUR, type Instant, MINUTE } from "./instant.ts";
import type { Purchase } from "./purchase.ts";

/** A refund or chargeback that Google told us of; the read alone may not show it (google-play.md section 10). */
export interface VoidedOrder {
  /** Null where Google names none (promo codes): then the whole token is meant. */
  readonly orderId: string | null;
  /** `full`, or `units`: a quantity-based refund, whose remaining units the read shows. */
  readonly extent: "full" | "units";
  readonly at: Instant;
}

/** Facts about a purchase that the read does not show. They only ever accumulate. */
export interface Observations {
  readonly voided: readonly VoidedOrder[];
  /** The purchase that took this one's place: from then on this one grants nothing. */
  readonly supersededBy: PurchaseId | null;
  /** Google said it was revoked (notice 12) and the read agreed that it had ended. */
  readonly revoked: boolean;
}

export type Observation =
  | { readonly kind: "voided"; readonly order: VoidedOrder }
  | { readonly kind: "superseded"; readonly by: PurchaseId }
  | { readonly kind: "revoked" };

export const NO_OBSERVATIONS: Observations = { voided: [], supersededBy: null, revoked: false };

/** Adds what is new; a repetition changes nothing, so the same object comes back. */
export function observe(known: Observations, seen: Observation): Observations {
  switch (seen.kind) {
    case "voided":
      return addVoid(known, seen.order);
    case "superseded":
      return known.supersededBy === seen.by ? known : { ...known, supersededBy: seen.by };
    case "revoked":
      return known.revoked ? known : { ...known, revoked: true };
  }
}

/** Units are refunded one after the other under one order: of these the latest is kept, since Google has to be asked anew. */
function addVoid(known: Observations, order: VoidedOrder): Observations {
  const isSame = (other: VoidedOrder) => other.orderId === order.orderId && other.extent === order.extent;
  const before = known.voided.find(isSame);
  if (before !== undefined && (order.extent === "full" || order.at <= before.at)) return known;
  return { ...known, voided: [...known.voided.filter((other) => other !== before), order] };
}

/** Was the order that pays for the present access refunded in full? An older renewal's refund doesn't count. */
export function isVoided(observations: Observations, orderId: string | null): boolean {
  return observations.voided.some(
    (order) => order.extent === "full" && (order.orderId === null || order.orderId === orderId),
  );
}

/** Was anything of it refunded in full? For one-time products, which have one order. */
export function isVoidedAtAll(observations: Observations): boolean {
  return observations.voided.some((order) => order.extent === "full");
}

/** Were units of it refunded, so that Google's count of what is left is to be believed? */
export function hasVoidedUnits(observations: Observations): boolean {
  return observations.voided.some((order) => order.extent === "units");
}

/**
 * What a notice tells may come before Google's answer shows it. A refund of units is seen in the answer alone, so it is
 * asked about for a day; a revoke that the answer doesn't show once more.
 *
 * @param told What came with the notice that is being handled.
 * @returns When Google must be asked again for it; null: no need.
 */
export function lateAnswerAt(
  { answer, observations }: { readonly answer: Purchase; readonly observations: Observations },
  told: Observation | null,
  now: Instant,
): Instant | null {
  const refunding = observations.voided.some(({ extent, at }) => extent === "units" && at > now - DAY);
  if (refunding) return now + HOUR;
  return told?.kind === "revoked" && answer.state !== "expired" ? now + 10 * MINUTE : null;
}
