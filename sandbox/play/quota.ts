import type { Clock } from "../clock.ts";
import { GoogleError } from "./google-error.ts";

/** Google's per-minute buckets (facts section 15); orders and voided purchases share one. */
export type Bucket = "subscriptions" | "subscription_updates" | "one_time" | "orders";

export type Quota = { spend(bucket: Bucket): void };

/** Counts each bucket by the minute and answers 429 beyond the limit; without a limit it never does. */
export function createQuota(perMinute: number | undefined, now: Clock, refused: () => void): Quota {
  const spent = new Map<Bucket, { minute: number; count: number }>();
  return {
    spend(bucket) {
      if (perMinute === undefined) return;
      const minute = Math.floor(now() / 60_000);
      const kept = spent.get(bucket);
      const entry = kept?.minute === minute ? kept : { minute, count: 0 };
      entry.count += 1;
      spent.set(bucket, entry);
      if (entry.count <= perMinute) return;
      refused();
      throw new GoogleError(429, "rateLimitExceeded", `Sandbox: more than ${perMinute} ${bucket} a minute`);
    },
  };
}
