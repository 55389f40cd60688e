import { expect, it } from "vitest";
import type { Act } from "./acts.ts";
import { simulate } from "./simulate.ts";

/** Lives that once came out wrong, shrunk to what had to do with it. */

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const buy = (productId: string, more: object = {}): Act => ({
  at: 0,
  do: "buy",
  customer: "customer-1",
  purchase: "p1",
  what: { account: "own", productId, ...more },
});

const verify = (purchase: string, at: number): Act => ({
  at,
  do: "verify",
  customer: "customer-1",
  purchase,
  replica: 0,
  copies: 1,
});

const google = (at: number, action: string, input: object = {}, makes?: string, purchase = "p1"): Act => ({
  at,
  do: "google",
  purchase,
  action,
  input,
  ...(makes === undefined ? {} : { makes }),
});

const plan = { basePlanId: "monthly", periodDays: 30 };

const LIVES: Record<string, readonly Act[]> = {
  "units refunded, told from before the refund": [
    buy("seats", { type: "one_time", quantity: 2 }),
    { at: DAY, do: "fault", service: "play", kind: "stale", count: 1 },
    google(DAY, "refund", { reason: 1, quantity: 1 }),
  ],
  "a replaced token whose end nobody told": [
    buy("plus", plan),
    verify("p1", 1_000),
    { at: DAY, do: "channel", channel: { lost: 1, doubled: 0, late: 0 } },
    google(DAY, "change_plan", { productId: "plus", ...plan }, "p2"),
    verify("p2", DAY + 1_000),
  ],
  "two items that give the same": [
    buy("plus", plan),
    verify("p1", 1_000),
    google(DAY, "add_item", { productId: "basic", basePlanId: "monthly" }),
  ],
  "of many units one taken by hand, then some refunded": [
    buy("seats", { type: "one_time", quantity: 4 }),
    { at: DAY, do: "admin_revoke", customer: "customer-1", pick: 1 },
    google(2 * DAY, "refund", { reason: 1, quantity: 3 }),
  ],
  "suspended unheard, and wanted again before it is tried anew": [
    buy("plus", plan),
    verify("p1", 1_000),
    { at: DAY, do: "fault", service: "keythai", kind: "unheard", count: 3 },
    google(DAY, "hold"),
    google(DAY + 500, "recover"),
  ],
};

it.each(Object.entries(LIVES))("%s", async (_, acts) => {
  for (const seed of [1, 2, 3]) {
    const { problems } = await simulate({ seed, customers: 1, acts });
    expect(problems).toEqual([]);
  }
});
