import { z } from "zod";
import type { Sandbox } from "../../sandbox/sandbox.ts";

export const PACKAGE = "com.example.app";

/** As much of the API's answers as the story looks at. */
export const entitlementShape = z.object({
  entitlement_id: z.string(),
  active: z.boolean(),
  state: z.string(),
  expires_at: z.string().nullable(),
  access_until: z.string().nullable(),
  will_renew: z.boolean(),
});
export const grantShape = z.object({
  id: z.string(),
  entitlement_id: z.string(),
  status: z.string(),
  revocation_reason: z.string().nullable(),
  created_at: z.string(),
  license_key: z.object({ key: z.string(), expires_at: z.string().nullable() }).nullable(),
});
const answerShape = z.object({
  purchase: z.object({ state: z.string(), access: z.boolean(), expires_at: z.string().nullable() }),
  entitlements: z.array(entitlementShape),
  grants: z.array(grantShape),
});
const problemShape = z.object({ status: z.number(), code: z.string() });

export type Entitlement = z.output<typeof entitlementShape>;
export type Grant = z.output<typeof grantShape>;
export type Answer = z.output<typeof answerShape>;

/** An app user with the app in hand: all that the app can do. */
export interface Customer {
  readonly uid: string;
  /** Verified: his ID token says so. */
  readonly email: string;
  verify(productId: string, purchaseToken: string): Promise<Answer>;
  /** For one who is to be refused: status and code. */
  verifyInVain(productId: string, purchaseToken: string): Promise<z.output<typeof problemShape>>;
  get(path: string): Promise<unknown>;
}

export async function signIn(sandbox: Sandbox, url: string, uid: string): Promise<Customer> {
  const email = `${uid}@example.com`;
  const idToken = await sandbox.identity.token({ uid, email });
  const headers = { Authorization: `Bearer ${idToken}`, "Content-Type": "application/json" };

  const post = (product_id: string, purchase_token: string) =>
    fetch(`${url}/v1/purchases/verify`, {
      method: "POST",
      headers,
      body: JSON.stringify({ package_name: PACKAGE, product_id, purchase_token }),
    });

  return {
    uid,
    email,
    async verify(productId, purchaseToken) {
      const response = await post(productId, purchaseToken);
      return answerShape.parse(await okJson(response));
    },
    verifyInVain: async (productId, purchaseToken) =>
      problemShape.parse(await (await post(productId, purchaseToken)).json()),
    get: async (path) => okJson(await fetch(`${url}${path}`, { headers })),
  };
}

/** @throws Error for any status but 2xx. */
export async function okJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`playgrant answered ${response.status}: ${text.slice(0, 400)}`);
  return JSON.parse(text);
}
