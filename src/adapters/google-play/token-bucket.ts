import { MINUTE, SECOND } from "../../domain/instant.ts";

/** A bucket never slows down further than to this part of its rate. */
const SLOWEST = 1 / 16;
/** Calls that were under way together are refused together: that is one reason to slow down, not many. */
const CUT_AT_MOST_EVERY = SECOND;
const RECOVER_EVERY = 5 * SECOND;
const RECOVER_BY = 1 / 16;

/** Says when the next call may go. All times are milliseconds on one monotonic clock. */
export interface TokenBucket {
  /** True: go now, it is counted. */
  take(now: number): boolean;
  /** Milliseconds until `count` calls may have gone, if nobody else comes. */
  waitFor(count: number, now: number): number;
  /** Google said that its own bucket is empty: half the rate, then slowly up again. */
  slowDown(now: number): void;
}

export interface Flow {
  /** Calls that may go at once. */
  readonly burst: number;
  /** Calls that trickle in after them, evenly. */
  readonly perMinute: number;
}

/**
 * A tenth of the minute's calls may go at once, the others trickle in evenly: burst + 60 s of trickle = the cap, so that
 * no 60 seconds, wherever they begin, see more than `cap` calls.
 *
 * @throws RangeError unless `cap` is at least 1.
 */
export function cappedPerMinute(cap: number): Flow {
  if (!(cap >= 1)) throw new RangeError("a bucket needs at least one call a minute");
  const burst = Math.max(1, Math.floor(cap / 10));
  // With a cap of one there is no burst to take off; the one call a minute is the trickle.
  return { burst, perMinute: Math.max(1, cap - burst) };
}

/** A full bucket. */
export function createTokenBucket({ burst, perMinute }: Flow, now: number): TokenBucket {
  const perMs = perMinute / MINUTE;
  let tokens = burst;
  let filledAt = now;
  let slowedTo = 1;
  let slowedAt = Number.NEGATIVE_INFINITY;

  const speed = (at: number) => {
    if (slowedTo === 1) return 1;
    return Math.min(1, slowedTo + Math.floor((at - slowedAt) / RECOVER_EVERY) * RECOVER_BY);
  };

  function fill(at: number): void {
    const part = speed(at);
    tokens = Math.min(Math.max(1, burst * part), tokens + (at - filledAt) * perMs * part);
    filledAt = at;
  }

  return {
    take(at) {
      fill(at);
      // Sums of fractions may end a hair below the whole.
      if (tokens < 1 - 1e-9) return false;
      tokens -= 1;
      return true;
    },
    waitFor(count, at) {
      fill(at);
      return Math.max(0, (count - tokens) / (perMs * speed(at)));
    },
    slowDown(at) {
      if (at - slowedAt < CUT_AT_MOST_EVERY) return;
      fill(at);
      slowedTo = Math.max(SLOWEST, speed(at) / 2);
      slowedAt = at;
      fill(at);
    },
  };
}
