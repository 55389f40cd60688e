import { createKeyThaiClient, type KeyThaiClient } from "../adapters/keythai/keythai-client.ts";
import type { KeyThaiApiError } from "../adapters/keythai/keythai-error.ts";
import type { KeyThaiPolicy, KeyThaiProduct } from "../adapters/keythai/keythai-schemas.ts";
import type { Config } from "../config.ts";
import type { Secret } from "../domain/secret.ts";

/** The shop's KeyThai, as the settings name it. */
export function keyThaiOf(config: Config, apiKey: Secret, timeoutMs: number): KeyThaiClient {
  return createKeyThaiClient({ apiKey, baseUrl: config.KEYTHAI_BASE_URL, timeoutMs });
}

/** A product with the policies that KeyThai lists for it. */
export interface ProductPolicies {
  readonly product: KeyThaiProduct;
  readonly policies: readonly KeyThaiPolicy[];
}

/** Each product with its policies, in KeyThai's order. @throws KeyThaiApiError */
export async function readProducts(client: KeyThaiClient): Promise<ProductPolicies[]> {
  const products = await client.listProducts();
  return Promise.all(
    products.map(async (product) => {
      const policies = await client.listPolicies({ productId: product.id });
      return { product, policies: policies.filter((policy) => !isOfAnother(policy, product)) };
    }),
  );
}

/** A policy may say itself whose it is; whether it does is not documented. */
function isOfAnother(policy: KeyThaiPolicy, { id }: KeyThaiProduct): boolean {
  const owner = policy.productId ?? policy.product_id;
  return typeof owner === "string" && owner !== id;
}

/** What went wrong at KeyThai, and what to do. KeyThai's own words are left out. */
export function explainKeyThai(error: KeyThaiApiError): { readonly message: string; readonly fix: string } {
  const { code, status } = error;
  if (status === 401)
    return {
      message: "KeyThai doesn't know the API key (401)",
      fix: "Set KEYTHAI_API_KEY to a key that KeyThai's console lists as active",
    };
  if (status === 403 || code === "UNAUTHORIZED")
    return {
      message: `the API key may not read (${status}, scope license:read)`,
      fix: "Give the key license:read and license:write in KeyThai's console",
    };
  if (code === "RATE_LIMITED" || status === 429)
    return { message: "KeyThai says that it is asked too often (429)", fix: "Run this again in a minute" };
  if (status === 0) {
    const how = code === "TIMEOUT" ? "gives no answer in time" : "can't be reached";
    return { message: `KeyThai ${how}`, fix: "Look whether this machine may reach KEYTHAI_BASE_URL" };
  }
  if (status >= 500)
    return { message: `KeyThai is out of order (${status})`, fix: "Run this again in some minutes" };
  return {
    message: `what answers at KEYTHAI_BASE_URL doesn't speak as KeyThai does (${status} ${code})`,
    fix: "Set KEYTHAI_BASE_URL to https://api.keythai.net/v1, or leave it away",
  };
}
