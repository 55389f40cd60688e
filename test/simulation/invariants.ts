import type { Purchase } from "../../sandbox/play/model.ts";
import { type Google, isTakenBack } from "./google.ts";
import type { Ledger } from "./ledger.ts";
import type { ObservedGrant, Snapshot } from "./observed.ts";
import { isOpen } from "./reference.ts";
import { isLicence, PERPETUAL_POLICY } from "./shop.ts";
import { LEEWAY_MS } from "./truth.ts";

/** What must hold at every step of a life, however it goes. */
export interface Moment {
  readonly google: Google;
  readonly ledger: Ledger;
  readonly now: Snapshot;
  readonly before: Snapshot | null;
  readonly owner: (purchase: Purchase) => string | null;
  readonly name: (purchase: Purchase) => string;
}

export function checkInvariants(moment: Moment): string[] {
  return [
    ...noAccessBeyondLeeway(moment),
    ...endedAccessSaysWhen(moment),
    ...oneLicenceForOneUnit(moment),
    ...livingLicencesAreKept(moment),
    ...grantsOnlyMoveForward(moment),
    ...eventsOnce(moment),
    ...manualRevokesHold(moment),
    ...nothingToldTooEarly(moment),
    ...toldInTime(moment),
  ];
}

/** No customer has access longer than anything of Google's ever promised, plus the leeway. */
function noAccessBeyondLeeway(moment: Moment): string[] {
  const { google, ledger, now, owner } = moment;
  return [...now.entitlements].flatMap(([customer, rows]) =>
    rows.flatMap((row) => {
      if (!row.active) return [];
      const mine = [...google.all()].filter(
        (purchase) =>
          owner(purchase) === customer && row.purchase_ids.some((id) => google.byId(id) === purchase),
      );
      if (ledger.gifts.has(`${customer} ${row.entitlement_id}`)) return [];
      if (mine.length === 0) return [`${customer} holds ${row.entitlement_id} without a purchase of theirs`];
      const over = mine.every((purchase) => lastPromise(purchase, moment) + LEEWAY_MS < now.at);
      return over ? [`${customer} still holds ${row.entitlement_id}, long after its end`] : [];
    }),
  );
}

/** The end of what was ever paid for; no end for what is bought for good. */
function lastPromise(purchase: Purchase, { google, ledger, now }: Moment): number {
  if (purchase.type === "subscription") return ledger.lastPromise(purchase.purchaseToken);
  return google.shares(purchase, now.at)[0]?.expiresAt ?? Number.POSITIVE_INFINITY;
}

/** Contract section 5: of an ended entitlement `access_until` is the moment when access ended. */
function endedAccessSaysWhen({ now }: Moment): string[] {
  return [...now.entitlements].flatMap(([customer, rows]) =>
    rows.flatMap((row) => {
      if (row.active || (row.access_until !== null && row.access_until <= row.updated_at)) return [];
      return [`${customer}'s ${row.entitlement_id} ended at ${row.access_until}, seen at ${row.updated_at}`];
    }),
  );
}

/** Of the licences of a slot whose key we hold one at most lives; one without a key is an orphan of a lost answer. */
function oneLicenceForOneUnit({ now }: Moment): string[] {
  const live = new Map<string, number>();
  for (const { licence, held } of now.licences) {
    if (!held || licence.status !== "active") continue;
    const slot = String(licence.metadata.slot);
    live.set(slot, (live.get(slot) ?? 0) + 1);
  }
  return [...live].flatMap(([slot, count]) => (count > 1 ? [`${count} live licences for ${slot}`] : []));
}

/** Revoke is for good: never for a purchase that may still give what the licence stands for. */
function livingLicencesAreKept(moment: Moment): string[] {
  const { google, ledger, now } = moment;
  return now.licences.flatMap(({ licence, held }) => {
    if (!held || licence.status !== "revoked") return [];
    const purchase = google.byId(String(licence.metadata.purchase));
    if (purchase === null || takenByHand(moment, purchase, licence.policyId)) return [];
    if (hasMoved(moment, purchase) || moment.owner(purchase) !== licence.metadata.customer) return [];
    return ledger.ended.has(purchase.purchaseToken) || mayHaveEnded(purchase, google, now.at)
      ? []
      : [
          `licence ${licence.id} of ${String(licence.metadata.customer)} was revoked, and its purchase lives on`,
        ];
  });
}

/** Something of the purchase ended, or is another one's now. What Google leaves running past its end has ended too. */
export function mayHaveEnded(purchase: Purchase, google: Google, at: number): boolean {
  if (purchase.type === "one_time") {
    return purchase.refundableQuantity < purchase.quantity || !google.hasAccess(purchase, at);
  }
  if (purchase.replacedBy !== null) return true;
  const shares = google.shares(purchase, at);
  const running = purchase.state === "ACTIVE" || purchase.state === "IN_GRACE_PERIOD";
  return shares.some(({ standing }) => standing === "over" || (running && standing === "later"));
}

const MOVES: Readonly<Record<ObservedGrant["status"], readonly ObservedGrant["status"][]>> = {
  Pending: ["Pending", "Delivered", "Failed", "Revoked"],
  Delivered: ["Delivered", "Revoked"],
  Failed: ["Failed", "Revoked"],
  Revoked: ["Revoked"],
};

