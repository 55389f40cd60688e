import { z } from "zod";
import { OutsideError } from "../../domain/errors.ts";
import type { CustomerId } from "../../domain/ids.ts";
import { SECOND } from "../../domain/instant.ts";
import type { AccountLookup } from "../../ports.ts";
import { type GoogleHeaders, googleHeaders, within } from "../shared/google-headers.ts";

export interface FirebaseAccountsOptions {
  readonly projectId: string;
  /** `FIREBASE_AUTH_EMULATOR_HOST`, `host:port`: accounts are looked up there, without Google's credentials. */
  readonly emulatorHost?: string | null;
  /** For the look-up with all that belongs to it, in ms (5000). */
  readonly timeoutMs?: number;
  /** In place of Google's own. */
  readonly rootUrl?: string;
  /** In place of Google's application default credentials: the headers that let us in. */
  readonly credentials?: GoogleHeaders;
}

const ROOT_URL = "https://identitytoolkit.googleapis.com";
/** What we may do with it is for IAM to say: `firebaseauth.users.get`. */
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup; nobody found: no `users`. */
const answerSchema = z.object({
  users: z
    .array(
      z.object({
        localId: z.string(),
        email: z.string().optional(),
        emailVerified: z.boolean().optional(),
        disabled: z.boolean().optional(),
      }),
    )
    .optional(),
});

/** Where ID tokens come from an issuer that we can't ask: customers are known by what they tell us alone. */
export const nobodyKnown: AccountLookup = { email: async () => null };

/**
 * Asks Firebase Auth for a customer's address. One that isn't verified, or of a disabled account, is none.
 *
 * @throws OutsideError from `email`: `busy` `accounts_unavailable` (a look-up changes nothing, so it may be repeated);
 *   `refused` `accounts_refused` where we may not ask.
 */
export function createFirebaseAccounts(options: FirebaseAccountsOptions): AccountLookup {
  const { projectId, emulatorHost, timeoutMs = 5 * SECOND } = options;
  const root = emulatorHost
    ? `http://${emulatorHost}/identitytoolkit.googleapis.com`
    : (options.rootUrl ?? ROOT_URL);
  const url = `${root}/v1/projects/${encodeURIComponent(projectId)}/accounts:lookup`;
  const credentials = emulatorHost ? emulatorOwner : (options.credentials ?? googleHeaders(SCOPE));

  async function lookUp(customerId: CustomerId, signal: AbortSignal): Promise<string | null> {
    const headers = new Headers(await within(signal, credentials(url)));
    headers.set("content-type", "application/json");
    const body = JSON.stringify({ localId: [customerId] });
    const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw failure(answer.status);
    }
    return verifiedEmail(answerSchema.parse(await answer.json()), customerId);
  }

  return {
    async email(customerId) {
      try {
        return await lookUp(customerId, AbortSignal.timeout(timeoutMs));
      } catch (error) {
        // What else is thrown may quote the answer, with the address in it.
        throw error instanceof OutsideError ? error : unavailable("gave no usable answer");
      }
    },
  };
}

function verifiedEmail({ users = [] }: z.output<typeof answerSchema>, customerId: CustomerId): string | null {
  const user = users.find(({ localId }) => localId === customerId);
  return user?.emailVerified === true && user.disabled !== true && user.email ? user.email : null;
}

function failure(status: number): OutsideError {
  if (status < 400 || status > 499 || status === 408 || status === 429) {
    return unavailable(`answered ${status}`);
  }
  return new OutsideError("refused", "accounts_refused", `Firebase Auth refused a look-up (${status})`);
}

function unavailable(what: string): OutsideError {
  return new OutsideError("busy", "accounts_unavailable", `Firebase Auth ${what}`);
}

/** What the emulator takes for a service account. */
async function emulatorOwner(): Promise<Headers> {
  return new Headers({ authorization: "Bearer owner" });
}
