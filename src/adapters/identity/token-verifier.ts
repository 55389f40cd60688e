import { createHash } from "node:crypto";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  UnsecuredJWT,
} from "jose";
import { LRUCache } from "lru-cache";
import { AppError } from "../../domain/errors.ts";
import { DAY, HOUR, SECOND } from "../../domain/instant.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Clock } from "../../ports.ts";

export interface TokenRules {
  /** Any of these. */
  readonly issuers: readonly string[];
  readonly audience: string;
  readonly jwksUrl: string;
  /** Accept tokens that nobody signed, as the Auth emulator makes them. Their claims are checked all the same. */
  readonly unsigned: boolean;
  readonly clock: Pick<Clock, "now">;
}

/** @throws AppError `unauthenticated`; `store_unavailable` (retryable) while the issuer's keys can't be had. */
export type VerifyToken = (token: Secret) => Promise<JWTPayload>;

/** Public keys only: with a secret-key algorithm allowed, a public key could be passed off as that secret. */
const ALGORITHMS = ["RS256", "ES256"];
/** A key id we don't know makes us fetch the keys again, at most this often: anybody can invent key ids. */
const COOLDOWN_MS = 30 * SECOND;
const FETCH_TIMEOUT_MS = 3 * SECOND;
const KEYS_FRESH_MS = HOUR;
/** While the keys can't be fetched the last ones serve, but not for ever: one of them may have been withdrawn. */
const KEYS_USABLE_MS = DAY;
const MAX_REMEMBERED = 10_000;

/**
 * Checks signature, issuer, audience and expiry. A token that held is remembered by its hash until it expires, since the
 * signature is the dearest part of a request and an app sends one token for an hour.
 */
export function createTokenVerifier(rules: TokenRules): VerifyToken {
  const { clock, unsigned } = rules;
  const keyOf = keySource(rules);
  const held = new LRUCache<string, JWTPayload>({ max: MAX_REMEMBERED });

  async function check(token: string): Promise<JWTPayload> {
    const claims = {
      issuer: [...rules.issuers],
      audience: rules.audience,
      requiredClaims: ["exp"],
      currentDate: new Date(clock.now()),
    };
    if (unsigned && decodeProtectedHeader(token).alg === "none")
      return UnsecuredJWT.decode(token, claims).payload;
    return (await jwtVerify(token, keyOf, { ...claims, algorithms: ALGORITHMS })).payload;
  }

  return async (secret) => {
    const token = secret.reveal();
    const hash = createHash("sha256").update(token).digest("base64");
    const known = held.get(hash);
    if (known?.exp !== undefined && known.exp > clock.now() / SECOND) return known;
    try {
      const payload = await check(token);
      held.set(hash, payload);
      return payload;
    } catch (error) {
      held.delete(hash);
      throw error instanceof KeysUnreachable ? keysUnreachable(error) : unauthenticated(error);
    }
  };
}

/** 401 for a token that isn't acceptable. What was wrong is for the log only. */
export function unauthenticated(error: unknown): AppError {
  return new AppError(
    "unauthenticated",
    "The bearer token is missing, over or not for this service: sign in again.",
    {
      cause: withoutClaims(error),
    },
  );
}

class KeysUnreachable extends Error {}

function keysUnreachable(error: KeysUnreachable): AppError {
  return new AppError(
    "store_unavailable",
    "The keys that sign tokens can't be reached right now. Try again later.",
    {
      retryable: true,
      retryAfterMs: 5 * SECOND,
      cause: error,
    },
  );
}

/** The issuer's key for a token. Only what fails in here can be the key server's fault and not the token's. */
function keySource({ jwksUrl, clock }: TokenRules): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_FRESH_MS,
  });
  let failingSince: number | null = null;
  return async (header, token) => {
    try {
      const key = await remote(header, token);
      failingSince = null;
      return key;
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      failingSince ??= clock.now();
      const last = clock.now() - failingSince < KEYS_USABLE_MS ? remote.jwks() : undefined;
      const key = last === undefined ? null : await createLocalJWKSet(last)(header, token).catch(() => null);
      if (key === null)
        throw new KeysUnreachable("the key server can't be reached", { cause: withoutClaims(error) });
      return key;
    }
  };
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/** jose's errors carry the payload, with the customer's address in it: keep the code and the claim's name. */
function withoutClaims(error: unknown): Error {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return new Error(`${error.code} ${error.claim}`);
  }
  if (error instanceof errors.JOSEError) return new Error(error.code);
  return new Error(error instanceof Error ? error.name : "not an error");
}
