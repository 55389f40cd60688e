import type { JWTPayload } from "jose";
import { AppError } from "../../domain/errors.ts";
import { asCustomerId } from "../../domain/ids.ts";
import type { Caller, Clock, Identity } from "../../ports.ts";
import { createTokenVerifier, unauthenticated } from "./token-verifier.ts";

/** Who signs the app users' ID tokens, and for whom. */
export interface IdTokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

export interface IdentityOptions extends IdTokenIssuer {
  /** `FIREBASE_AUTH_EMULATOR_HOST` is set: unsigned tokens are accepted, as the Auth emulator makes them. */
  readonly emulator: boolean;
  readonly clock: Pick<Clock, "now">;
}

/** Where nothing says who signs ID tokens, there is no ID token that counts. */
export const nobodySignsIn: Identity = {
  verify: async () => {
    throw new AppError(
      "unauthenticated",
      "This server doesn't know who signs ID tokens: set AUTH_ISSUER, AUTH_AUDIENCE and AUTH_JWKS_URL.",
    );
  },
};

/** Firebase Auth of a project (https://firebase.google.com/docs/auth/admin/verify-id-tokens). */
export function firebaseIssuer(projectId: string): IdTokenIssuer {
  return {
    issuer: `https://securetoken.google.com/${projectId}`,
    audience: projectId,
    jwksUrl: "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
  };
}

/**
 * Knows customers by their ID tokens. The customer is the token's `sub`; an address counts only if the issuer verified
 * it. Whether the account was disabled since the token was issued is not asked: a token lives for an hour.
 *
 * @throws AppError from `verify`: `unauthenticated`, also for a `sub` that can't be a document of Firestore;
 *   `store_unavailable`, retryable, while the issuer's keys can't be had.
 */
export function createIdentity(options: IdentityOptions): Identity {
  const { issuer, audience, jwksUrl, emulator, clock } = options;
  const verify = createTokenVerifier({ issuers: [issuer], audience, jwksUrl, unsigned: emulator, clock });
  return { verify: async (idToken) => callerOf(await verify(idToken)) };
}

function callerOf({ sub, email, email_verified: verified }: JWTPayload): Caller {
  const customerId = asCustomerId(sub ?? "");
  if (customerId === null) throw unauthenticated(new Error("sub can't be a customer id"));
  return { customerId, email: verified === true && typeof email === "string" && email !== "" ? email : null };
}
