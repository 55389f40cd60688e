import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { reviewId } from "../../../src/domain/ids.ts";
import { DAY, HOUR } from "../../../src/domain/instant.ts";
import { answerReview } from "../../../src/use-cases/admin/answer-review.ts";
import { must, NOW, PACKAGE, token } from "../../support/builders.ts";
import { createWorld, type Process, type World } from "../../support/ports.ts";

let world: World;
let service: Process;
const ID = reviewId(token("refund"));

beforeEach(async () => {
  world = createWorld();
  service = world.process();
  await service.ports.intake.addRefundReview({
    packageName: PACKAGE,
    pendingRefundToken: token("refund"),
    orderId: "GPA.1",
    refundReason: 1,
    receivedAt: NOW,
    answerBy: NOW + DAY,
  });
});

const answer = (by = service) => world.run(answerReview(by.ports, ID, "decline", "eve"));
const stored = () => must(world.memory.tables.refundReviews.get(ID));
const told = (event: string) => world.log.filter((line) => line.event === event);
const unavailable = () => new AppError("play_unavailable", "as told", { retryable: true });

describe("a refund review", () => {
  it("is told to Google at once, and closed", async () => {
    expect(await answer()).toMatchObject({ preference: "decline", answeredAt: expect.any(Number) });
    expect(world.play.reviews.length).toBe(1);
    await service.settle();
    expect(world.play.reviews.length).toBe(1);
  });

  it("is answered later by whoever finds it, where this process has no room or Google no time", async () => {
    const full = world.process({ background: "full" });
    expect(await answer(full)).toMatchObject({ preference: "decline", answeredAt: null });
    world.play.failNext("reviewRefund", unavailable());
    await service.settle();
    expect(stored().answeredAt).not.toBeNull();
    expect(world.play.reviews).toMatchObject([{ orderId: "GPA.1", preference: "decline" }]);
  });

  it("refused, it is tried until the deadline, loudly, and then given up and left open to see", async () => {
    for (let count = 0; count < 500; count += 1)
      world.play.failNext("reviewRefund", new AppError("play_rejected_credentials", "as told"));
    await answer();
    await service.settle();
    expect(stored()).toMatchObject({ preference: "decline", answeredAt: null });
    expect(told("refund_review.refused").length).toBeGreaterThan(10);
    expect(told("refund_review.given_up")).toHaveLength(1);
    expect(world.clock.now()).toBeGreaterThan(NOW + DAY);
    expect(world.clock.now()).toBeLessThan(NOW + DAY + HOUR);
    expect(world.memory.tables.outbox.size).toBe(0);
  });

  it("decided too late it is told once all the same", async () => {
    world.clock.advance(2 * DAY);
    expect(await answer()).toMatchObject({ answeredAt: expect.any(Number) });
  });

  it("decided too late and refused it is not asked for ever", async () => {
    world.clock.advance(2 * DAY);
    world.play.failNext("reviewRefund", unavailable());
    expect(await answer()).toMatchObject({ answeredAt: null });
    await service.settle();
    expect(world.play.reviews).toEqual([]);
    expect(told("refund_review.given_up")).toHaveLength(1);
  });
});
