import fc from "fast-check";
import { expect, test } from "vitest";
import { Conflict } from "../../sandbox/play/world.ts";
import { seededRandom } from "../../sandbox/random.ts";
import { ONE_TIME, START, timeline } from "./timeline.ts";

const DAY = 86_400_000;

const KINDS = [
  {},
  { autoRenewing: false },
  { autoRenewing: false, periodDays: 3, pending: true },
  { installments: 3 },
  { test: true },
  { promo: true },
  { offer: { offerId: "o", freeTrialDays: 7, introductory: { price: 9, cycles: 2 } } },
  { items: ["plan", "cloud"].map((productId) => ({ productId, basePlanId: "monthly" })) },
  { ...ONE_TIME, quantity: 3 },
  { ...ONE_TIME, pending: true },
  { ...ONE_TIME, preorderDays: 9 },
];

const INPUTS: Record<string, object> = {
  change_plan: { productId: "max" },
  add_item: { productId: "late" },
  remove_item: { productId: "cloud" },
  revoke_item: { productId: "plan" },
};

const steps = fc.array(
  fc.record({ hours: fc.integer({ min: 0, max: 900 }), pick: fc.nat(), mode: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 25,
  },
);

/** One random life: whatever is possible is done, and time goes on. */
function live(kind: object, acknowledged: boolean, life: { hours: number; pick: number; mode: boolean }[]) {
  const world = timeline({ random: seededRandom(9) });
  let token = world.buy(kind);
  let day = 0;
  for (const { hours, pick, mode } of life) {
    if (acknowledged && world.sandbox.play.purchase(token).completedAt !== null) {
      world.sandbox.play.acknowledge(token);
    }
    const { possible } = world.sandbox.play.purchase(token);
    const action = possible[pick % Math.max(1, possible.length)];
    try {
      const input =
        action === "change_plan" && mode ? { productId: "max", mode: "DEFERRED" } : INPUTS[action ?? ""];
      if (action !== undefined) token = world.act(token, action, input ?? {});
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
    day += hours / 24;
    world.day(day);
  }
  return world;
}

test("any life: Google never stumbles, never is late, tells in order of time, and what is over stays over", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.boolean(), steps, (kind, acknowledged, life) => {
      const world = live(kind, acknowledged, life);
      const { play } = world.sandbox;
      expect(play.nextAt() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(world.now());
      const times = play.notifications.map(({ publishTime }) => Date.parse(publishTime));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      const over = play.purchases().filter(({ state }) => state === "EXPIRED" || state === "CANCELLED");
      const before = structuredClone(over);
      world.day((world.now() - START) / DAY + 500);
      expect(over).toEqual(before);
      for (const purchase of play.purchases()) {
        // Only what was acknowledged, or never paid, outlives every window.
        const owned = !["EXPIRED", "CANCELLED", "PENDING", "PENDING_PURCHASE_CANCELED"].includes(
          purchase.state,
        );
        if (owned) expect(purchase.acknowledged).toBe(true);
        if (purchase.type !== "subscription" || purchase.state !== "ACTIVE") continue;
        const ends = purchase.items.map(({ expiresAt }) => expiresAt ?? 0);
        expect(Math.max(...ends)).toBeGreaterThan(world.now() - 2 * DAY);
      }
    }),
    { numRuns: 400, seed: 20_260_101 },
  );
});
