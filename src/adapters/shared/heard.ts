import { type Instant, MINUTE } from "../../domain/instant.ts";
import { heard, type NoticeRhythm } from "../../domain/notice-rhythm.ts";

/** What is unusual is counted in hours, so of the notices of one minute the first is enough. */
const NEWS_AFTER = MINUTE;

/** @returns The rhythm to be kept now; null where what is kept says enough. */
export function worthNoting(rhythm: NoticeRhythm | null, now: Instant): NoticeRhythm | null {
  if (rhythm !== null && now - rhythm.lastAt < NEWS_AFTER) return null;
  return heard(rhythm, now);
}
