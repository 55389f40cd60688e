import { HOUR } from "../../domain/instant.ts";
import { unusualSilence } from "../../domain/notice-rhythm.ts";
import { type Check, ok, skipped, warning } from "../check.ts";

const SEND_TEST =
  "Play Console → Monetize with Play → Monetization setup → Real-time developer notifications: enter the topic, then Send Test Message";

/** Whether Google's notices come: the topic may be linked and nobody hears, or the other way round. */
export const notices: Check = {
  name: "notices",
  needs: () => ["firestore"],
  async run({ config, store, clock }) {
    if (config.PLAYGRANT_STORE === "memory") return [skipped("the store is in memory")];
    if (config.GOOGLE_CLOUD_PROJECT === undefined)
      return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const now = clock.now();
    const rhythm = await (await store()).sweepRecords.noticeRhythm();
    if (rhythm === null) return [warning("none has come yet", SEND_TEST)];
    const hours = Math.floor((now - rhythm.lastAt) / HOUR);
    const last = `the last one came ${hours === 0 ? "within the hour" : `${hours} h ago`}`;
    return unusualSilence(rhythm, now) === null
      ? [ok(last)]
      : [warning(`${last}, which is longer than usual`, SEND_TEST)];
  },
};
