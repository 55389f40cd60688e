import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { createVoidedSweep } from "../../src/use-cases/sweep-voided.ts";
import {
  ANN,
  lineItem,
  NOW,
  oneTime,
  PACKAGE,
  product,
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, stored, verify } from "./support/acts.ts";
import { chanceOf } from "./support/chance.ts";

let world: World;
let service: Process;
let run: ReturnType<typeof createVoidedSweep>;

beforeEach(() => {
  world = createWorld();
  service = world.process();
  run = createVoidedSweep();
});

const sweep = (by = service) => world.run(run(by.ports));
const mark = () => world.memory.sweepRecords.mark(`voided:${PACKAGE}`);
const unavailable = () => new AppError("play_unavailable", "as told", { retryable: true });

/** Google records a void now; no notice comes. */
function voids(name: string, fields: Record<string, unknown> = {}, recordedAt = world.clock.now()): void {
  const entry = {
    purchaseToken: token(name).reveal(),
    orderId: "GPA.1",
    voidedTimeMillis: String(recordedAt),
    voidedReason: 1,
    ...fields,
  };
  world.play.voided.push({ packageName: PACKAGE, recordedAt, entry });
}

async function bought(name: string, purchase = subscription()): Promise<void> {
  googleSays(world, name, purchase);
  await verify(world, service, name);
  await service.settle();
}

