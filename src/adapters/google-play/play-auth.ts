import { GoogleAuth } from "google-auth-library";
import type { Clock } from "../../ports.ts";
import { PlayFailure, playFailure } from "./play-failure.ts";

const SCOPE = "https://www.googleapis.com/auth/androidpublisher";

/** The headers that let us in; from a cache until shortly before they run out. */
export type Authorize = () => Promise<Record<string, string>>;

/**
 * @param rootUrl Root of the API.
 * @returns null where no credentials belong: a fake on this very machine.
 * @throws RangeError on plain http to another machine, which would carry our credentials in clear.
 */
export function createAuthorize(rootUrl: string, clock: Clock, timeoutMs: number): Authorize | null {
  if (isLoopback(rootUrl)) return null;
  if (new URL(rootUrl).protocol !== "https:") {
    throw new RangeError("the Play API root must be https, or http on a loopback address");
  }
  const auth = new GoogleAuth({
    scopes: [SCOPE],
    clientOptions: { transporterOptions: { timeout: timeoutMs } },
  });
  return async () => {
    try {
      return Object.fromEntries(await within(timeoutMs, auth.getRequestHeaders(rootUrl)));
    } catch (error) {
      throw authFailure(error, clock);
    }
  };
}

/** True for `http://` on this machine: nothing leaves it. */
export function isLoopback(rootUrl: string): boolean {
  const { protocol, hostname } = new URL(rootUrl);
  const local = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === "http:" && local;
}

/**
 * A 400 of the token server is about our key, never about a purchase, so these failures are told apart by where they
 * happen. Credentials that are missing or can't be read come without any request.
 */
function authFailure(error: unknown, clock: Clock): PlayFailure {
  if (error instanceof PlayFailure) return error;
  const failure = playFailure(error, clock.now());
  if (failure === null) return new PlayFailure("rejected", { reason: "noCredentials" });
  const { status, reason } = failure;
  if (status === null) return failure;
  const passing = status === 408 || status === 429 || status >= 500;
  return new PlayFailure(passing ? "unknown" : "rejected", { status, reason: reason ?? "noAccessToken" });
}

/** The library repeats its own requests, so a time-out for each of them doesn't bound the whole. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PlayFailure("unknown", { reason: "TimeoutError" })), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
