import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/**
 * So many a minute for each customer, counted in this process: it keeps one caller from starving all others, and
 * costs no round trip.
 */
export function createRateLimiter(perMinute: number) {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return {
    /** @returns Milliseconds to wait when it is too many; null when it is fine. */
    async take(customerId: string, count: number): Promise<number | null> {
      try {
        // More at once than a minute allows takes the whole minute: else it could never be had.
        await limiter.consume(customerId, Math.min(count, perMinute));
        return null;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
        throw refused;
      }
    },
  };
}
