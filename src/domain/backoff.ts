import type { Effect } from "./effect.ts";
import { DAY, MINUTE, SECOND } from "./instant.ts";

/** Seconds at first, so that a hiccup is over before anybody waits; then slower, for hours (contract section 6). */
const DELAYS = [2, 5, 10, 15, 30, 60, 120, 300, 600, 1200].map((seconds) => seconds * SECOND);
const AT_LAST = 30 * MINUTE;

/** After this long a delivery that never succeeded is given up and shown as failed. */
const GIVE_UP_AFTER: Partial<Record<Effect["kind"], number>> = { fulfill_slot: DAY, send_mail: DAY };

/**
 * @param attempt How many times it was tried, from 1.
 * @param chance Uniform in [0, 1): spreads repetitions by ±10 %, so that what failed together doesn't return together.
 * @returns Milliseconds until the next try.
 */
export function backoff(attempt: number, chance: number): number {
  const delay = DELAYS[Math.max(attempt, 1) - 1] ?? AT_LAST;
  return Math.round(delay * (0.9 + 0.2 * chance));
}

/** Has a delivery been tried for so long that a person should see it? Taking back is never given up. */
export function isExhausted(kind: Effect["kind"], ageMs: number): boolean {
  return ageMs >= (GIVE_UP_AFTER[kind] ?? Number.POSITIVE_INFINITY);
}

/** How long after a lease ran out a late call of its former holder may still arrive somewhere. */
export const STRAGGLER_MS = MINUTE;
