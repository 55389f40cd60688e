import { DAY, type Instant, MINUTE } from "./instant.ts";
import { leadingItem, type Purchase } from "./purchase.ts";

/** Google takes a purchase back that nobody acknowledged for so long after it was paid. */
const WINDOW = 3 * DAY;
/** Licence testers' purchases live fast (google-play.md section 8: plan for three minutes). */
const TEST_WINDOW = 3 * MINUTE;
/** Prepaid plans shorter than this have half their own length. */
const SHORT_PLAN = 7 * DAY;

/**
 * When Google takes a purchase back unless it was told by then that it was granted (google-play.md sections 1 and 8).
 *
 * @returns null while it is not paid, or told already.
 */
export function acknowledgeBy(purchase: Purchase): Instant | null {
  const { startedAt, acknowledged, test } = purchase;
  if (acknowledged || startedAt === null) return null;
  return startedAt + (test ? TEST_WINDOW : windowOf(purchase, startedAt));
}

function windowOf(purchase: Purchase, startedAt: Instant): number {
  const item = leadingItem(purchase);
  const prepaid = purchase.type === "subscription" && item?.autoRenewing === null;
  if (!prepaid || item.expiresAt === null) return WINDOW;
  // Its end has the rest of the plan before in it, so its own length can't be told: as for the shortest plan there is.
  if (purchase.replaces !== null) return DAY / 2;
  const length = item.expiresAt - startedAt;
  return length < SHORT_PLAN ? length / 2 : WINDOW;
}
