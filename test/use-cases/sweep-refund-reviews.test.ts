import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../src/domain/instant.ts";
import type { RefundPreference } from "../../src/ports.ts";
import { sweepRefundReviews } from "../../src/use-cases/sweep-refund-reviews.ts";
import { createWorld, type World } from "../support/ports.ts";
import { notify } from "./support/acts.ts";

async function worldWithReviews(by: RefundPreference | null, ...orderIds: string[]) {
  const world = createWorld({ settings: { refundReviewDefault: by } });
  const service = world.process();
  for (const orderId of orderIds) {
    const pendingRefundToken = `refund-of-${orderId}`;
    await notify(world, service, {
      pendingRefundReviewNotification: { version: "1.0", pendingRefundToken, orderId, refundReason: 7 },
    });
  }
  return { world, service, sweep: () => world.run(sweepRefundReviews(service.ports, 100)) };
}

const reviews = (world: World) =>
  [...world.memory.tables.refundReviews.values()].map(({ orderId, preference }) => [orderId, preference]);

describe("the sweep of refund reviews", () => {
  it("gives a person time until two hours before the deadline", async () => {
    const { world, sweep } = await worldWithReviews("neutral", "GPA.1");
    world.clock.advance(22 * HOUR - MINUTE);
    expect((await sweep()).found).toBe(0);
    world.clock.advance(MINUTE);
    expect(await sweep()).toEqual({ found: 1, changed: 1, failed: 0, more: false });
    expect((await sweep()).found).toBe(0);
  });

  it("tells Google what the shop says by default, once", async () => {
    const { world, service, sweep } = await worldWithReviews("decline", "GPA.1", "GPA.2");
    world.clock.advance(23 * HOUR);
    await Promise.all([sweep(), sweep()]);
    await service.settle();
    expect(reviews(world)).toEqual([
      ["GPA.1", "decline"],
      ["GPA.2", "decline"],
    ]);
    expect(world.play.reviews.map(({ orderId, preference }) => [orderId, preference]).sort()).toEqual([
      ["GPA.1", "decline"],
      ["GPA.2", "decline"],
    ]);
  });

  it("says nothing where the shop has no default", async () => {
    const { world, sweep } = await worldWithReviews(null, "GPA.1");
    world.clock.advance(23 * HOUR);
    expect((await sweep()).found).toBe(0);
    expect(reviews(world)).toEqual([["GPA.1", null]]);
  });
});
