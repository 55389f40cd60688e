import { MINUTE } from "../../domain/instant.ts";
import { ok, warning } from "../check.ts";
import { storeCheck } from "../store-check.ts";

/** A worker takes what is due within seconds; what fails is due later, so it doesn't count here. */
const LONGEST_WAIT = 5 * MINUTE;

/** Whether somebody works off what is due. */
export const outbox = storeCheck("outbox", async (store, { clock }) => {
  const now = clock.now();
  const { due, oldestDueAt } = await store.outbox.backlog(now);
  const waited = oldestDueAt === null ? 0 : now - oldestDueAt;
  if (waited <= LONGEST_WAIT) return [ok(`${due} effects are due, none for long`)];
  return [
    warning(
      `${due} effects are due, the oldest for ${Math.round(waited / MINUTE)} minutes: is a worker running?`,
      "Run one: PLAYGRANT_ROLES=worker npm start, or the scheduled function; by hand: npm run sweep -- effects",
    ),
  ];
});
