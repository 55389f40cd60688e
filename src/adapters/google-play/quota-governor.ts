import { AppError } from "../../domain/errors.ts";
import type { Clock, Priority } from "../../ports.ts";
import { cappedPerMinute, createTokenBucket, type Flow, type TokenBucket } from "./token-bucket.ts";

/**
 * Google counts these apart (google-play.md section 15). The list of voids draws on `orders`, and besides on limits of its
 * own, which are each app's.
 */
export type Bucket = "subscriptions" | "one_time" | "orders" | `voids of ${string}`;

/**
 * At most 30 lists in 30 s, and 6000 a day: 25 at once and 4 a minute are 27 and 5785. A sweep reads 25 000 voids before
 * it has to wait, where a day brings few.
 */
const VOID_LISTS: Flow = { burst: 25, perMinute: 4 };

/**
 * Keeps this process within its share of Google's quota. Every copy of the service draws on the same quota, so the cap
 * is a setting and Google's 429 is heeded on top.
 */
export interface QuotaGovernor {
  /**
   * Each attempt at Google asks here first.
   *
   * @param maxWaitMs How long the caller can wait for its turn.
   * @returns null: go now. Else resolves when it is this call's turn.
   * @throws AppError `play_unavailable` with `retryAfterMs`, at once if the wait is known to be too long, else when it
   *   has become so because more urgent calls came.
   */
  admit(bucket: Bucket, priority: Priority, maxWaitMs: number): Promise<void> | null;
  /** Google answered 429: calls of this bucket become fewer for a while. */
  throttled(bucket: Bucket): void;
}

const URGENCY: readonly Priority[] = ["app", "notice", "sweep"];

interface Waiter extends PromiseWithResolvers<void> {
  readonly priority: Priority;
  /** When it gives up, on the monotonic clock. */
  readonly until: number;
}

interface Lane {
  readonly tokens: TokenBucket;
  /** Most urgent first, then first come first served. Bounded: who would wait too long is never let in. */
  waiting: Waiter[];
  timer: NodeJS.Timeout | null;
}

/**
 * Ours and not p-queue's interval cap: that cap can't be changed while it runs (a 429 must slow it down), it goes by
 * the wall clock, and it can't say how long a wait would be. A call that needn't wait costs a few sums, no
 * timer and no promise.
 *
 * @param quotaPerMinute Calls of this process per bucket in any 60 seconds.
 */
export function createQuotaGovernor(options: {
  readonly quotaPerMinute: number;
  readonly clock: Pick<Clock, "monotonic">;
}): QuotaGovernor {
  const { quotaPerMinute, clock } = options;
  const capped = cappedPerMinute(quotaPerMinute);
  const lanes = new Map<Bucket, Lane>();
  const laneOf = (bucket: Bucket): Lane => {
    const known = lanes.get(bucket);
    if (known !== undefined) return known;
    const flow = bucket.startsWith("voids of ") ? VOID_LISTS : capped;
    const lane = { tokens: createTokenBucket(flow, clock.monotonic()), waiting: [], timer: null };
    lanes.set(bucket, lane);
    return lane;
  };

  return {
    admit(bucket, priority, maxWaitMs) {
      const lane = laneOf(bucket);
      const { tokens, waiting } = lane;
      const now = clock.monotonic();
      if (waiting.length === 0 && tokens.take(now)) return null;
      const place = placeOf(waiting, priority);
      const waitMs = tokens.waitFor(place + 1, now);
      if (waitMs > maxWaitMs) throw tooBusy(waitMs);
      const waiter = { ...Promise.withResolvers<void>(), priority, until: now + maxWaitMs };
      waiting.splice(place, 0, waiter);
      serve(lane, clock);
      return waiter.promise;
    },
    throttled(bucket) {
      laneOf(bucket).tokens.slowDown(clock.monotonic());
    },
  };
}

/** Behind all that are at least as urgent. */
function placeOf(waiting: readonly Waiter[], priority: Priority): number {
  const behind = waiting.findIndex((other) => URGENCY.indexOf(other.priority) > URGENCY.indexOf(priority));
  return behind === -1 ? waiting.length : behind;
}

/** Lets in whose turn it is, sends away who waited in vain, and comes back when the next of either is due. */
function serve(lane: Lane, clock: Pick<Clock, "monotonic">): void {
  if (lane.timer !== null) clearTimeout(lane.timer);
  lane.timer = null;
  const now = clock.monotonic();
  dismissLate(lane, now);
  while (lane.waiting.length > 0 && lane.tokens.take(now)) lane.waiting.shift()?.resolve();
  if (lane.waiting.length === 0) return;
  const nextLate = Math.min(...lane.waiting.map(({ until }) => until)) - now;
  const due = Math.min(lane.tokens.waitFor(1, now), nextLate);
  lane.timer = setTimeout(() => serve(lane, clock), Math.max(1, Math.ceil(due)));
}

function dismissLate(lane: Lane, now: number): void {
  const late = lane.waiting.filter(({ until }) => until <= now);
  if (late.length === 0) return;
  lane.waiting = lane.waiting.filter(({ until }) => until > now);
  for (const { reject } of late) reject(tooBusy(lane.tokens.waitFor(lane.waiting.length + 1, now)));
}

function tooBusy(waitMs: number): AppError {
  return new AppError("play_unavailable", "Too many calls to Google Play at the moment. Try again later.", {
    retryable: true,
    retryAfterMs: Math.ceil(waitMs),
  });
}
