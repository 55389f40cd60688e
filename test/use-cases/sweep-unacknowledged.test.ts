import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { sweepUnacknowledged } from "../../src/use-cases/sweep-unacknowledged.ts";
import { ANN, lineItem, NOW, oneTime, refOf, subscription } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, notify, present, stored, verify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const sweep = (by = service) => world.run(sweepUnacknowledged(by.ports, 100));
const late = () => world.log.filter(({ event }) => event === "acknowledge.late");
const isTold = (name: string) => world.play.purchase(refOf(name, "one_time")).acknowledged;

/** Bought just now and granted, while whoever should have told Google died. */
async function untold(name: string): Promise<void> {
  googleSays(world, name, oneTime({ acknowledged: false, startedAt: world.clock.now() }));
  await world.run(present(world, world.process({ background: "full" }), name));
  world.memory.tables.outbox.clear();
}

describe("the sweep of unacknowledged purchases", () => {
  it("leaves alone what has more than two days left, and what Google was told of", async () => {
    await untold("first");
    googleSays(world, "second", oneTime({ acknowledged: false, startedAt: NOW }));
    await verify(world, service, "second");
    await service.settle();
    expect(isTold("second")).toBe(true);
    world.clock.advance(DAY - 1);
    const asked = world.play.calls.length;
    expect(await sweep()).toEqual({ found: 0, changed: 0, failed: 0, more: false });
    expect(world.play.calls.length).toBe(asked);
  });

  it("tells Google what an effect that is gone should have told it", async () => {
    await untold("first");
    world.clock.advance(DAY);
    expect(await sweep()).toEqual({ found: 1, changed: 1, failed: 0, more: false });
    await service.settle();
    expect(isTold("first")).toBe(true);
    expect(await sweep()).toMatchObject({ changed: 0 });
    expect((await sweep()).found).toBe(0);
    expect(late()).toEqual([]);
  });

  it("learns that the app told Google itself", async () => {
    await untold("first");
    googleSays(world, "first", oneTime({ acknowledged: true, startedAt: NOW }));
    world.clock.advance(DAY);
    expect(await sweep()).toMatchObject({ found: 1, changed: 0 });
    expect(stored(world, "first", "one_time").acknowledgeBy).toBeNull();
    expect(world.memory.tables.outbox.size).toBe(0);
  });

  it("takes away what Google took back meanwhile", async () => {
    await untold("first");
    googleSays(world, "first", oneTime({ acknowledged: false, state: "canceled", startedAt: NOW }));
    world.clock.advance(3 * DAY + MINUTE);
    await sweep();
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    expect((await sweep()).found).toBe(0);
    await service.settle();
    expect(world.play.count("acknowledge")).toBe(0);
  });

  it("cries when less than a third of the window is left, and asks Google every ten minutes, not more", async () => {
    await untold("first");
    world.clock.advance(DAY);
    await sweep();
    expect(late()).toEqual([]);
    world.memory.tables.outbox.clear();
    world.clock.advance(DAY + HOUR);
    const asked = world.play.count("getPurchase");
    for (let minute = 0; minute < 30; minute += 1) {
      await sweep();
      world.clock.advance(MINUTE);
    }
    expect(world.play.count("getPurchase") - asked).toBe(3);
    expect(late()).toHaveLength(3);
    expect(late()[0]).toMatchObject({
      level: "error",
      fields: { purchase_id: refOf("first", "one_time").id, minutes_left: 23 * 60 },
    });
  });

  it("has no time to lose with a tester's, of which Google waits for minutes", async () => {
    googleSays(world, "first", oneTime({ acknowledged: false, test: true, startedAt: NOW }));
    await world.run(present(world, world.process({ background: "full" }), "first"));
    world.memory.tables.outbox.clear();
    world.clock.advance(MINUTE);
    expect(await sweep()).toMatchObject({ changed: 1 });
    world.clock.advance(MINUTE);
    expect(await sweep()).toMatchObject({ changed: 1 });
  });

  it("never tells of what nobody has claimed", async () => {
    googleSays(world, "first", subscription({ acknowledged: false, startedAt: NOW }));
    await notify(world, service, {
      subscriptionNotification: { notificationType: 4, purchaseToken: refOf("first").token.reveal() },
    });
    world.clock.advance(2 * DAY);
    expect((await sweep()).found).toBe(0);
  });

  it("asks about a short prepaid plan in time", async () => {
    const items = [lineItem({ expiresAt: NOW + 3 * DAY, autoRenewing: null })];
    googleSays(world, "first", subscription({ items, acknowledged: false, startedAt: NOW }));
    await world.run(present(world, world.process({ background: "full" }), "first"));
    world.memory.tables.outbox.clear();
    world.clock.advance(36 * HOUR - 12 * HOUR + MINUTE);
    expect(await sweep()).toMatchObject({ found: 1, changed: 1 });
    expect(late()).toHaveLength(1);
  });

  it("goes on with the others when Google fails for one", async () => {
    for (const name of ["a", "b", "c"]) await untold(name);
    world.clock.advance(DAY);
    world.play.failNext("getPurchase", new AppError("play_unavailable", "as told", { retryable: true }));
    expect(await sweep()).toMatchObject({ found: 3, changed: 2, failed: 1 });
    expect(await sweep()).toMatchObject({ found: 3, changed: 1, failed: 0 });
    await service.settle();
    expect(["a", "b", "c"].map(isTold)).toEqual([true, true, true]);
  });

  it("comes to an end though nobody tells Google meanwhile", async () => {
    for (const name of ["a", "b", "c"]) await untold(name);
    world.clock.advance(DAY);
    const pass = () => world.run(sweepUnacknowledged(service.ports, 2));
    expect([(await pass()).more, (await pass()).more]).toEqual([true, false]);
    await service.settle();
    expect([(await pass()).changed, (await pass()).changed]).toEqual([1, 0]);
  });

  it("may overlap with another one", async () => {
    await untold("first");
    world.clock.advance(DAY);
    await world.run(Promise.all([service, world.process()].map((by) => sweepUnacknowledged(by.ports, 100))));
    await service.settle();
    expect(world.play.count("acknowledge")).toBe(1);
  });
});
