import type { Purchase } from "../../sandbox/play/model.ts";
import type { Google } from "./google.ts";
import { type Ledger, purchaseIdOf } from "./ledger.ts";
import type { ObservedGrant, Snapshot } from "./observed.ts";
import { CONSUMABLE, givenBy, isLicence, PERPETUAL_POLICY } from "./shop.ts";
import { type Share, stateWords } from "./truth.ts";

/** What the service should show, given Google's world, whose each purchase is, and what the admin took away. */
export interface Reference {
  readonly google: Google;
  readonly ledger: Ledger;
  readonly snapshot: Snapshot;
  /** Whose a purchase is for the service; null: nobody's, or it isn't known. */
  readonly owner: (purchase: Purchase) => string | null;
  readonly known: (purchase: Purchase) => boolean;
  readonly name: (purchase: Purchase) => string;
}

/** One reason for a customer to hold an entitlement: an item of a purchase, or a gift. */
interface Source {
  readonly purchase: Purchase | null;
  /** Of the chain; of all gifts the same. */
  readonly root: string;
  readonly share: Share;
  /** Of what the admin took away by hand some may be among the units that were refunded: then more are left. */
  readonly atMost: number;
}

const GIFT = "a gift";

/** Every difference between what is and what should be, in words. */
export function compare(
  reference: Reference,
  customers: readonly string[],
  ids: readonly string[],
): string[] {
  const perCustomer = customers.flatMap((customer) =>
    ids.flatMap((id) => compareHolding(reference, customer, id)),
  );
  return [...perCustomer, ...[...reference.google.all()].flatMap((one) => comparePurchase(reference, one))];
}

/** What a customer holds of one entitlement: the entry, the grants, the licences. */
export function compareHolding(reference: Reference, customer: string, entitlement: string): string[] {
  const sources = sourcesOf(reference, customer, entitlement, "on");
  const about = `${customer}'s ${entitlement}`;
  return [
    ...compareEntitlement(reference, customer, entitlement, sources),
    ...compareGrants(reference, customer, entitlement, sources),
    ...(isLicence(entitlement) ? compareLicences(reference, customer, entitlement, sources) : []),
  ].map((difference) => `${about}: ${difference}`);
}

/** What a customer may use now, where we were told everything: no notice is lost or late, and all of it was handled. */
export function compareAccess(reference: Reference, customer: string, ids: readonly string[]): string[] {
  const { google, ledger, owner, snapshot } = reference;
  const mine = [...google.all()].filter((purchase) => owner(purchase) === customer);
  if (!mine.every(({ purchaseToken }) => ledger.isUpToDate(purchaseToken))) return [];
  const rows = snapshot.entitlements.get(customer) ?? [];
  return ids.flatMap((id) => {
    const active = rows.some((row) => row.entitlement_id === id && row.active);
    const sources = sourcesOf(reference, customer, id, "on");
    if (sources.some(({ share }) => share.units === 0)) return [];
    const should = sources.length > 0;
    const why = active ? "and has no right to it" : "and has a right to it";
    return active === should ? [] : [`${customer} ${active ? "may" : "may not"} use ${id}, ${why}`];
  });
}

export function sourcesOf(
  reference: Reference,
  customer: string,
  entitlement: string,
  standing: Share["standing"],
): Source[] {
  const { google, owner, snapshot } = reference;
  const bought = [...google.all()].flatMap((purchase) => {
    if (owner(purchase) !== customer) return [];
    const root = google.rootOf(purchase);
    const taken = takenByHand(reference, customer, entitlement, root);
    return google
      .shares(purchase, snapshot.at)
      .filter((share) => share.standing === standing && share.entitlements.includes(entitlement))
      .map((share) => {
        const units = Math.max(0, share.units - taken);
        const bought = purchase.type === "one_time" ? purchase.quantity : 1;
        return { purchase, root, share: { ...share, units }, atMost: Math.min(share.units, bought - taken) };
      })
      .filter(({ atMost }) => atMost > 0);
  });
  const gift = standing === "on" ? giftOf(reference, customer, entitlement) : null;
  return gift === null ? bought : [...bought, { purchase: null, root: GIFT, share: gift, atMost: 1 }];
}

/** How many units of a chain the admin took away: they never come back by themselves. */
function takenByHand(
  { google, ledger, snapshot }: Reference,
  customer: string,
  entitlement: string,
  root: string,
): number {
  return [...ledger.manualRevokes].filter((id) => {
    const grant = snapshot.grants.get(id);
    const purchase = google.byId(grant?.purchaseId ?? null);
    const same = grant?.customer === customer && grant.entitlement === entitlement;
    return same && purchase !== null && google.rootOf(purchase) === root;
  }).length;
}

