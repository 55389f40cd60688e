import type { CustomerId } from "../../../src/domain/ids.ts";
import type { Purchase } from "../../../src/domain/purchase.ts";
import type { PurchaseRecord } from "../../../src/domain/purchase-file.ts";
import type { Slot } from "../../../src/domain/slot.ts";
import { handleNotification } from "../../../src/use-cases/handle-notification.ts";
import { type SyncRequest, syncPurchase } from "../../../src/use-cases/sync-purchase.ts";
import { type VerifiedPurchase, verifyPurchase } from "../../../src/use-cases/verify-purchase.ts";
import { ANN, must, PACKAGE, refOf, token } from "../../support/builders.ts";
import type { Process, World } from "../../support/ports.ts";
import type { HeldLicense } from "./fake-licenses.ts";

/** What customers, Google and processes do in tests, in few words. A purchase goes by the name of its token. */

/** From now on Google says this about a purchase. */
export function googleSays(world: World, name: string, purchase: Purchase): void {
  world.play.put(refOf(name, purchase.type), purchase);
}

/** The app presents a token; the product is the one that Google says it is, unless told otherwise. */
export function present(
  world: World,
  by: Process,
  name: string,
  { customerId = ANN, productId = "" }: { customerId?: CustomerId; productId?: string } = {},
): Promise<VerifiedPurchase> {
  const named = productId || productOf(world, name);
  return verifyPurchase(by.ports, { customerId, packageName: PACKAGE, productId: named, token: token(name) });
}

/** {@link present}, to its end, time passing. */
export function verify(
  world: World,
  by: Process,
  name: string,
  options: { customerId?: CustomerId; productId?: string } = {},
): Promise<VerifiedPurchase> {
  return world.run(present(world, by, name, options));
}

function productOf(world: World, name: string): string {
  for (const type of ["subscription", "one_time"] as const) {
    try {
      return must(world.play.purchase(refOf(name, type)).items[0]).productId;
    } catch {
      // It is of the other type, or Google does not know it.
    }
  }
  return "lumen_pro";
}

export function syncOf(by: Process, name: string, request: Partial<SyncRequest> = {}) {
  const type = request.ref?.type ?? "subscription";
  return syncPurchase(by.ports, {
    ref: refOf(name, type),
    cause: "rtdn",
    priority: "notice",
    claimant: null,
    productId: null,
    observation: null,
    acceptAgeMs: 0,
    ...request,
  });
}

export interface NoticeFields {
  readonly packageName?: string;
  readonly eventTimeMillis?: string | number;
  readonly [field: string]: unknown;
}

/** A developer notification arrives. */
export function notify(world: World, by: Process, fields: NoticeFields | string | null, messageId = "m1") {
  const text =
    typeof fields === "object" && fields !== null
      ? JSON.stringify({
          version: "1.0",
          packageName: PACKAGE,
          eventTimeMillis: String(world.clock.now()),
          ...fields,
        })
      : fields;
  return world.run(
    handleNotification(by.ports, {
      messageId,
      source: "push",
      text,
      broken: "not_base64",
      raw: text ?? "%%%",
    }),
  );
}

/** The fields of a notice about a subscription, 4: it was bought. */
export function aboutSubscription(name: string, notificationType = 4): NoticeFields {
  return {
    subscriptionNotification: { version: "1.0", notificationType, purchaseToken: token(name).reveal() },
  };
}

export function aboutProduct(name: string, notificationType = 1): NoticeFields {
  return {
    oneTimeProductNotification: {
      version: "1.0",
      notificationType,
      purchaseToken: token(name).reveal(),
      sku: "x",
    },
  };
}

export function stored(world: World, name: string, type: Purchase["type"] = "subscription"): PurchaseRecord {
  return must(world.memory.tables.purchases.get(refOf(name, type).id)).value;
}

export function slotsFor(world: World, entitlementId: string, customerId = ANN): Slot[] {
  return Object.values(world.customer(customerId).slots).filter(
    (slot) => slot.entitlementId === entitlementId,
  );
}

/** The key that we hold for a slot, in clear; null where there is none. */
export async function heldKey(world: World, slot: Slot): Promise<string | null> {
  const sealed = slot.shown === null ? undefined : world.memory.tables.licenseKeys.get(slot.shown.id);
  return sealed === undefined ? null : (await world.secretBox.open(sealed.sealed, sealed.slotId)).reveal();
}

/**
 * What must be true when all is done: every slot that is wanted has exactly one live licence, as wanted, whose key we
 * hold; every other live licence was put aside for a person; and nothing that we hold was.
 */
export async function findLicenceFaults(world: World, customerId = ANN): Promise<string[]> {
  const faults: string[] = [];
  const held = new Map<string, Slot>();
  for (const slot of Object.values(world.customer(customerId).slots)) {
    const key = await heldKey(world, slot);
    if (key !== null) held.set(key, slot);
    if (slot.integrationType !== "license_key" || slot.target.access.kind === "ended") continue;
    const license = world.licenses.all.find((one) => one.key === key);
    faults.push(...faultsOf(slot, license));
  }
  const orphans = new Set([...world.memory.tables.orphans.values()].map(({ licenseId }) => licenseId));
  for (const license of world.licenses.live()) {
    const ours = held.has(license.key);
    const known = orphans.has(license.licenseId);
    if (!ours && !known) faults.push(`${license.licenseId} lives, and nobody knows of it`);
    if (ours && known) faults.push(`${license.licenseId} is ours, and is called an orphan`);
  }
  return faults;
}

function faultsOf(slot: Slot, license: HeldLicense | undefined): string[] {
  const { access, productId } = slot.target;
  if (license === undefined) {
    return access.kind === "active" ? [`${slot.entitlementId} is wanted, and there is no licence`] : [];
  }
  const status = access.kind === "active" ? "active" : "suspended";
  const until = access.kind === "active" ? access.until : license.expiresAt;
  const faults: string[] = [];
  if (license.status !== status)
    faults.push(`${license.licenseId} is ${license.status} instead of ${status}`);
  if (license.expiresAt !== until)
    faults.push(`${license.licenseId} ends at ${license.expiresAt} instead of ${until}`);
  if (slot.applied.productId !== productId)
    faults.push(`${license.licenseId} is for ${slot.applied.productId}`);
  return faults;
}

/** Events by type, with how often each came. */
export function eventCounts(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of world.memory.tables.events.values()) {
    const name = type.slice("entitlement_grant.".length);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export function writesOf(by: Process): number {
  return by.calls.filter((call) => call === "store.update").length;
}
