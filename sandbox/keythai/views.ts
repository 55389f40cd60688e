import type { Licence } from "./model.ts";

/** A licence on the wire: never its key, which only the answer to create carries. */
export function licenceView(licence: Licence): Record<string, unknown> {
  return {
    id: licence.id,
    keyLast4: licence.keyLast4,
    status: licence.status,
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