function giftOf({ ledger, snapshot }: Reference, customer: string, entitlement: string): Share | null {
  const gift = ledger.gifts.get(`${customer} ${entitlement}`);
  if (gift === undefined || (gift.expiresAt ?? Number.POSITIVE_INFINITY) <= snapshot.at) return null;
  return {
    productId: "",
    entitlements: [entitlement],
    standing: "on",
    expiresAt: gift.expiresAt,
    accessUntil: gift.expiresAt,
    willRenew: false,
    units: 1,
  };
}

function compareEntitlement(
  { snapshot, name }: Reference,
  customer: string,
  entitlement: string,
  sources: readonly Source[],
): string[] {
  const row = snapshot.entitlements
    .get(customer)
    ?.find(({ entitlement_id }) => entitlement_id === entitlement);
  const because = sources.map(({ purchase }) => (purchase === null ? GIFT : name(purchase))).join(", ");
  if (sources.some(({ share }) => share.units === 0)) return [];
  if (sources.length === 0) return row?.active === true ? ["is active, and nothing gives it"] : [];
  if (row?.active !== true) return [`is not active, and ${because} gives it`];
  const shares = sources.map(({ share }) => share);
  const bought = sources.flatMap(({ purchase, share }) => (purchase === null ? [] : [{ purchase, share }]));
  const until = timeText(latest(shares.map(({ accessUntil }) => accessUntil)));
  const ends = shares.map(({ expiresAt }) => timeText(expiresAt));
  return [
    ...differs("access_until", row.access_until, [until]),
    ...differs("expires_at", row.expires_at, ends),
    ...differs("will_renew", row.will_renew, [...new Set(shares.map(({ willRenew }) => willRenew))]),
    ...differs("product_ids", sorted(row.product_ids), [sorted(bought.map(({ share }) => share.productId))]),
    ...differs("purchase_ids", sorted(row.purchase_ids), [
      sorted(bought.map(({ purchase }) => purchaseIdOf(purchase.purchaseToken))),
    ]),
  ];
}

function compareGrants(
  reference: Reference,
  customer: string,
  entitlement: string,
  sources: readonly Source[],
): string[] {
  const { google, snapshot } = reference;
  const open = new Map<string, number>();
  for (const grant of snapshot.grants.values()) {
    if (!isOpen(grant) || grant.customer !== customer || grant.entitlement !== entitlement) continue;
    add(open, rootOfId(google, grant.purchaseId), 1);
  }
  return compareCounts(reference, "open grants", open, unitsByRoot(entitlement, sources));
}

/** Contract section 6; `at` most places where it counts, `Pending` is as open as `Delivered`. */
export function isOpen({ status }: ObservedGrant): boolean {
  return status === "Pending" || status === "Delivered";
}

interface Range {
  readonly least: number;
  readonly most: number;
}

const NONE: Range = { least: 0, most: 0 };

function unitsByRoot(entitlement: string, sources: readonly Source[]): Map<string, Range> {
  const units = new Map<string, Range>();
  const counted = new Set<Purchase | null>();
  for (const { purchase, root, share, atMost } of sources) {
    // A feature is given once, however many items of a purchase give it.
    if (!isLicence(entitlement) && counted.has(purchase)) continue;
    counted.add(purchase);
    const [least, most] = isLicence(entitlement) ? [share.units, atMost] : [1, 1];
    const before = units.get(root) ?? NONE;
    units.set(root, { least: before.least + least, most: before.most + most });
  }
  return units;
}

function rootOfId(google: Google, purchaseId: string | null): string {
  if (purchaseId === null) return GIFT;
  const purchase = google.byId(purchaseId);
  return purchase === null ? "?" : google.rootOf(purchase);
}

/** KeyThai takes no end off again: one that nobody will see, in epoch seconds, is as good as none. */
const NO_END = Date.UTC(2900, 0) / 1000;

