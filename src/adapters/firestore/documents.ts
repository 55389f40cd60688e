import { FieldValue, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import type { CustomerFile, Entitlement } from "../../domain/entitlements.ts";
import type { Grant } from "../../domain/grant.ts";
import type { GrantEvent } from "../../domain/grant-events.ts";
import { type GrantResponse, grantResponseSchema, toGrantResponse } from "../../domain/grant-response.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import type {
  AuditEntry,
  LicenseOrphan,
  PurchaseRecord,
  PurchaseRef,
  SealedLicenseKey,
} from "../../domain/purchase-file.ts";
import {
  answerSchema,
  chainIdSchema,
  closedSlotsSchema,
  customerIdSchema,
  entitlementSchema,
  grantIdSchema,
  licenseKeyIdSchema,
  observationsSchema,
  purchaseIdSchema,
  secret,
  slotIdSchema,
  slotSchema,
  timestamp,
} from "./schemas.ts";

/** How each thing is written and read: field names of Firestore stand here and nowhere else. */

const purchaseSchema = z
  .object({
    id: purchaseIdSchema,
    package_name: z.string(),
    type: z.enum(["one_time", "subscription"]),
    token: secret,
    answer: answerSchema.nullable(),
    observations: observationsSchema,
    customer_id: customerIdSchema.nullable(),
    chain_id: chainIdSchema.nullable(),
    replaced: purchaseIdSchema.nullable(),
    revision: z.number(),
    closed: closedSlotsSchema,
    next_sync_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform(
    ({
      package_name,
      customer_id,
      chain_id,
      next_sync_at,
      created_at,
      updated_at,
      ...rest
    }): PurchaseRecord => ({
      ...rest,
      packageName: package_name,
      customerId: customer_id,
      chainId: chain_id,
      nextSyncAt: next_sync_at,
      createdAt: created_at,
      updatedAt: updated_at,
    }),
  );

const purchaseRefSchema = z
  .object({
    id: purchaseIdSchema,
    package_name: z.string(),
    type: z.enum(["one_time", "subscription"]),
    token: secret,
  })
  .transform(({ package_name, ...rest }): PurchaseRef => ({ ...rest, packageName: package_name }));

/** What names a purchase, though the rest can't be read; null where not even that can. */
export function tryReadPurchaseRef(data: unknown): PurchaseRef | null {
  return purchaseRefSchema.safeParse(data).data ?? null;
}

export function readPurchase(data: unknown): PurchaseRecord {
  return purchaseSchema.parse(data);
}

/** @param answered Google's answer in it is of just now: the store's own clock says when. */
export function writePurchase(record: PurchaseRecord, answered: boolean) {
  const { answer } = record;
  return {
    id: record.id,
    package_name: record.packageName,
    type: record.type,
    token: record.token.reveal(),
    answer:
      answer === null
        ? null
        : {
            ...answer,
            items: answer.items.map((item) => ({ ...item })),
            replaces: answer.replaces?.reveal() ?? null,
            resubscribes: answer.resubscribes?.reveal() ?? null,
          },
    observations: record.observations,
    customer_id: record.customerId,
    chain_id: record.chainId,
    replaced: record.replaced,
    revision: record.revision,
    closed: record.closed,
    next_sync_at: stamp(record.nextSyncAt),
    created_at: stamp(record.createdAt),
    updated_at: stamp(record.updatedAt),
    ...(answered ? { answered_at: FieldValue.serverTimestamp() } : {}),
  };
}

const answeredSchema = z.object({ answered_at: z.instanceof(Timestamp).nullish() });

/** When Google's answer was stored, by the store's clock. */
export function readAnsweredAt(data: unknown): Timestamp | null {
  return answeredSchema.parse(data).answered_at ?? null;
}

const customerFileSchema = z.object({
  customer_id: customerIdSchema,
  slots: z.record(slotIdSchema, slotSchema),
  entitlements: z.record(z.string(), entitlementSchema),
});

export function readCustomerFile(data: unknown): CustomerFile {
  const { customer_id, slots, entitlements } = customerFileSchema.parse(data);
  return { customerId: customer_id, slots, entitlements };
}

export function writeCustomerFile({ customerId, slots, entitlements }: CustomerFile) {
  return { customer_id: customerId, slots, entitlements };
}

/** What the owner's rules and app read (contract section 5). */
export function writeEntitlement(row: Entitlement) {
  return {
    entitlement_id: row.entitlementId,
    active: row.active,
    expires_at: stamp(row.expiresAt),
    access_until: stamp(row.accessUntil),
    state: row.state,
    will_renew: row.willRenew,
    purchase_ids: row.purchaseIds,
    product_ids: row.productIds,
    updated_at: stamp(row.updatedAt),
  };
}

/** The row as the outside sees it, its key masked. */
export function writeGrant(grant: Grant): GrantResponse {
  return toGrantResponse(grant, null);
}

const grantSchema = grantResponseSchema.extend({
  id: grantIdSchema,
  customer_id: customerIdSchema,
  subscription_id: chainIdSchema.nullable(),
  license_key: z
    .object({ id: licenseKeyIdSchema, key: z.string(), expires_at: z.string().nullable() })
    .nullable(),
  metadata: z.object({
    purchase_id: purchaseIdSchema,
    slot_id: slotIdSchema,
    product_id: z.string(),
    regrant_of: grantIdSchema.optional(),
    revocation_detail: z.enum(["paused", "rental_ended"]).optional(),
  }),
  revocation_reason: z.custom<Grant["revocationReason"]>(
    (value) => value === null || typeof value === "string",
  ),
});

export function readGrant(data: unknown): Grant {
  const row = grantSchema.parse(data);
  const { metadata, license_key } = row;
  return {
    id: row.id,
    slotId: metadata.slot_id,
    customerId: row.customer_id,
    entitlementId: row.entitlement_id,
    packageName: row.business_id,
    integrationType: row.integration_type,
    purchaseId: metadata.purchase_id,
    productId: metadata.product_id,
    orderId: row.payment_id,
    chainId: row.subscription_id,
    regrantOf: metadata.regrant_of ?? null,
    status: row.status,
    createdAt: timeOf(row.created_at) ?? 0,
    updatedAt: timeOf(row.updated_at) ?? 0,
    deliveredAt: timeOf(row.delivered_at),
    revokedAt: timeOf(row.revoked_at),
    revocationReason: row.revocation_reason,
    revocationDetail: metadata.revocation_detail ?? null,
    failure: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? "" },
    licenseKey: license_key === null ? null : { id: license_key.id, masked: license_key.key },
    expiresAt: timeOf(license_key?.expires_at ?? null),
  };
}

export function writeGrantEvent(event: GrantEvent) {
  const { id, type, occurredAt, grant } = event;
  return {
    id,
    type,
    occurred_at: stamp(occurredAt),
    customer_id: grant.customerId,
    grant: writeGrant(grant),
  };
}

export function writeAuditEntry({ at, cause, customerId, purchaseId, changes }: AuditEntry) {
  return {
    at: stamp(at),
    cause,
    customer_id: customerId,
    purchase_id: purchaseId,
    changes: changes.map(({ kind, grantId, summary }) => ({ kind, grant_id: grantId, summary })),
  };
}

const licenseKeySchema = z
  .object({
    id: licenseKeyIdSchema,
    slot_id: slotIdSchema,
    customer_id: customerIdSchema,
    sealed: z.string(),
    license_id: z.string().nullable(),
    issued_at: timestamp,
  })
  .transform(
    ({ id, slot_id, customer_id, sealed, license_id, issued_at }): SealedLicenseKey => ({
      id,
      slotId: slot_id,
      customerId: customer_id,
      sealed,
      licenseId: license_id,
      issuedAt: issued_at,
    }),
  );

export function readLicenseKey(data: unknown): SealedLicenseKey {
  return licenseKeySchema.parse(data);
}

export function writeLicenseKey(key: SealedLicenseKey) {
  return {
    id: key.id,
    slot_id: key.slotId,
    customer_id: key.customerId,
    sealed: key.sealed,
    license_id: key.licenseId,
    issued_at: stamp(key.issuedAt),
  };
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

export function stamp(instant: Instant): Timestamp;
export function stamp(instant: Instant | null): Timestamp | null;
export function stamp(instant: Instant | null): Timestamp | null {
  return instant === null ? null : Timestamp.fromMillis(instant);
}

function timeOf(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}
