import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { SECOND } from "../../domain/instant.ts";
import { type GoogleHeaders, googleHeaders, within } from "../shared/google-headers.ts";
import type { KeyWrapper } from "./envelope-secret-box.ts";

export interface KmsOptions {
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…` */
  readonly keyName: string;
  /** For a call with all that belongs to it, in ms (5000). */
  readonly timeoutMs?: number;
  /** In place of Google's own. */
  readonly rootUrl?: string;
  /** In place of Google's application default credentials: the headers that let us in. */
  readonly credentials?: GoogleHeaders;
}

const ROOT_URL = "https://cloudkms.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/cloudkms";
/** Says what the wrapped bytes are for: of another purpose they don't unwrap. */
const PURPOSE = Buffer.from("playgrant data key").toString("base64");

const wrapped = z.object({ ciphertext: z.base64() });
const unwrapped = z.object({ plaintext: z.base64() });

/**
 * Wraps keys by Cloud KMS, over REST: two calls a day need no client of their own
 * (https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys). A rotated KMS key goes on
 * unwrapping what its older versions wrapped.
 *
 * @throws AppError `store_unavailable`, retryable, whatever went wrong: what KMS says goes no further.
 */
export function createKmsKeyWrapper(options: KmsOptions): KeyWrapper {
  const { keyName, timeoutMs = 5 * SECOND, rootUrl = ROOT_URL } = options;
  const credentials = options.credentials ?? googleHeaders(SCOPE);

  async function call<T>(verb: "encrypt" | "decrypt", body: object, answer: z.ZodType<T>): Promise<T> {
    const url = `${rootUrl}/v1/${keyName}:${verb}`;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const headers = new Headers(await within(signal, credentials(url)));
      headers.set("content-type", "application/json");
      const text = JSON.stringify({ ...body, additionalAuthenticatedData: PURPOSE });
      const response = await fetch(url, { method: "POST", headers, body: text, signal, redirect: "error" });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`Cloud KMS answered ${response.status} to ${verb}`);
      }
      return answer.parse(await response.json());
    } catch (error) {
      throw unavailable(error);
    }
  }

  return {
    async wrap(key) {
      const { ciphertext } = await call("encrypt", { plaintext: key.toString("base64") }, wrapped);
      return Buffer.from(ciphertext, "base64");
    },
    async unwrap(bytes) {
      const { plaintext } = await call("decrypt", { ciphertext: bytes.toString("base64") }, unwrapped);
      return Buffer.from(plaintext, "base64");
    },
  };
}

/** Only our own sentence goes on: others' errors may quote what was sent. */
function unavailable(error: unknown): AppError {
  const isOurs = error instanceof Error && error.message.startsWith("Cloud KMS answered");
  const cause = isOurs ? error : new Error("Cloud KMS gave no usable answer");
  return new AppError("store_unavailable", "Licence keys can't be opened just now. Try again in a moment.", {
    retryable: true,
    cause,
  });
}
