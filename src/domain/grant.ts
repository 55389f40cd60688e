import type { RevocationDetail, RevocationReason } from "./access.ts";
import type { ChainId, CustomerId, GrantId, LicenseKeyId, PurchaseId, SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";

export type GrantStatus = "Pending" | "Delivered" | "Failed" | "Revoked";

/** A licence key as a grant shows it; the key itself lies sealed under its id. */
export interface ShownLicenseKey {
  readonly id: LicenseKeyId;
  /** The key with all but its last four characters hidden. */
  readonly masked: string;
}

export interface Failure {
  readonly code: string;
  /** One plain sentence: no token, no key, nothing of the other side's words. */
  readonly message: string;
}

/** One generation of a slot: the row that the outside sees. A row that ended is never revived. */
export interface Grant {
  readonly id: GrantId;
  readonly slotId: SlotId;
  readonly customerId: CustomerId;
  readonly entitlementId: string;
  readonly packageName: string;
  readonly integrationType: string;
  /** Null: a gift of the shop's. */
  readonly purchaseId: PurchaseId | null;
  readonly productId: string | null;
  /** The Play order that paid when it opened. */
  readonly orderId: string | null;
  readonly chainId: ChainId | null;
  readonly regrantOf: GrantId | null;
  readonly status: GrantStatus;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly deliveredAt: Instant | null;
  readonly revokedAt: Instant | null;
  readonly revocationReason: RevocationReason | null;
  readonly revocationDetail: RevocationDetail | null;
  readonly failure: Failure | null;
  readonly licenseKey: ShownLicenseKey | null;
  /** End of access of the licence, where the integration has one. */
  readonly expiresAt: Instant | null;
}

/** What a new row takes over from its slot. */
export type GrantSeed = Omit<
  Grant,
  | "status"
  | "createdAt"
  | "updatedAt"
  | "deliveredAt"
  | "revokedAt"
  | "revocationReason"
  | "revocationDetail"
  | "failure"
>;

/** (none) → `Pending`, or → `Delivered` when the thing is already in our hands. */
export function openGrant(seed: GrantSeed, status: "Pending" | "Delivered", now: Instant): Grant {
  return {
    ...seed,
    status,
    createdAt: now,
    updatedAt: now,
    deliveredAt: status === "Delivered" ? now : null,
    revokedAt: null,
    revocationReason: null,
    revocationDetail: null,
    failure: null,
  };
}

/** `Pending` → `Delivered`. */
export function deliverGrant(grant: Grant, licenseKey: ShownLicenseKey | null, now: Instant): Grant {
  return { ...grant, status: "Delivered", licenseKey, deliveredAt: now, updatedAt: now };
}

/** `Pending` → `Failed`. */
export function failGrant(grant: Grant, failure: Failure, now: Instant): Grant {
  return { ...grant, status: "Failed", failure, updatedAt: now };
}

/** `Pending` | `Delivered` → `Revoked`, and `Failed` → `Revoked` by a person alone; the reason given first stays for good. */
export function revokeGrant(
  grant: Grant,
  reason: RevocationReason,
  detail: RevocationDetail | null,
  now: Instant,
): Grant {
  return {
    ...grant,
    status: "Revoked",
    revokedAt: now,
    revocationReason: reason,
    revocationDetail: detail,
    updatedAt: now,
  };
}

/** The licence's end moved; not an event. */
export function extendGrant(grant: Grant, expiresAt: Instant | null, now: Instant): Grant {
  return grant.expiresAt === expiresAt ? grant : { ...grant, expiresAt, updatedAt: now };
}

/** Hides all letters and digits of a key but the last four. */
export function maskKey(key: string): string {
  return key.slice(0, -4).replace(/[A-Za-z0-9]/g, "*") + key.slice(-4);
}
