import { MINUTE } from "../../domain/instant.ts";
import { type Check, ok, skipped, warning } from "../check.ts";

/** A worker takes what is due within seconds; what fails is due later, so it doesn't count here. */
const LONGEST_WAIT = 5 * MINUTE;

/** Whether somebody works off what is due. */
export const outbox: Check = {
  name: "outbox",
  needs: () => ["firestore"],
  async run({ config, store, clock }) {
    if (config.PLAYGRANT_STORE === "memory") return [skipped("the store is in memory")];
    if (config.GOOGLE_CLOUD_PROJECT === undefined)
      return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const now = clock.now();
    const { due, oldestDueAt } = await (await store()).outbox.backlog(now);
    const waited = oldestDueAt === null ? 0 : now - oldestDueAt;
    if (waited <= LONGEST_WAIT) return [ok(`${due} effects are due, none for long`)];
    return [
      warning(
        `${due} effects are due, the oldest for ${Math.round(waited / MINUTE)} minutes: is a worker running?`,
        "Run one: PLAYGRANT_ROLES=worker npm start, or the scheduled function; by hand: npm run sweep -- effects",
      ),
    ];
  },
};
