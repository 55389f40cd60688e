import { DAY, HOUR, type Instant } from "./instant.ts";

/** How often Google's notices come, so that their absence can be told from a quiet shop. */
export interface NoticeRhythm {
  readonly lastAt: Instant;
  /** The longest silence of each day on which a notice came, oldest first. */
  readonly silences: readonly { readonly day: number; readonly longestMs: number }[];
}

/** Days that count for what is usual: two weeks, so that every weekday is among them. */
const REMEMBERED_DAYS = 14;
/** No shop is called silent earlier than this. */
const SHORTEST_ALARM = 6 * HOUR;
/** Without any history yet: one day of silence is worth a look. */
const FIRST_ALARM = DAY;
/** How many times longer than usual a silence has to be. */
const UNUSUAL = 2;

/**
 * Google was heard. Time that runs backwards, as between two machines' clocks, changes nothing. A silence that was an alarm
 * counts as long as the alarm took to come: an outage isn't usual, but a shop that gets quieter must be able to.
 */
export function heard(rhythm: NoticeRhythm | null, now: Instant): NoticeRhythm {
  if (rhythm === null) return { lastAt: now, silences: [] };
  if (now <= rhythm.lastAt) return rhythm;
  const day = Math.floor(now / DAY);
  const silence = Math.min(now - rhythm.lastAt, longestUsualSilence(rhythm));
  const today = rhythm.silences.find((entry) => entry.day === day);
  const longestMs = Math.max(today?.longestMs ?? 0, silence);
  const others = rhythm.silences.filter((entry) => entry.day !== day && entry.day > day - REMEMBERED_DAYS);
  return { lastAt: now, silences: [...others, { day, longestMs }] };
}

/** How long Google may be silent before somebody should look whether notices still come, in ms. */
export function longestUsualSilence({ silences }: NoticeRhythm): number {
  if (silences.length === 0) return FIRST_ALARM;
  return Math.max(SHORTEST_ALARM, UNUSUAL * Math.max(...silences.map(({ longestMs }) => longestMs)));
}

/** @returns Milliseconds of silence, where it is longer than usual; else null. */
export function unusualSilence(rhythm: NoticeRhythm, now: Instant): number | null {
  const silence = now - rhythm.lastAt;
  return silence > longestUsualSilence(rhythm) ? silence : null;
}
