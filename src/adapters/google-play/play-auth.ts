import { GoogleAuth } from "google-auth-library";
import type { Instant } from "../../domain/instant.ts";
import { PlayFailure, playFailure } from "./play-failure.ts";

const SCOPE = "https://www.googleapis.com/auth/androidpublisher";

/** Gives the headers that let us in, from a cache until shortly before they run out. */
export type Credentials = () => Promise<Headers>;

/**
 * Google's application default credentials: a key file, the machine's service account or workload identity.
 *
 * @returns null where no credentials belong: a fake on this very machine.
 * @throws RangeError on plain http to another machine, which would carry them in clear.
 */
export function googleCredentials(rootUrl: string, timeoutMs: number): Credentials | null {
  if (isLoopback(rootUrl)) return null;
  if (new URL(rootUrl).protocol !== "https:") {
    throw new RangeError("the Play API root must be https, or http on a loopback address");
  }
  const auth = new GoogleAuth({
    scopes: [SCOPE],
    clientOptions: { transporterOptions: { timeout: timeoutMs } },
  });
  return () => auth.getRequestHeaders(rootUrl);
}

/**
 * Asks for the headers apart from the call they are for, so that the token server's answers are never taken for
 * answers about a purchase: its 400 says that our key is no good.
 *
 * @throws PlayFailure `rejected`, or `unknown` where the token server is out of reach or too slow.
 */
export async function authorize(
  credentials: Credentials,
  timeoutMs: number,
  now: Instant,
): Promise<Record<string, string>> {
  try {
    return Object.fromEntries(await within(timeoutMs, credentials()));
  } catch (error) {
    throw authFailure(error, now);
  }
}

/** True for `http://` on this machine: nothing leaves it. */
export function isLoopback(rootUrl: string): boolean {
  const { protocol, hostname } = new URL(rootUrl);
  const local = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === "http:" && local;
}

function authFailure(error: unknown, now: Instant): PlayFailure {
  if (error instanceof PlayFailure) return error;
  const failure = playFailure(error, now);
  // Credentials that are missing or can't be read fail without any request.
  if (failure === null) return new PlayFailure("rejected", { reason: "noCredentials" });
  const { status, reason, retryAfterMs } = failure;
  if (status === null) return failure;
  const passing = status === 408 || status === 429 || status >= 500;
  return new PlayFailure(passing ? "unknown" : "rejected", {
    status,
    reason: reason ?? "noAccessToken",
    retryAfterMs,
  });
}

/** The library repeats its own requests, so a time-out for each of them doesn't bound the whole. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PlayFailure("unknown", { reason: "TimeoutError" })), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
