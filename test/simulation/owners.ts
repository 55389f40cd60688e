import type { Purchase } from "../../sandbox/play/model.ts";
import type { Google } from "./google.ts";
import type { Ledger } from "./ledger.ts";

/** Whose each purchase may be (contract section 4); one candidate in most cases, more where only the order decided. */

export interface OwnerRules {
  readonly google: Google;
  readonly ledger: Ledger;
  /** Whom an obfuscated account id names; null: nobody, or ids aren't looked at. */
  readonly named: (accountId: string | null) => string | null;
  /** Whether a purchase moves to another customer who presents it. */
  readonly transfers: boolean;
  /** Whose the service says a purchase is; null also for what it doesn't know. */
  readonly bound: (purchase: Purchase) => string | null;
}

/** Where purchases may move, whoever presented a token of the chain may have it in the end. */
function movedTo(purchase: Purchase, { google, ledger }: OwnerRules): Set<string> {
  const root = google.rootOf(purchase);
  const chain = [...google.all()].filter((one) => google.rootOf(one) === root);
  const tokens = new Set(chain.map(({ purchaseToken }) => purchaseToken));
  const tries = ledger.verifies.filter(
    ({ token, outcome }) => tokens.has(token) && (outcome === "ok" || outcome === "unknown"),
  );
  return new Set(tries.map(({ customer }) => customer));
}

/** Who presented a one-time purchase last, where that is certain: a chain may also move by its other tokens. */
function lastPresenter({ type, purchaseToken }: Purchase, { ledger }: OwnerRules): string | null {
  if (type === "subscription") return null;
  const tries = ledger.verifies.filter(
    ({ token, outcome }) => token === purchaseToken && (outcome === "ok" || outcome === "unknown"),
  );
  const last = tries.at(-1);
  const rivals = tries.filter(
    ({ at, outcome, customer }) => customer !== last?.customer && (outcome !== "ok" || at === last?.at),
  );
  return last?.outcome === "ok" && rivals.length === 0 ? last.customer : null;
}

export interface Claim {
  readonly candidates: ReadonlySet<string>;
  /** It may be nobody's. */
  readonly mayBeUnclaimed: boolean;
}

export function claimOf(purchase: Purchase, rules: OwnerRules): Claim {
  const { ledger, google } = rules;
  const verified = ledger.verifiersOf(purchase.purchaseToken, "ok");
  if (verified.size > 0) {
    const last = rules.transfers ? lastPresenter(purchase, rules) : null;
    if (last !== null) return { candidates: new Set([last]), mayBeUnclaimed: false };
    return { candidates: rules.transfers ? movedTo(purchase, rules) : verified, mayBeUnclaimed: false };
  }
  const candidates = new Set(namedBy(purchase, rules));
  const surely = candidates.size > 0;
  for (const unsure of ledger.verifiersOf(purchase.purchaseToken, "unknown")) candidates.add(unsure);
  if (rules.transfers) for (const customer of movedTo(purchase, rules)) candidates.add(customer);
  const again = purchase.type === "subscription" ? purchase.resubscribes : null;
  if (again !== null) {
    const before = google.get(again.purchaseToken);
    const owners = [rules.named(again.accountId), before === null ? null : rules.bound(before)];
    for (const owner of owners) if (owner !== null) candidates.add(owner);
  }
  return { candidates, mayBeUnclaimed: !surely };
}

/** Link first, then the account id: where both speak, the link may have been unknown or unbound at the time. */
function namedBy(purchase: Purchase, { google, named, bound }: OwnerRules): string[] {
  const linked = purchase.type === "subscription" ? google.get(purchase.linkedPurchaseToken) : null;
  const heir = linked === null ? null : bound(linked);
  return [heir, named(purchase.accountId)].filter((owner) => owner !== null);
}

/** What is wrong with the owners that the service settled on. */
export function checkOwners(
  rules: OwnerRules,
  known: (purchase: Purchase) => boolean,
  name: (purchase: Purchase) => string,
): string[] {
  return [...rules.google.all()].flatMap((purchase) => {
    if (!known(purchase)) return [];
    const owner = rules.bound(purchase);
    const { candidates, mayBeUnclaimed } = claimOf(purchase, rules);
    const fits = owner === null ? mayBeUnclaimed : candidates.has(owner);
    const wrong = fits
      ? []
      : [`${name(purchase)} is ${owner ?? "nobody"}'s, and not ${[...candidates].join(" or ")}'s`];
    return [...wrong, ...checkRefusals(purchase, owner, rules, name)];
  });
}

/** A 409 tells a customer that it is somebody else's: it had better be. */
function checkRefusals(
  purchase: Purchase,
  owner: string | null,
  rules: OwnerRules,
  name: (purchase: Purchase) => string,
): string[] {
  const refused = rules.ledger.verifiersOf(purchase.purchaseToken, "purchase_owned_by_another_customer");
  return [...refused].flatMap((customer) => {
    const others = owner === null ? namedBy(purchase, rules) : [owner];
    const right = others.some((other) => other !== customer);
    return right ? [] : [`${name(purchase)} was refused to ${customer}, whose it is`];
  });
}
