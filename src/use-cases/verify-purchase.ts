import type { Contact } from "../domain/contact.ts";
import { type CustomerFile, emptyCustomerFile } from "../domain/entitlements.ts";
import { AppError } from "../domain/errors.ts";
import type { CustomerId } from "../domain/ids.ts";
import {
  NO_IDS,
  type PurchaseRecord,
  type PurchaseRef,
  purchaseRef,
  type SealedLicenseKey,
} from "../domain/purchase-file.ts";
import type { Secret } from "../domain/secret.ts";
import type { Ports } from "../ports.ts";
import {
  grantsOfPurchase,
  isBeingDelivered,
  type OwnedGrant,
  pendingEntitlements,
  withKeys,
} from "./purchase-grants.ts";
import { refusal } from "./refusal.ts";
import { type SyncPorts, syncPurchase } from "./sync-purchase.ts";

export interface VerifyRequest {
  readonly customerId: CustomerId;
  readonly packageName: string;
  readonly productId: string;
  readonly token: Secret;
  /** How the caller is reached, for letters. */
  readonly contact?: Contact;
}

export interface VerifiedPurchase {
  readonly purchase: PurchaseRecord;
  readonly customer: CustomerFile;
  readonly grants: readonly OwnedGrant[];
  readonly pendingEntitlements: readonly string[];
}

export type VerifyPorts = SyncPorts & Pick<Ports, "records" | "secretBox">;

/**
 * The app presents a purchase token: it is synced, bound to the caller, and answered with what the caller now holds.
 * Repeating it is safe and gives the same answer; while Google was asked just now, it costs Google nothing.
 *
 * @throws AppError any of contract section 3's table.
 */
export async function verifyPurchase(ports: VerifyPorts, request: VerifyRequest): Promise<VerifiedPurchase> {
  const ref = refOf(ports, request);
  const { customerId: claimant, productId, contact } = request;
  const synced = await syncPurchase(ports, {
    ref,
    cause: "verify",
    priority: "app",
    claimant,
    ...(contact === undefined ? {} : { contact }),
    productId,
    observation: null,
    acceptAgeMs: ports.settings.verifyFreshMs,
  });
  if (synced.kind === "refused") throw refusal(synced.code);
  const customer = synced.customer ?? emptyCustomerFile(claimant);
  const { delivered, latest } = synced.started;
  if (delivered === null) return waitForOthers(ports, synced.purchase, customer);
  await Promise.race([delivered, ports.clock.sleep(ports.settings.verifyWaitMs)]);
  const left = latest();
  // Of a purchase that moved, what ended last may be its end with the former owner.
  if (left.customer?.customerId === claimant)
    return answer(ports, left.purchase ?? synced.purchase, left.customer, left.keys);
  const now = await reload(ports, synced.purchase, customer);
  return answer(ports, now.purchase, now.customer);
}

function refOf(ports: VerifyPorts, { packageName, productId, token }: VerifyRequest): PurchaseRef {
  const { catalog } = ports.settings.policy;
  if (!catalog.packages.has(packageName)) {
    throw new AppError("package_not_allowed", "This app's package is not in the catalogue.");
  }
  const product = catalog.product(packageName, productId);
  if (product === null) throw refusal("product_not_in_catalog");
  return purchaseRef(packageName, product.type, token);
}

/** Another process may be delivering what this one found granted already: its result is worth a moment's wait. */
async function waitForOthers(
  ports: VerifyPorts,
  purchase: PurchaseRecord,
  customer: CustomerFile,
): Promise<VerifiedPurchase> {
  const { clock, settings } = ports;
  const until = clock.monotonic() + settings.verifyWaitMs;
  let now = { purchase, customer };
  while (isBeingDelivered(now.purchase, now.customer, clock.now()) && clock.monotonic() < until) {
    await clock.sleep(POLL_MS);
    now = await reload(ports, purchase, customer);
  }
  return answer(ports, now.purchase, now.customer);
}

const POLL_MS = 250;

async function reload(ports: VerifyPorts, purchase: PurchaseRecord, customer: CustomerFile) {
  const ids = { ...NO_IDS, purchaseId: purchase.id, customerId: customer.customerId };
  const { file } = await ports.store.load(ids);
  return { purchase: file.purchase ?? purchase, customer: file.customer ?? customer };
}

async function answer(
  ports: VerifyPorts,
  purchase: PurchaseRecord,
  customer: CustomerFile,
  keys: readonly SealedLicenseKey[] = [],
): Promise<VerifiedPurchase> {
  const grants = await withKeys(ports, await grantsOfPurchase(ports, purchase, customer), keys);
  return { purchase, customer, grants, pendingEntitlements: pendingEntitlements(purchase, customer) };
}
