/** What this receiver reads of a message. There is more in it: see docs/events of playgrant. */
export interface GrantMessage {
  readonly type: string;
  readonly data: {
    readonly id: string;
    readonly customer_id: string;
    readonly entitlement_id: string;
    readonly status: "Pending" | "Delivered" | "Failed" | "Revoked";
    readonly license_key: { readonly key: string } | null;
    readonly revocation_reason: string | null;
    readonly error_code: string | null;
  };
}

/** What we keep of a grant. */
export interface Grant {
  readonly id: string;
  readonly customer: string;
  readonly entitlement: string;
  readonly status: "Pending" | "Delivered" | "Failed" | "Revoked";
  /** Why it was revoked, or why it failed. */
  readonly reason: string | null;
  /** Its last four characters: who needs the whole key asks playgrant. */
  readonly key: string | null;
}

/** How far along a grant is. It only moves forward, and `Revoked` is the end: access that comes back is another grant. */
const STEP = { Pending: 0, Delivered: 1, Failed: 1, Revoked: 2 } as const;

/**
 * What a message makes of a grant. Messages may come twice, late and in any order; of two the one further along counts, so
 * a `created` that comes after the `revoked` of its grant revives nothing.
 *
 * @param known The grant as we know it; undefined: we never heard of it.
 */
export function afterMessage(known: Grant | undefined, { data }: GrantMessage): Grant {
  if (known !== undefined && STEP[known.status] >= STEP[data.status]) return known;
  return {
    id: data.id,
    customer: data.customer_id,
    entitlement: data.entitlement_id,
    status: data.status,
    reason: data.revocation_reason ?? data.error_code,
    key: data.license_key === null ? null : `…${data.license_key.key.slice(-4)}`,
  };
}