function compareLicences(
  reference: Reference,
  customer: string,
  entitlement: string,
  sources: readonly Source[],
): string[] {
  const { google } = reference;
  const paused = sourcesOf(reference, customer, entitlement, "later");
  const live = new Map<string, number>();
  const suspended = new Map<string, number>();
  const wrongEnds: string[] = [];
  for (const { licence } of heldOf(reference, customer, entitlement)) {
    const { purchase } = licence.metadata;
    const root = rootOfId(google, typeof purchase === "string" ? purchase : null);
    if (licence.status === "suspended") add(suspended, root, 1);
    if (licence.status !== "active") continue;
    add(live, root, 1);
    const ends = sources
      .filter((source) => source.root === root)
      .map(({ share }) => (share.accessUntil === null ? null : Math.ceil(share.accessUntil / 1000)));
    const end = (licence.expiresAt ?? 0) >= NO_END ? null : licence.expiresAt;
    if (ends.length > 0) wrongEnds.push(...differs("expiry of its licence", end, ends));
  }
  const mayBeSuspended = unitsByRoot(entitlement, paused);
  const stray = [...suspended].filter(([root, count]) => count > (mayBeSuspended.get(root) ?? NONE).most);
  return [
    ...compareCounts(reference, "live licences", live, unitsByRoot(entitlement, sources)),
    ...stray.map(([root, count]) => `${count} suspended licences of ${nameOf(reference, root)}`),
    ...wrongEnds,
  ];
}

/** Licences of a customer whose key we hold. */
function heldOf({ snapshot }: Reference, customer: string, entitlement: string) {
  return snapshot.licences.filter(
    ({ licence, held }) =>
      held &&
      licence.metadata.customer === customer &&
      (licence.policyId === PERPETUAL_POLICY) === (entitlement === "seat"),
  );
}

function comparePurchase(reference: Reference, purchase: Purchase): string[] {
  const { google, ledger, snapshot, owner, known, name } = reference;
  const token = purchase.purchaseToken;
  const about = name(purchase);
  const sold = soldItems(purchase);
  if (!known(purchase)) {
    return ledger.mustBeKnown(token) && sold ? [`${about} was told to us and isn't recorded`] : [];
  }
  const view = [...snapshot.purchases.values()].find(({ id }) => google.byId(id) === purchase)?.view;
  if (view == null) return [`${about} has no answer of Google's`];
  const ignored = purchase.test && google.view.testPurchases === "ignore";
  const paid = !ignored && google.hasAccess(purchase, snapshot.at);
  const told = owner(purchase) !== null && paid;
  return [
    ...differs("state", view.state, stateWords(purchase, google.view, snapshot.at)),
    ...differs("access", view.access, [paid]),
    ...differs("expires_at", view.expires_at, [timeText(endOf(google.shares(purchase, snapshot.at)))]),
    ...(told ? differs("acknowledged at Google", purchase.acknowledged, [true]) : []),
    ...(told && purchase.type === "one_time" && CONSUMABLE.has(purchase.productId)
      ? differs("consumed at Google", purchase.consumed, [true])
      : []),
  ].map((difference) => `${about}: ${difference}`);
}

function soldItems(purchase: Purchase): boolean {
  return purchase.type === "subscription"
    ? purchase.items.some(({ productId, basePlanId }) => givenBy(productId, basePlanId) !== null)
    : givenBy(purchase.productId, null) !== null;
}

/** Of several items the one that ends last; null where none has an end. */
function endOf(shares: readonly Share[]): number | null {
  const ends = shares.flatMap(({ expiresAt }) => expiresAt ?? []);
  return ends.length === 0 ? null : Math.max(...ends);
}

function latest(ends: readonly (number | null)[]): number | null {
  return ends.includes(null) ? null : Math.max(...ends.filter((end) => end !== null));
}

function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function sorted(texts: readonly string[]): string {
  return [...new Set(texts)].sort().join(" ");
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function differs<T>(what: string, is: T, may: readonly T[]): string[] {
  return may.includes(is) ? [] : [`${what} is ${String(is)}, not ${may.map(String).join(" or ")}`];
}

function compareCounts(
  reference: Reference,
  what: string,
  is: ReadonlyMap<string, number>,
  should: ReadonlyMap<string, Range>,
): string[] {
  const roots = new Set([...is.keys(), ...should.keys()]);
  return [...roots].flatMap((root) => {
    const [has, { least, most }] = [is.get(root) ?? 0, should.get(root) ?? NONE];
    const wanted = least === most ? least : `${least} to ${most}`;
    return has >= least && has <= most
      ? []
      : [`${has} ${what} because of ${nameOf(reference, root)}, not ${wanted}`];
  });
}

function nameOf({ google, name }: Reference, root: string): string {
  const purchase = google.get(root);
  if (root === GIFT) return root;
  return purchase === null ? "something unknown" : name(purchase);
}
