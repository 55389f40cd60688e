import { z } from "zod";
import type { LicenseOrphan, SealedLicenseKey } from "../../../domain/purchase-file.ts";
import { customerIdSchema, licenseKeyIdSchema, slotIdSchema, timestamp } from "../schemas.ts";
import { stamp } from "./fields.ts";

const licenseKeySchema = z
  .object({
    id: licenseKeyIdSchema,
    slot_id: slotIdSchema,
    customer_id: customerIdSchema,
    sealed: z.string(),
    license_id: z.string().nullable(),
    issued_at: timestamp,
    // Keys from before they were compared lack it.
    check_at: timestamp.nullable().default(null),
  })
  .transform(
    ({ id, slot_id, customer_id, sealed, license_id, issued_at, check_at }): SealedLicenseKey => ({
      id,
      slotId: slot_id,
      customerId: customer_id,
      sealed,
      licenseId: license_id,
      issuedAt: issued_at,
      checkAt: check_at,
    }),
  );

export function readLicenseKey(data: unknown): SealedLicenseKey {
  return licenseKeySchema.parse(data);
}

/** Null for what can't be read: one bad document must not hide the others. */
export function tryReadLicenseKey(data: unknown): SealedLicenseKey | null {
  return licenseKeySchema.safeParse(data).data ?? null;
}

export function writeLicenseKey(key: SealedLicenseKey) {
  return {
    id: key.id,
    slot_id: key.slotId,
    customer_id: key.customerId,
    sealed: key.sealed,
    license_id: key.licenseId,
    issued_at: stamp(key.issuedAt),
    check_at: stamp(key.checkAt),
  };
}

const orphanSchema = z
  .object({
    id: z.string(),
    license_id: z.string().nullable(),
    slot_id: slotIdSchema,
    grant_id: z.string().nullable(),
    customer_id: customerIdSchema,
    order_id: z.string().nullable(),
    found_at: timestamp,
    resolved_at: timestamp.nullable(),
  })
  .transform(
    ({ id, license_id, slot_id, grant_id, customer_id, order_id, found_at, resolved_at }): LicenseOrphan => ({
      id,
      licenseId: license_id,
      slotId: slot_id,
      grantId: grant_id,
      customerId: customer_id,
      orderId: order_id,
      foundAt: found_at,
      resolvedAt: resolved_at,
    }),
  );

export function readOrphan(data: unknown): LicenseOrphan {
  return orphanSchema.parse(data);
}

export function writeOrphan(orphan: LicenseOrphan) {
  return {
    id: orphan.id,
    license_id: orphan.licenseId,
    slot_id: orphan.slotId,
    grant_id: orphan.grantId,
    customer_id: orphan.customerId,
    order_id: orphan.orderId,
    found_at: stamp(orphan.foundAt),
    resolved_at: stamp(orphan.resolvedAt),
  };
}
