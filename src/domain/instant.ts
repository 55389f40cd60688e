/**
 * Time in the domain is an {@link Instant}: a plain number, so that it compares, adds and serialises without surprises.
 * This file is the one place of the core that knows how text becomes time; what the time *is* comes from the clock port.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * @param text RFC 3339 with 0 to 9 fraction digits, as Google writes it; digits past the millisecond are dropped
 *   (google-play.md section 4).
 * @returns null when the text is no time at all.
 */
export function parseInstant(text: string): Instant | null {
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? null : instant;
}

/** RFC 3339 UTC with milliseconds, the wire format of everything we say. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString();
}

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/**
 * Adds an ISO 8601 duration (`P30D`, `PT48H`, `P1M`) in UTC; a month that lacks the day ends on its last day.
 *
 * @throws RangeError when the text is no duration. The catalogue's schema has refused such text before.
 */
export function addDuration(from: Instant, duration: string): Instant {
  const parts = DURATION.exec(duration);
  if (parts === null) throw new RangeError("not an ISO 8601 duration");
  const [years, months, weeks, days, hours, minutes, seconds] = parts
    .slice(1)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number, number];
  const fixed = (weeks * 7 + days) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND;
  return addMonths(from, years * 12 + months) + fixed;
}

function addMonths(from: Instant, months: number): Instant {
  const moved = new Date(from);
  const day = moved.getUTCDate();
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(day, lastDay));
  return moved.getTime();
}
