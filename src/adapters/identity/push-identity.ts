import { AppError } from "../../domain/errors.ts";
import type { Clock, PushIdentity } from "../../ports.ts";
import { createTokenVerifier, unauthenticated } from "./token-verifier.ts";

export const GOOGLE_ISSUER = "https://accounts.google.com";
export const GOOGLE_JWKS_URL = "https://www.googleapis.com/oauth2/v3/certs";

export interface PushIdentityOptions {
  /** What the push subscription was told to put into `aud`; null: there is no push subscription. */
  readonly audience: string | null;
  /** The service account in whose name Pub/Sub pushes; null: there is no push subscription. */
  readonly serviceAccount: string | null;
  readonly issuer?: string;
  readonly jwksUrl?: string;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Tells Pub/Sub's pushes from everybody else's (google-play.md section 13). Google signs tokens for anyone with a
 * service account, so issuer and signature prove little: the audience and the very address of our own account do.
 * A token is the same for up to an hour and says nothing about the body.
 *
 * @throws AppError from `verify`: `unauthenticated`, always so without audience or account; `store_unavailable`,
 *   retryable, while Google's keys can't be had.
 */
export function createPushIdentity(options: PushIdentityOptions): PushIdentity {
  const { audience, serviceAccount, issuer = GOOGLE_ISSUER, jwksUrl = GOOGLE_JWKS_URL, clock } = options;
  if (!audience || !serviceAccount) return { verify: refuse };
  // Google writes its own name in two ways.
  const issuers = issuer === GOOGLE_ISSUER ? [GOOGLE_ISSUER, "accounts.google.com"] : [issuer];
  const verify = createTokenVerifier({ issuers, audience, jwksUrl, unsigned: false, clock });
  return {
    async verify(oidcToken) {
      const { email, email_verified: verified } = await verify(oidcToken);
      if (email !== serviceAccount || verified !== true) throw unauthenticated(new Error("another account"));
    },
  };
}

async function refuse(): Promise<never> {
  throw new AppError(
    "unauthenticated",
    "Push is not set up here: RTDN_PUSH_AUDIENCE and RTDN_PUSH_SERVICE_ACCOUNT.",
  );
}
