import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { KeyThaiApiError } from "./keythai-error.ts";
import { isPassing } from "./outside-error.ts";

export interface RepeatOptions {
  /** Before the second try, in ms; three times that before the third. Each up to twice as long, by chance. */
  readonly retryDelayMs: number;
  /** The longest Retry-After that is waited for in here, in ms; a longer one is left to the caller's own back-off. */
  readonly retryAfterCapMs: number;
}

const TRIES = 3;

/**
 * A hiccup of KeyThai's (429, 5xx, a cut connection) is tried again, twice at most. Only for calls that may be repeated.
 *
 * @throws KeyThaiApiError the last failure, or the first that waiting doesn't mend.
 */
export function repeat<T>(call: () => Promise<T>, options: RepeatOptions): Promise<T> {
  return pRetry(call, {
    retries: TRIES - 1,
    minTimeout: options.retryDelayMs,
    factor: 3,
    randomize: true,
    shouldRetry: async ({ error, retryDelay }) => {
      if (!(error instanceof KeyThaiApiError) || !isPassing(error)) return false;
      const askedMs = error.retryAfterMs ?? 0;
      if (askedMs > options.retryAfterCapMs) return false;
      // pRetry waits `retryDelay` after this.
      await sleep(Math.max(0, askedMs - retryDelay));
      return true;
    },
  });
}
