import { createHash } from "node:crypto";
import { PACKAGE } from "./shop.ts";

/** Contract section 1: the same everywhere. */
export function purchaseIdOf(token: string): string {
  const digest = createHash("sha256").update(`${PACKAGE}\n${token}`).digest("hex");
  return `pur_${digest.slice(0, 32)}`;
}

/** How a verify ended: its code, `ok`, or `unknown` when its process died or the outside failed. */
export interface Verified {
  readonly token: string;
  readonly customer: string;
  readonly at: number;
  readonly outcome: string;
}

/** What the admin gave a customer without a purchase; */
export interface Gift {
  readonly customer: string;
  readonly entitlement: string;
  readonly expiresAt: number | null;
}

/** A purchase whose latest change we have heard of, and when. */
interface Heard {
  /** Counts the changes of the world that it was told after. */
  readonly change: number;
}

/**
 * What the outside could see: who verified what, which notices were handled, what the admin did. The reference works on
 * this and on Google's world alone.
 */
export class Ledger {
  readonly verifies: Verified[] = [];
  /** Tokens of which a notice was handled for good. */
  readonly notified = new Set<string>();
  /** Purchases that the app itself acknowledged at Google. */
  readonly appAcknowledged = new Set<string>();
  /** Since when a purchase has had access and a customer whom the service knows, by token. */
  readonly entitledSince = new Map<string, number>();
  /** Purchases of which something had ended at some moment. */
  readonly ended = new Set<string>();
  /** Account ids that the app asked for, and whose they are. */
  readonly accounts = new Map<string, string>();
  /** Ids of grants that the admin took away by hand. */
  readonly manualRevokes = new Set<string>();
  /** By customer and entitlement: there is one of each. */
  readonly gifts = new Map<string, Gift>();
  readonly #promised = new Map<string, number>();
  readonly #heard = new Map<string, Heard>();
  readonly #changed = new Map<string, number>();
  #changes = 0;

  /** Google's world changed. */
  change(token: string): void {
    this.#changes += 1;
    this.#changed.set(token, this.#changes);
  }

  /** How many changes there were: what is asked from now on is at least as new as this. */
  mark(): number {
    return this.#changes;
  }

  /** Everything about a purchase up to a mark is known to us. */
  hear(token: string, mark: number): void {
    this.#heard.set(token, { change: Math.max(mark, this.#heard.get(token)?.change ?? 0) });
  }

  /** The purchase may have been told from an old answer: what we know of it is uncertain. */
  doubt(token: string): void {
    this.#heard.delete(token);
  }

  /** True when we were told everything about a purchase as it is. */
  isUpToDate(token: string): boolean {
    const heard = this.#heard.get(token);
    return heard !== undefined && heard.change >= (this.#changed.get(token) ?? 0);
  }

  verifiersOf(token: string, outcome: string): Set<string> {
    const those = this.verifies.filter((one) => one.token === token && one.outcome === outcome);
    return new Set(those.map(({ customer }) => customer));
  }

  /** Google shows that a purchase is paid until then. */
  promise(token: string, until: number): void {
    this.#promised.set(token, Math.max(until, this.lastPromise(token)));
  }

  /** The latest end that Google ever showed of a purchase. */
  lastPromise(token: string): number {
    return this.#promised.get(token) ?? 0;
  }

  give(gift: Gift): void {
    this.gifts.set(`${gift.customer} ${gift.entitlement}`, gift);
  }

  takeGift(customer: string, entitlement: string): void {
    this.gifts.delete(`${customer} ${entitlement}`);
  }

  /** A purchase that the service must have recorded by now. */
  mustBeKnown(token: string): boolean {
    return this.notified.has(token) || this.verifiersOf(token, "ok").size > 0;
  }
}
