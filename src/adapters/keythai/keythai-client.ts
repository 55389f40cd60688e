import type { Secret } from "../../domain/secret.ts";
import {
  type CreatedLicense,
  changedLicense,
  created,
  type KeyThaiLicense,
  type KeyThaiPolicy,
  type KeyThaiProduct,
  license,
  licenses,
  policies,
  products,
} from "./keythai-schemas.ts";
import { createRequest, type KeyThaiConnection } from "./keythai-transport.ts";

export interface CreateLicenseInput {
  /** The product's code, e.g. `my-app`; not its id. */
  readonly product: string;
  readonly policyId: string;
  readonly holderName?: string;
  readonly holderEmail?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly quantity?: number;
}

export interface ListLicensesInput {
  readonly status?: string;
  /** Search; what it looks at is UNCONFIRMED. */
  readonly q?: string;
  /** From 1. */
  readonly page?: number;
  readonly limit?: number;
}

export interface UpdateLicenseInput {
  /** `revoke` is permanent; `suspend` and `resume` undo each other. */
  readonly action?: "suspend" | "resume" | "revoke";
  readonly holderName?: string;
  readonly holderEmail?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Integer, taken to be epoch seconds like `expires_at` (facts/keythai.md 4: UNCONFIRMED). */
  readonly expiresAt?: number;
}

export interface CallOptions {
  /** In place of the client's own. */
  readonly timeoutMs?: number;
}

/** KeyThai's management API as the official SDKs have it. All methods throw {@link KeyThaiApiError}; none repeats a call. */
export interface KeyThaiClient {
  /** No idempotency key: every call makes new licences. Their keys come in this answer and never again. */
  createLicense(
    input: CreateLicenseInput,
    options?: CallOptions,
  ): Promise<[CreatedLicense, ...CreatedLicense[]]>;
  /** One page, without keys. */
  listLicenses(input?: ListLicensesInput): Promise<KeyThaiLicense[]>;
  getLicense(key: Secret): Promise<KeyThaiLicense>;
  updateLicense(key: Secret, input: UpdateLicenseInput): Promise<KeyThaiLicense>;
  listProducts(): Promise<KeyThaiProduct[]>;
  listPolicies(input?: { readonly productId?: string }): Promise<KeyThaiPolicy[]>;
}

/**
 * @param connection Where KeyThai is and who we are; `fetch` is for tests.
 * @throws Error when the base URL or the API key can't be used.
 */
export function createKeyThaiClient(connection: KeyThaiConnection): KeyThaiClient {
  const request = createRequest(connection);
  return {
    createLicense: (body, options = {}) =>
      request({ method: "POST", path: "/licenses", body, answer: created, timeoutMs: options.timeoutMs }),
    listLicenses: (query = {}) =>
      request({ method: "GET", path: "/licenses", query: { ...query }, answer: licenses }),
    getLicense: (key) => request({ method: "GET", path: "/licenses", key, answer: license }),
    updateLicense: (key, body) =>
      request({ method: "PATCH", path: "/licenses", key, body, answer: changedLicense }),
    listProducts: () => request({ method: "GET", path: "/products", answer: products }),
    listPolicies: (query = {}) => request({ method: "GET", path: "/policies", query, answer: policies }),
  };
}
