import { type CustomerFile, slotsOf } from "../domain/entitlements.ts";
import type { Grant } from "../domain/grant.ts";
import { type GrantId, grantId, type LicenseKeyId, type SlotId } from "../domain/ids.ts";
import { type Instant, SECOND } from "../domain/instant.ts";
import type { PurchaseRecord, SealedLicenseKey } from "../domain/purchase-file.ts";
import type { Secret } from "../domain/secret.ts";
import { type Slot, wantedAccess } from "../domain/slot.ts";
import type { Ports } from "../ports.ts";

/** A grant with its licence key in clear: for its owner alone. */
export interface OwnedGrant {
  readonly grant: Grant;
  readonly key: Secret | null;
}

/** Of rows that ended long ago only the last few of a slot are shown with their purchase; the list has them all. */
const MAX_GENERATIONS = 5;

/**
 * The grants of one purchase, oldest first: open ones from the customer file, ended ones by their ids. A row that a renewed
 * token took over from the one before (re-sign-up, top-up) is the new one's while it is open.
 */
export async function grantsOfPurchase(
  ports: Pick<Ports, "records">,
  purchase: PurchaseRecord,
  customer: CustomerFile,
): Promise<Grant[]> {
  const slots = slotsOf(customer).filter((slot) => isAbout(slot, purchase));
  const current = slots.filter((slot) => slot.target.purchaseId === purchase.id);
  const open = current.flatMap((slot) => slot.grant ?? []);
  const opened = new Set(slots.flatMap((slot) => slot.grant?.id ?? []));
  const ended = endedIds(purchase, slots).filter((id) => !opened.has(id));
  const past = ended.length === 0 ? [] : await ports.records.grants(customer.customerId, ended);
  const own = past.filter((grant) => grant.purchaseId === purchase.id);
  return [...own, ...open].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** The slots of one that was replaced are its successor's now, but rows of its own may have ended in them. */
function isAbout({ target }: Slot, { id, chainId, observations }: PurchaseRecord): boolean {
  return target.purchaseId === id || (observations.supersededBy !== null && target.chainId === chainId);
}

function endedIds(purchase: PurchaseRecord, slots: readonly Slot[]): GrantId[] {
  const generations = new Map<SlotId, number>(slots.map((slot) => [slot.id, slot.generation]));
  for (const [slot, closed] of Object.entries(purchase.closed))
    generations.set(slot as SlotId, closed.generation);
  return [...generations].flatMap(([slot, last]) => {
    const first = Math.max(1, last - MAX_GENERATIONS + 1);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => grantId(slot, first + index));
  });
}

/** Entitlements that a purchase gives and whose thing is still being delivered. */
export function pendingEntitlements(purchase: PurchaseRecord, customer: CustomerFile): string[] {
  const waiting = slotsOf(customer).filter(
    (slot) => slot.target.purchaseId === purchase.id && isWaiting(slot),
  );
  return [...new Set(waiting.map((slot) => slot.entitlementId))].sort();
}

/** Wanted, and neither in hand nor given up. */
export function isWaiting(slot: Slot): boolean {
  return wantedAccess(slot).kind === "active" && slot.grant?.status !== "Delivered" && slot.failure === null;
}

/** How long after a plan change its key is worth waiting for though nothing marks its delivery yet. */
const JUST_CHANGED = 10 * SECOND;

/**
 * True while some process is delivering just now, so that waiting a moment may be worth it. A delivery is marked; at a plan
 * change the former key is taken back first, which isn't.
 */
export function isBeingDelivered(purchase: PurchaseRecord, customer: CustomerFile, now: Instant): boolean {
  const justChanged = now - purchase.updatedAt < JUST_CHANGED;
  return slotsOf(customer)
    .filter((slot) => slot.target.purchaseId === purchase.id && isWaiting(slot))
    .some(({ attempt, generation }) => attempt !== null || (generation > 0 && justChanged));
}

/** Opens the licence keys of a customer's own grants. @param known Sealed keys that need not be read. */
export async function withKeys(
  ports: Pick<Ports, "records" | "secretBox">,
  grants: readonly Grant[],
  known: readonly SealedLicenseKey[] = [],
): Promise<OwnedGrant[]> {
  const shown = new Set(grants.flatMap(({ licenseKey }) => (licenseKey === null ? [] : [licenseKey.id])));
  const missing = [...shown].filter((id) => !known.some((key) => key.id === id));
  const read = missing.length === 0 ? [] : await ports.records.licenseKeys(missing);
  const sealed = [...known, ...read];
  const keys = new Map<LicenseKeyId, Secret>(
    await Promise.all(
      sealed.map(async (key) => [key.id, await ports.secretBox.open(key.sealed, key.slotId)] as const),
    ),
  );
  return grants.map((grant) => ({
    grant,
    key: grant.licenseKey === null ? null : (keys.get(grant.licenseKey.id) ?? null),
  }));
}
