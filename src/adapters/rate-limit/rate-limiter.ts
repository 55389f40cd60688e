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
        await limiter.consume(customerId, count);
        return null;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
        throw refused;
      }
    },
  };
}