/** A grant that ended never changes again, none disappears, and none goes back. */
function grantsOnlyMoveForward({ now, before }: Moment): string[] {
  return [...(before?.grants.values() ?? [])].flatMap((grant) => {
    const next = now.grants.get(grant.id);
    if (next === undefined) return [`grant ${grant.id} is gone`];
    if (next === grant) return [];
    if (!MOVES[grant.status].includes(next.status)) {
      return [`grant ${grant.id} went from ${grant.status} to ${next.status}`];
    }
    const changed = grant.status === "Revoked" && next.text !== grant.text;
    return changed ? [`grant ${grant.id} ended and changed: ${grant.text} → ${next.text}`] : [];
  });
}

/** At most one created, one delivered or failed, one revoked; and each that the grant's status calls for. */
function eventsOnce({ now }: Moment): string[] {
  const told = new Map<string, string[]>();
  for (const event of now.events) {
    const [id = "", type = ""] = event.split(" ");
    const short = type.replace("entitlement_grant.", "");
    told.set(id, [...(told.get(id) ?? []), short === "failed" ? "delivered" : short]);
  }
  return [...now.grants.values()].flatMap((grant) => {
    const types = told.get(grant.id) ?? [];
    const twice = types.length !== new Set(types).size;
    const missing = expectedEvents(grant).filter((type) => !types.includes(type));
    return [
      ...(twice ? [`grant ${grant.id} has an event twice: ${types.join(", ")}`] : []),
      ...missing.map((type) => `grant ${grant.id} is ${grant.status} without its event ${type}`),
      ...(types.includes("revoked") && grant.status !== "Revoked" ? [`grant ${grant.id} told revoked`] : []),
    ];
  });
}

function expectedEvents({ status }: ObservedGrant): string[] {
  if (status === "Pending") return ["created"];
  return status === "Revoked" ? ["created", "revoked"] : ["created", "delivered"];
}

/** Several customers have presented the chain, so that it may have moved from one to another. */
function hasMoved({ google, ledger }: Moment, purchase: Purchase): boolean {
  const root = google.rootOf(purchase);
  const customers = ledger.verifies.flatMap(({ token, customer, outcome }) => {
    const one = google.get(token);
    const presented = one !== null && google.rootOf(one) === root;
    return presented && (outcome === "ok" || outcome === "unknown") ? [customer] : [];
  });
  return new Set([...customers, purchase.uid]).size > 1;
}

/** The admin took something of the same kind away that the same chain gave. */
function takenByHand({ google, ledger, now }: Moment, purchase: Purchase, policyId: string): boolean {
  return [...ledger.manualRevokes].some((id) => {
    const grant = now.grants.get(id);
    const other = google.byId(grant?.purchaseId ?? null);
    if (grant === undefined || other === null || google.rootOf(other) !== google.rootOf(purchase))
      return false;
    return isLicence(grant.entitlement) && (grant.entitlement === "seat") === (policyId === PERPETUAL_POLICY);
  });
}

/** What the admin took away stays away, whatever renews: of as many units fewer are open as were taken. */
function manualRevokesHold({ google, ledger, now }: Moment): string[] {
  return [...ledger.manualRevokes].flatMap((id) => {
    const revoked = now.grants.get(id);
    const purchase = google.byId(revoked?.purchaseId ?? null);
    if (revoked === undefined || purchase === null) return [];
    const alike = [...now.grants.values()].filter((grant) => {
      const other = google.byId(grant.purchaseId);
      const same = other !== null && google.rootOf(other) === google.rootOf(purchase);
      return same && grant.entitlement === revoked.entitlement && grant.customer === revoked.customer;
    });
    const taken = alike.filter((grant) => ledger.manualRevokes.has(grant.id)).length;
    const open = alike.filter(isOpen).length;
    const units = purchase.type === "one_time" ? purchase.quantity : 1;
    const holds = open <= Math.max(0, units - taken);
    return holds ? [] : [`${revoked.entitlement} of grant ${id} came back after it was revoked by hand`];
  });
}

/** Google is told of nothing that is pending or nobody's. */
function nothingToldTooEarly({ google, ledger, owner, name }: Moment): string[] {
  return [...google.all()].flatMap((purchase) => {
    const told = purchase.calls.acknowledge + purchase.calls.consume > 0;
    if (!told) return [];
    if (purchase.completedAt === null) return [`${name(purchase)} was acknowledged while pending`];
    const free = owner(purchase) === null && !ledger.appAcknowledged.has(purchase.purchaseToken);
    return free ? [`${name(purchase)} was acknowledged, and it is nobody's`] : [];
  });
}

/** Trouble lasts minutes; a purchase that has been known for hours with its customer isn't left unacknowledged. */
const LONG_KNOWN_MS = 6 * 3_600_000;

function toldInTime({ google, ledger, name }: Moment): string[] {
  return google.view.voids.filter(isTakenBack).flatMap(({ purchaseToken, voidedAt }) => {
    const purchase = google.get(purchaseToken);
    const since = ledger.entitledSince.get(purchaseToken);
    // What testers buy is to be acknowledged within three minutes, which trouble may outlast.
    if (purchase === null || since === undefined || purchase.test) return [];
    const late = voidedAt - Math.max(since, purchase.completedAt ?? 0) > LONG_KNOWN_MS;
    return late ? [`${name(purchase)} was taken back: nobody acknowledged it`] : [];
  });
}
