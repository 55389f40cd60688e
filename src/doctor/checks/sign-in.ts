import { z } from "zod";
import { firebaseIssuer } from "../../adapters/identity/id-token-identity.ts";
import { ask, NoAnswer } from "../ask.ts";
import { type Check, type Finding, failed, ok, skipped, warning } from "../check.ts";

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** The keys that app users' ID tokens are checked with. */
export const signIn: Check = {
  name: "sign-in",
  run({ config, signal }) {
    const project = config.GOOGLE_CLOUD_PROJECT;
    if (config.FIREBASE_AUTH_EMULATOR_HOST !== undefined)
      return [skipped("the Auth emulator signs no ID tokens")];
    const url = config.AUTH_JWKS_URL ?? (project === undefined ? null : firebaseIssuer(project).jwksUrl);
    if (url === null)
      return [
        warning(
          "nobody can sign in: no issuer of ID tokens is named",
          "Set GOOGLE_CLOUD_PROJECT for Firebase Auth, or AUTH_ISSUER, AUTH_AUDIENCE and AUTH_JWKS_URL",
        ),
      ];
    return readKeys(url, config.AUTH_JWKS_URL === undefined ? null : "AUTH_JWKS_URL", signal);
  },
};

/**
 * Reads a list of public keys (RFC 7517).
 *
 * @param setting The setting that names it; null: Google's own.
 */
export async function readKeys(url: string, setting: string | null, signal: AbortSignal): Promise<Finding[]> {
  const { host } = new URL(url);
  const correct =
    setting === null ? `Look whether this machine may reach https://${host}` : `Correct ${setting}`;
  try {
    const { status, body } = await ask(url, { signal });
    if (status === 200 && jwks.safeParse(body).success)
      return [ok(`the keys that tokens are signed with can be read at ${host}`)];
    return [failed(`what ${host} answers is no list of keys (${status})`, correct)];
  } catch (error) {
    if (error instanceof NoAnswer)
      return [failed(`the keys that tokens are signed with: ${error.message}`, correct)];
    throw error;
  }
}
