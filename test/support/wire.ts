import type { z } from "zod";
import type {
  entitlementSchema,
  grantSchema,
  purchaseSchema,
  verifiedSchema,
} from "../../src/http/schemas.ts";
import { type Answer, type Lab, PACKAGE } from "./lab.ts";
import type { ServiceProcess } from "./processes.ts";

/** The API as an app calls it, in the wire's own words. */

export type Verified = z.output<typeof verifiedSchema>;
export type GrantRow = z.output<typeof grantSchema>;
export type EntitlementRow = z.output<typeof entitlementSchema>;
export type PurchaseRow = z.output<typeof purchaseSchema>;
export interface Problem {
  readonly code: string;
  readonly status: number;
}

type At = Pick<ServiceProcess, "url">;

export function verify(
  lab: Lab,
  at: At,
  uid: string,
  productId: string,
  purchaseToken: string,
): Promise<Answer<Verified>> {
  const body = { package_name: PACKAGE, product_id: productId, purchase_token: purchaseToken };
  return lab.call<Verified>(at, uid, "/v1/purchases/verify", body);
}

/** All pages. */
export async function grantsOf(lab: Lab, at: At, uid: string): Promise<GrantRow[]> {
  const rows: GrantRow[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body }: Answer<{ data: GrantRow[]; next_cursor: string | null }> = await lab.call(
      at,
      uid,
      `/v1/grants?limit=100${query}`,
    );
    if (status !== 200) throw new Error(`GET /v1/grants: ${status} ${JSON.stringify(body)}`);
    rows.push(...body.data);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return rows;
}

export async function entitlementsOf(lab: Lab, at: At, uid: string): Promise<Record<string, EntitlementRow>> {
  const answer = await lab.call<{ entitlements: EntitlementRow[] }>(at, uid, "/v1/entitlements");
  if (answer.status !== 200) throw new Error(`GET /v1/entitlements: ${answer.status}`);
  return Object.fromEntries(answer.body.entitlements.map((row) => [row.entitlement_id, row]));
}

export async function purchasesOf(lab: Lab, at: At, uid: string): Promise<PurchaseRow[]> {
  const { body } = await lab.call<{ data: PurchaseRow[] }>(at, uid, "/v1/purchases");
  return body.data;
}

/** The licence keys in grants. */
export function keysOf(grants: readonly GrantRow[]): string[] {
  return grants.flatMap(({ license_key }) => (license_key === null ? [] : [license_key.key]));
}
