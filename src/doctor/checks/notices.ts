import { HOUR } from "../../domain/instant.ts";
import { unusualSilence } from "../../domain/notice-rhythm.ts";
import { ok, warning } from "../check.ts";
import { storeCheck } from "../store-check.ts";

const SEND_TEST =
  "Play Console → Monetize with Play → Monetization setup → Real-time developer notifications: enter the topic, then Send Test Message";

/** Whether Google's notices come: the topic may be linked and nobody hears, or the other way round. */
export const notices = storeCheck("notices", async ({ sweepRecords }, { clock }) => {
  const now = clock.now();
  const rhythm = await sweepRecords.noticeRhythm();
  if (rhythm === null) return [warning("none has come yet", SEND_TEST)];
  const hours = Math.floor((now - rhythm.lastAt) / HOUR);
  const last = `the last one came ${hours === 0 ? "within the hour" : `${hours} h ago`}`;
  return unusualSilence(rhythm, now) === null
    ? [ok(last)]
    : [warning(`${last}, which is longer than usual`, SEND_TEST)];
});