describe("the sweep of voids", () => {
  it("goes on at the page where Google had enough of it, not at the first one", async () => {
    world.play.voidedPageSize = 1;
    for (const name of ["a", "b", "c", "d", "e"]) voids(name);
    const begunAt = world.clock.now();
    const { ports } = service;
    let calls = 0;
    const voidedPurchases: typeof ports.play.voidedPurchases = async (query) => {
      calls += 1;
      if (calls % 3 === 0) throw unavailable();
      return world.play.voidedPurchases(query);
    };
    const patient = { ...ports, play: Object.assign(Object.create(world.play), { voidedPurchases }) };
    const pass = () => world.run(run(patient));
    expect(await pass()).toMatchObject({ found: 2, failed: 1 });
    world.clock.advance(HOUR);
    expect(await pass()).toMatchObject({ found: 2, failed: 1 });
    expect(await pass()).toMatchObject({ found: 1, failed: 0 });
    expect(await mark()).toBe(begunAt);
  });

  it("begins anew where Google doesn't know its page any more", async () => {
    world.play.voidedPageSize = 1;
    for (const name of ["a", "b"]) voids(name);
    world.play.failNext("voidedPurchases", new AppError("purchase_not_found", "as told"));
    await sweep();
    const { ports } = service;
    const known = new AppError("purchase_not_found", "as told");
    const forgetful = async (query: Parameters<typeof ports.play.voidedPurchases>[0]) => {
      if (query.pageToken !== null) throw known;
      return world.play.voidedPurchases(query);
    };
    const play = Object.assign(Object.create(world.play), { voidedPurchases: forgetful });
    expect(await world.run(run({ ...ports, play }))).toMatchObject({ found: 1, failed: 1 });
    expect(await sweep()).toMatchObject({ found: 2, failed: 0 });
  });

  it("comes to all in the end, though many always fail", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    for (const name of [...names, "last"]) {
      await bought(name, subscription({ items: [lineItem({ orderId: `GPA.${name}` })] }));
      voids(name, { orderId: `GPA.${name}` });
    }
    for (const name of names) world.play.put(refOf(name), "play_unavailable");
    const chance = chanceOf(0.1);
    for (let count = 0; count < 20; count += 1) {
      await world.run(run({ ...service.ports, chance }));
      world.clock.advance(HOUR);
    }
    expect(stored(world, "last").observations.voided).toHaveLength(1);
  });

  it("takes back what was refunded unheard, though Google's read still calls it active", async () => {
    await bought("first");
    voids("first");
    expect(await sweep()).toEqual({ found: 1, changed: 1, failed: 0, more: false });
    await service.settle();
    expect(world.customer(ANN).entitlements.pro).toMatchObject({ active: false, state: "revoked" });
    expect(world.licenses.live()).toEqual([]);
  });

  it("asks nobody about what is known already", async () => {
    await bought("first");
    voids("first");
    await sweep();
    const asked = world.play.count("getPurchase");
    world.clock.advance(HOUR);
    expect(await sweep()).toEqual({ found: 1, changed: 0, failed: 0, more: false });
    expect(world.play.count("getPurchase")).toBe(asked);
  });

  it("remembers the void of a token that nobody has presented, of whatever kind it turns out to be", async () => {
    voids("later", { orderId: undefined });
    expect(await sweep()).toMatchObject({ found: 1, changed: 1, failed: 0 });
    expect(world.play.count("getPurchase")).toBe(0);
    expect(await sweep()).toMatchObject({ found: 1, changed: 0 });
    await bought("later", oneTime());
    expect(world.customer(ANN).entitlements.pro?.active ?? false).toBe(false);
    expect(stored(world, "later", "one_time").type).toBe("one_time");
  });

  it("leaves a subscription alone of which an older order was refunded", async () => {
    await bought("first", subscription({ items: [lineItem({ orderId: "GPA.1..3" })] }));
    voids("first", { orderId: "GPA.1..2" });
    await sweep();
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
  });

  it("takes each of several orders of one purchase", async () => {
    await bought("first", subscription({ items: [lineItem({ orderId: "GPA.1..1" })] }));
    for (const orderId of ["GPA.1", "GPA.1..1"]) voids("first", { orderId });
    expect(await sweep()).toMatchObject({ found: 1, changed: 1 });
    expect(stored(world, "first").observations.voided.map(({ orderId }) => orderId)).toEqual([
      "GPA.1",
      "GPA.1..1",
    ]);
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
  });

  it("counts units again each time some of an order are refunded", async () => {
    const pack = (refundableQuantity: number) =>
      oneTime({ items: [product({ productId: "credit_pack_50", quantity: 3, refundableQuantity })] });
    await bought("first", pack(3));
    for (const left of [2, 1]) {
      world.clock.advance(HOUR);
      googleSays(world, "first", pack(left));
      voids("first", { voidedQuantity: 1 });
      world.clock.advance(MINUTE);
      expect(await sweep()).toMatchObject({ changed: 1, failed: 0 });
      await service.settle();
      expect(world.licenses.live()).toHaveLength(left);
    }
    expect(await sweep()).toMatchObject({ changed: 0 });
  });

  it("begins with 30 days, and then goes back a day before the last list that was handled", async () => {
    const asked: number[] = [];
    const { ports } = service;
    const watched = {
      ...ports,
      play: {
        ...ports.play,
        getPurchase: ports.play.getPurchase,
        voidedPurchases: (query: Parameters<typeof ports.play.voidedPurchases>[0]) => {
          asked.push(query.since);
          return ports.play.voidedPurchases(query);
        },
      },
    };
    await world.run(run(watched));
    expect(asked).toEqual([NOW - 30 * DAY + MINUTE]);
    expect(await mark()).toBe(NOW);
    world.clock.advance(HOUR);
    await world.run(run(watched));
    expect(asked.at(-1)).toBe(NOW - DAY);
    expect(await mark()).toBe(NOW + HOUR);
    world.clock.advance(50 * DAY);
    await world.run(run(watched));
    expect(asked.at(-1)).toBe(world.clock.now() - 30 * DAY + MINUTE);
  });

  it("reads page after page, and leaves the mark where it was until the last is done", async () => {
    world.play.voidedPageSize = 2;
    for (const name of ["a", "b", "c", "d", "e"]) voids(name);
    await sweep();
    expect(world.memory.tables.purchases.size).toBe(5);
    expect(await mark()).toBe(NOW);

    world.clock.advance(DAY);
    voids("f");
    const dying = world.process({ fate: { at: 3, kind: "dies_before" } });
    await sweep(dying);
    expect([dying.struck(), await mark()]).toEqual([true, NOW]);
    await sweep();
    expect([world.memory.tables.purchases.size, await mark()]).toEqual([6, NOW + DAY]);
  });

  it("goes on the next time where it has had enough, and marks when the list was begun", async () => {
    world.play.voidedPageSize = 1;
    for (let index = 0; index < 45; index += 1) voids(`n${index}`);
    expect(await sweep()).toEqual({ found: 20, changed: 20, failed: 0, more: true });
    world.clock.advance(MINUTE);
    expect(await sweep()).toEqual({ found: 20, changed: 20, failed: 0, more: true });
    expect(await mark()).toBeNull();
    expect(await sweep()).toEqual({ found: 5, changed: 5, failed: 0, more: false });
    expect(await mark()).toBe(NOW);
  });

  it("is not done with a list of which something failed", async () => {
    await bought("first");
    await bought("second", subscription({ items: [lineItem({ orderId: "GPA.2" })] }));
    voids("first");
    voids("second", { orderId: "GPA.2" });
    world.play.failNext("getPurchase", unavailable());
    expect(await sweep()).toMatchObject({ found: 2, changed: 1, failed: 1, more: false });
    expect(await mark()).toBeNull();
    expect(await sweep()).toMatchObject({ found: 2, changed: 1, failed: 0 });
    expect(await mark()).toBe(NOW);
  });

  it("says so when Google doesn't answer, and tries again from the same mark", async () => {
    world.play.failNext("voidedPurchases", unavailable());
    expect(await sweep()).toEqual({ found: 0, changed: 0, failed: 1, more: false });
    expect(world.log).toContainEqual(
      expect.objectContaining({
        event: "sweep.failed",
        fields: { kind: "voided", package_name: PACKAGE, code: "play_unavailable" },
      }),
    );
    expect(await mark()).toBeNull();
  });

  it("is not held up for ever by an entry that can't be read", async () => {
    voids("first", { purchaseToken: 7 });
    voids("second");
    expect(await sweep()).toMatchObject({ found: 1, changed: 1, failed: 0 });
    expect(world.log.filter(({ event }) => event === "voided.unreadable")).toHaveLength(1);
    expect(await mark()).toBe(NOW);
  });

  it("may overlap with another one", async () => {
    await bought("first");
    voids("first");
    voids("unknown");
    await world.run(Promise.all([service, world.process()].map((by) => createVoidedSweep()(by.ports))));
    await service.settle();
    expect(stored(world, "first").observations.voided).toHaveLength(1);
    expect(world.licenses.live()).toEqual([]);
    expect([...world.memory.tables.grants.values()].map(({ revocationReason }) => revocationReason)).toEqual([
      "refund",
      "refund",
    ]);
  });
});
