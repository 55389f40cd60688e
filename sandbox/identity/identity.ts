import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Clock } from "../clock.ts";

export type TokenRequest = {
  uid: string;
  email?: string | undefined;
  emailVerified?: boolean | undefined;
  audience?: string | undefined;
  issuer?: string | undefined;
  /** Seconds; a negative one makes a token that is over already. */
  expiresIn?: number | undefined;
};

export type PushTokenRequest = {
  audience: string;
  email: string;
  emailVerified?: boolean | undefined;
  issuer?: string | undefined;
  expiresIn?: number | undefined;
};

export type Identity = {
  readonly issuer: string;
  readonly audience: string;
  /** An ID token as a Firebase app gets it: `sub` is the uid. */
  token(request: TokenRequest): Promise<string>;
  /** The OIDC token of a Pub/Sub push (facts section 13). */
  pushToken(request: PushTokenRequest): Promise<string>;
  jwks(): Promise<{ keys: JWK[] }>;
  /** `{kid: PEM}`, the older form that google-auth-library's `oauth2FederatedSignonPemCertsUrl` reads. */
  certs(): Promise<Record<string, string>>;
};

const KID = "sandbox-1";
export const SANDBOX_AUDIENCE = "playgrant-sandbox";
export const GOOGLE_ISSUER = "https://accounts.google.com";

/** Signs with one RS256 key, made when it is first needed. */
export function createIdentity(issuer: string, now: Clock): Identity {
  let made: ReturnType<typeof generateKeyPair> | undefined;
  const keys = () => {
    made ??= generateKeyPair("RS256", { extractable: true });
    return made;
  };

  async function sign(claims: Record<string, unknown>, expiresIn: number): Promise<string> {
    const at = Math.floor(now() / 1000);
    const { privateKey } = await keys();
    return new SignJWT({ ...claims, iat: Math.min(at, at + expiresIn), exp: at + expiresIn })
      .setProtectedHeader({ alg: "RS256", kid: KID, typ: "JWT" })
      .sign(privateKey);
  }

  return {
    issuer,
    audience: SANDBOX_AUDIENCE,
    token: ({
      uid,
      email,
      emailVerified,
      audience = SANDBOX_AUDIENCE,
      issuer: iss = issuer,
      expiresIn = 3600,
    }) =>
      sign(
        {
          iss,
          aud: audience,
          sub: uid,
          user_id: uid,
          auth_time: Math.floor(now() / 1000),
          ...(email === undefined ? {} : { email, email_verified: emailVerified ?? true }),
        },
        expiresIn,
      ),
    pushToken: ({ audience, email, emailVerified = true, issuer: iss = GOOGLE_ISSUER, expiresIn = 3600 }) =>
      sign(
        {
          iss,
          aud: audience,
          azp: "104829571930284756102",
          sub: "104829571930284756102",
          email,
          email_verified: emailVerified,
        },
        expiresIn,
      ),
    async jwks() {
      const jwk = await exportJWK((await keys()).publicKey);
      return { keys: [{ ...jwk, kid: KID, alg: "RS256", use: "sig" }] };
    },
    certs: async () => ({ [KID]: await exportSPKI((await keys()).publicKey) }),
  };
}
