import { type Access, type AccessRules, accessOf, stateOf, unitsHeld } from "./access.ts";
import { type Catalog, entitlementsOf } from "./catalog.ts";
import { type CustomerId, type SlotId, slotId } from "./ids.ts";
import { HOUR, type Instant } from "./instant.ts";
import { type LineItem, type Purchase, type PurchaseState, renews } from "./purchase.ts";
import type { PurchaseRecord } from "./purchase-file.ts";
import type { Slot, Target } from "./slot.ts";

/** More units than Play sells at once; a bound for what one purchase can make us do. */
export const MAX_UNITS = 100;

export interface Policy {
  readonly catalog: Catalog;
  readonly renewalLeewayHours: number;
  /** May a purchase move to whoever presents it? */
  readonly transfers: boolean;
}

/** What a purchase wants of one slot. */
export interface Desired {
  readonly slotId: SlotId;
  readonly entitlementId: string;
  readonly target: Target;
}

export function rulesFor(record: PurchaseRecord, item: LineItem, policy: Policy): AccessRules {
  return {
    renewalLeewayMs: policy.renewalLeewayHours * HOUR,
    rentalPeriod: policy.catalog.product(record.packageName, item.productId)?.rentalPeriod ?? null,
  };
}

/** Purchases of licence testers give nothing where the owner's catalogue says so. */
export function isIgnored(answer: Purchase, policy: Policy): boolean {
  return answer.test && policy.catalog.testPurchases === "ignore";
}

/** @returns null where nothing is due: pending, not started, or a tester's. */
export function accessOfItem(
  record: PurchaseRecord,
  item: LineItem,
  policy: Policy,
  now: Instant,
): Access | null {
  if (record.answer === null || isIgnored(record.answer, policy)) return null;
  return accessOf(item, record.answer, record.observations, rulesFor(record, item, policy), now);
}

/**
 * Every slot that a purchase has a say in, with the access it wants there. Where several of its items speak for one slot
 * the strongest access counts.
 *
 * @param held The customer's slots: a product that has left the catalogue goes on giving what it gave.
 */
export function desiredGrants(
  record: PurchaseRecord,
  customer: CustomerId,
  held: readonly Slot[],
  policy: Policy,
  now: Instant,
): Desired[] {
  const { answer } = record;
  if (answer === null) return [];
  const desired = new Map<SlotId, Desired>();
  for (const item of answer.items) {
    const access = accessOfItem(record, item, policy, now);
    if (access === null) continue;
    for (const [entitlementId, unit, unitAccess] of unitsOf(record, item, access, held, policy)) {
      const id = slotId(customer, scopeOf(record, item), entitlementId, unit);
      const next = { slotId: id, entitlementId, target: targetOf(record, answer, item, unitAccess) };
      const known = desired.get(id);
      desired.set(id, known === undefined ? next : merged(known, next));
    }
  }
  return [...desired.values()];
}

/** A subscription's slots belong to its chain, so that they outlive the token; a one-time product's to the purchase. */
function scopeOf(record: PurchaseRecord, item: LineItem): string {
  return record.chainId ?? `${record.id}/${item.productId}`;
}

function unitsOf(
  record: PurchaseRecord,
  item: LineItem,
  access: Access,
  held: readonly Slot[],
  policy: Policy,
): [string, number, Access][] {
  const quantity = Math.min(item.quantity, MAX_UNITS);
  const paid = unitsHeld(item, record.observations);
  const units: [string, number, Access][] = [];
  for (const entitlementId of givenBy(record, item, held, policy)) {
    // What has left the catalogue is not counted anew: units that nobody holds are not opened.
    const perUnit = policy.catalog.entitlements.get(entitlementId)?.integration.perUnit ?? true;
    for (let unit = 0; unit < (perUnit ? quantity : 1); unit += 1) {
      // Refunded units are taken from the newest: the last ones.
      units.push([
        entitlementId,
        unit,
        unit < paid ? access : { kind: "ended", reason: "refund", detail: null },
      ]);
    }
  }
  return units;
}

function givenBy(
  record: PurchaseRecord,
  item: LineItem,
  held: readonly Slot[],
  policy: Policy,
): readonly string[] {
  const product = policy.catalog.product(record.packageName, item.productId);
  if (product !== null) return entitlementsOf(product, item);
  const given = held.filter(
    (slot) => slot.target.purchaseId === record.id && slot.target.productId === item.productId,
  );
  return [...new Set(given.map((slot) => slot.entitlementId))];
}

function targetOf(record: PurchaseRecord, answer: Purchase, item: LineItem, access: Access): Target {
  return {
    access,
    purchaseId: record.id,
    productId: item.productId,
    productIds: access.kind === "active" ? [item.productId] : [],
    chainId: record.chainId,
    orderId: item.orderId,
    expiresAt: access.kind === "active" && item.expiresAt === null ? access.until : item.expiresAt,
    state: stateOf(answer, record.observations),
    willRenew: renews(item) && !ENDING.has(answer.state),
  };
}

const ENDING: ReadonlySet<PurchaseState> = new Set(["canceled", "expired"]);

/** Two items speak for one slot: the stronger access counts, and all that give it are named. */
function merged(known: Desired, next: Desired): Desired {
  const best = isStronger(next.target.access, known.target.access) ? next : known;
  const productIds = [...new Set([...known.target.productIds, ...next.target.productIds])].sort();
  return { ...best, target: { ...best.target, productIds } };
}

const STRENGTH = { active: 2, suspended: 1, ended: 0 };

function isStronger(a: Access, b: Access): boolean {
  if (a.kind !== "active" || b.kind !== "active") return STRENGTH[a.kind] > STRENGTH[b.kind];
  return (a.until ?? Number.POSITIVE_INFINITY) > (b.until ?? Number.POSITIVE_INFINITY);
}
