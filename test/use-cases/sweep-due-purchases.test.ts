import { beforeEach, describe, expect, it } from "vitest";
import { DAY, formatInstant, HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import { purchaseView } from "../../src/http/views.ts";
import { sweepDuePurchases } from "../../src/use-cases/sweep-due-purchases.ts";
import {
  ANN,
  lineItem,
  must,
  NOW,
  oneTime,
  POLICY,
  product,
  refOf,
  subscription,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, stored, verify } from "./support/acts.ts";
import { chanceOf } from "./support/chance.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const pass = (limit = 100) => world.run(sweepDuePurchases(service.ports, limit));
/** How many of those found were asked about. */
const sweep = async (limit = 100) => {
  const { found, failed } = await pass(limit);
  return found - failed;
};

/** A subscription whose period ends in an hour. */
async function ending(name: string): Promise<void> {
  const items = [lineItem({ expiresAt: NOW + HOUR, orderId: `GPA.${name}`, autoRenewing: false })];
  googleSays(world, name, subscription({ items, state: "canceled", endedBy: "user" }));
  await verify(world, service, name);
}

function ended(name: string): void {
  const items = [lineItem({ expiresAt: NOW + HOUR, orderId: `GPA.${name}`, autoRenewing: false })];
  googleSays(world, name, subscription({ items, state: "expired", endedBy: "user" }));
}

describe("the sweep of due purchases", () => {
  it("has nothing to do before a period ends", async () => {
    await ending("first");
    world.clock.advance(HOUR - 1);
    const asked = world.play.calls.length;
    expect(await sweep()).toBe(0);
    expect(world.play.calls.length).toBe(asked);
  });

  it("settles an end of which no notice came, and doesn't look again", async () => {
    await ending("first");
    ended("first");
    world.clock.advance(HOUR);
    expect(await pass()).toEqual({ found: 1, changed: 1, failed: 0, more: false });
    expect(world.customer(ANN).entitlements.pro).toMatchObject({ active: false, state: "expired" });
    expect(stored(world, "first").nextSyncAt).toBeNull();
    expect(await sweep()).toBe(0);
    await service.settle();
    expect(world.licenses.live()).toEqual([]);
  });

  it("finds a renewal of which no notice came", async () => {
    googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + HOUR })] }));
    await verify(world, service, "first");
    world.clock.advance(HOUR + MINUTE);
    googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + 30 * DAY })] }));
    expect(await sweep()).toBe(1);
    expect(world.customer(ANN).entitlements.pro?.expiresAt).toBe(NOW + 30 * DAY);
    expect(stored(world, "first").nextSyncAt).toBe(NOW + 30 * DAY);
  });

  it("finds a payment that came while the app was closed", async () => {
    googleSays(world, "first", oneTime({ state: "pending", startedAt: null, acknowledged: false }));
    await verify(world, service, "first");
    googleSays(world, "first", oneTime({ acknowledged: false }));
    world.clock.advance(HOUR);
    await sweep();
    await service.settle();
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
    expect(world.play.purchase(refOf("first", "one_time")).acknowledged).toBe(true);
  });

  it("ends a rental, which Google doesn't", async () => {
    const items = [product({ productId: "course_pack", rental: true })];
    googleSays(world, "first", oneTime({ items, startedAt: NOW }));
    await verify(world, service, "first");
    world.clock.advance(30 * DAY);
    // Google has no news about it: no notice was lost.
    expect(await pass()).toEqual({ found: 1, changed: 0, failed: 0, more: false });
    expect(world.customer(ANN).entitlements.course?.active).toBe(false);
    const seen = purchaseView(stored(world, "first", "one_time"), POLICY, world.clock.now());
    expect(seen).toMatchObject({ access: false, expires_at: formatInstant(NOW + 30 * DAY) });
    const [row] = [...world.memory.tables.grants.values()];
    expect(must(row)).toMatchObject({
      revocationReason: "subscription_expired",
      revocationDetail: "rental_ended",
    });
  });

  it.each(["purchase_token_expired", "purchase_not_found"] as const)(
    "lets one that Google has forgotten (%s) run out, and no longer",
    async (code) => {
      await ending("first");
      world.play.put(refOf("first"), code);
      world.clock.advance(HOUR);
      expect(await sweep()).toBe(1);
      expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
      expect(await sweep()).toBe(0);
    },
  );

  it("does all that is due, the longest due first, and no more than asked for", async () => {
    for (const name of ["a", "b", "c"]) await ending(name);
    for (const name of ["a", "b", "c"]) ended(name);
    world.clock.advance(HOUR);
    expect([await sweep(2), await sweep(2), await sweep(2)]).toEqual([2, 1, 0]);
  });

  it("is not stopped by one that can't be asked about", async () => {
    for (const name of ["a", "b", "c"]) await ending(name);
    for (const name of ["a", "c"]) ended(name);
    world.play.put(refOf("b"), "play_unavailable");
    world.clock.advance(HOUR);
    expect(await sweep()).toBe(2);
    expect(world.log).toContainEqual(
      expect.objectContaining({
        event: "sweep.failed",
        fields: { kind: "due", purchase_id: refOf("b").id, code: "play_unavailable" },
      }),
    );
    ended("b");
    expect(await sweep()).toBe(0);
    world.clock.advance(30 * SECOND);
    expect(await sweep()).toBe(1);
  });

  it("lets none whose answers can't be had stand before the others for good", async () => {
    for (const name of ["a", "b"]) await ending(name);
    for (const name of ["a", "b"]) world.play.put(refOf(name), "play_unavailable");
    world.clock.advance(MINUTE);
    await ending("c");
    ended("c");
    world.clock.advance(HOUR);
    await sweep(2);
    expect(await sweep(2)).toBe(1);
    expect(stored(world, "c").answer?.state).toBe("expired");
  });

  it("lets none that Google refuses us stand before the others, and comes back to it in ten minutes", async () => {
    for (const name of ["a", "b", "c"]) await ending(name);
    for (const name of ["a", "b"]) world.play.put(refOf(name), "play_rejected_credentials");
    ended("c");
    world.clock.advance(HOUR);
    expect(await pass(2)).toEqual({ found: 2, changed: 0, failed: 2, more: false });
    expect(await pass(2)).toMatchObject({ found: 1, changed: 1 });
    for (const name of ["a", "b"]) ended(name);
    expect(await sweep()).toBe(0);
    world.clock.advance(10 * MINUTE);
    expect(await pass()).toMatchObject({ found: 2, changed: 2 });
  });

  it("stops asking when Google is away", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    for (const name of names) {
      await ending(name);
      world.play.put(refOf(name), "play_unavailable");
    }
    world.clock.advance(HOUR);
    const asked = world.play.calls.length;
    expect(await pass(60)).toMatchObject({ found: 60, changed: 0, more: false });
    expect(world.play.calls.length - asked).toBeLessThan(40);
  });

  it("may overlap with another one, and then seldom asks twice", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    for (const name of names) await ending(name);
    for (const name of names) ended(name);
    world.clock.advance(HOUR);
    world.play.onAnswer = () => world.clock.sleep(50);
    const asked = world.play.count("getPurchase");
    const workers = [0.1, 0.2].map((seed) => ({ ...world.process().ports, chance: chanceOf(seed) }));
    await world.run(Promise.all(workers.map((ports) => sweepDuePurchases(ports, 100))));
    await service.settle();
    expect(world.play.count("getPurchase") - asked).toBeLessThan(90);
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    expect(world.licenses.live()).toEqual([]);
    expect(await sweep()).toBe(0);
  });

  it("is not stopped by one whose record nobody can make sense of", async () => {
    for (const name of ["a", "b"]) {
      await ending(name);
      ended(name);
    }
    world.clock.advance(HOUR);
    world.play.failNext("getPurchase", new TypeError("oops"));
    expect(await pass()).toMatchObject({ found: 2, changed: 1, failed: 1 });
    expect(world.log.filter(({ event }) => event === "sweep.bug")).toMatchObject([
      { level: "error", error: expect.any(TypeError) },
    ]);
  });

  it("that dies in between leaves the rest to the next one", async () => {
    for (const name of ["a", "b", "c", "d"]) {
      await ending(name);
      ended(name);
    }
    world.clock.advance(HOUR);
    const dying = world.process({ fate: { at: 12, kind: "dies_after" } });
    await world.run(sweepDuePurchases(dying.ports, 100));
    expect(dying.struck()).toBe(true);
    const left = await sweep();
    expect(left).toBeGreaterThan(0);
    expect(["a", "b", "c", "d"].map((name) => stored(world, name).nextSyncAt)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    world.clock.advance(MINUTE);
    await service.settle();
    expect(world.licenses.live()).toEqual([]);
  });
});
