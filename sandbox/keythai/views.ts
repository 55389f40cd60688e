import type { Licence, LicenceStatus } from "./model.ts";

/** What KeyThai tells as status: an active licence past its end reads as expired. */
export function statusOf(licence: Licence, now: number): LicenceStatus | "expired" {
  const over = licence.expiresAt !== null && licence.expiresAt * 1000 <= now;
  return licence.status === "active" && over ? "expired" : licence.status;
}

/** A licence on the wire: never its key, which only the answer to create carries. */
export function licenceView(licence: Licence, now: number): Record<string, unknown> {
  return {
    id: licence.id,
    keyLast4: licence.keyLast4,
    status: statusOf(licence, now),
    product: licence.product,
    policyId: licence.policyId,
    holderName: licence.holderName,
    holderEmail: licence.holderEmail,
    metadata: licence.metadata,
    expires_at: licence.expiresAt,
    created_at: Math.floor(licence.createdAt / 1000),
    machines: licence.machines.map(({ fingerprint, name }) => ({ fingerprint, name })),
  };
}
