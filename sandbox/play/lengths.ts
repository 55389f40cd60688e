import { DAY, MINUTE } from "../clock.ts";
import type { Declining, Purchase, Subscription } from "./model.ts";

/** How long a cash or QR payment is waited for (the real time depends on the way to pay). */
export const PENDING_MS = 3 * DAY;
export const REVIEW_MS = DAY;
/** License testers' subscriptions renew so often and then end (facts section 16). */
export const TEST_RENEWALS = 6;

const GRACE_MS = 3 * DAY;
/** Grace and hold are 60 days together, unless the Console says otherwise (facts section 5). */
const GRACE_AND_HOLD_MS = 60 * DAY;

/** License testers live faster: a week or a month lasts 5 minutes, a year 30 (facts section 16). */
export function testPeriod(periodMs: number): number {
  if (periodMs <= 31 * DAY) return 5 * MINUTE;
  if (periodMs <= 93 * DAY) return 10 * MINUTE;
  if (periodMs <= 184 * DAY) return 15 * MINUTE;
  return 30 * MINUTE;
}

export const TEST_TRIAL_MS = 3 * MINUTE;

/** 5 minutes for each month of a pause. */
export function testPause(ms: number): number {
  return Math.max(1, Math.round(ms / (30 * DAY))) * 5 * MINUTE;
}

type Asked = { silentMs?: number | undefined; graceMs?: number | undefined; holdMs?: number | undefined };

/** What follows on a refused renewal, where nothing else was asked for. */
export function decliningOf(purchase: Subscription, asked: Asked = {}): Declining {
  if (purchase.test) {
    const { silentMs = 0, graceMs = 5 * MINUTE, holdMs = 10 * MINUTE } = asked;
    return { silentMs, graceMs, holdMs };
  }
  const { silentMs = DAY, graceMs = GRACE_MS } = asked;
  return { silentMs, graceMs, holdMs: asked.holdMs ?? Math.max(0, GRACE_AND_HOLD_MS - graceMs) };
}

/**
 * Until when a purchase has to be acknowledged, from the moment it was paid (facts section 8): 3 days, half of a
 * prepaid plan shorter than a week, 3 minutes for license testers. Null while it is not paid.
 */
export function acknowledgeBy(purchase: Purchase): number | null {
  if (purchase.completedAt === null) return null;
  if (purchase.test) return purchase.completedAt + 3 * MINUTE;
  const plan = purchase.type === "subscription" && purchase.prepaid ? prepaidLength(purchase) : 7 * DAY;
  return purchase.completedAt + (plan < 7 * DAY ? plan / 2 : 3 * DAY);
}

function prepaidLength(purchase: Subscription): number {
  return Math.min(...purchase.items.map((item) => item.periodMs));
}
