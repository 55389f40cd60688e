import { beforeEach, describe, expect, it } from "vitest";
import { createBackground } from "../src/adapters/system/background.ts";
import type { Queue } from "../src/domain/effect.ts";
import { AppError } from "../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../src/domain/instant.ts";
import { removeEndpoint } from "../src/use-cases/admin/change-endpoint.ts";
import { startEffects } from "../src/use-cases/run-effects.ts";
import { createSweeps } from "../src/use-cases/sweeps.ts";
import { startWorker } from "../src/worker.ts";
import {
  ANN,
  customer,
  lineItem,
  must,
  NOW,
  oneTime,
  PACKAGE,
  product,
  subscription,
  token,
} from "./support/builders.ts";
import { createWorld, type Process, type World } from "./support/ports.ts";
import { googleSays, verify } from "./use-cases/support/acts.ts";
import {
  createOuter,
  deliveriesTo,
  listen,
  type Outer,
  URL_A,
  URL_B,
  waitingEffects,
} from "./use-cases/support/owner.ts";
import { readBody } from "./world/receivers.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

/** Time passes while a worker works. */
async function work(ms: number, by: Process = service, step = SECOND): Promise<void> {
  const worker = startWorker(by.ports);
  for (let passed = 0; passed < ms; passed += step) {
    await world.clock.idle();
    world.clock.advance(step);
  }
  await world.run(worker.stop());
}

describe("the worker", () => {
  it("runs every sweep at its own pace, and never slower than said", async () => {
    await work(2 * HOUR, service, 5 * SECOND);
    const count = (call: string) => service.calls.filter((one) => one === call).length;
    const hours = (times: number) => [2 * times, 2.6 * times + 1] as const;
    for (const [call, [least, most]] of [
      ["records.dueForSync", hours(180)],
      ["sweepRecords.unacknowledged", hours(60)],
      ["sweepRecords.keysToCheck", hours(12)],
      ["sweepRecords.noticeRhythm", hours(6)],
      ["sweepRecords.setMark", hours(1)],
    ] as const) {
      expect(count(call), call).toBeGreaterThanOrEqual(least);
      expect(count(call), call).toBeLessThanOrEqual(most);
    }
  });

  it("heals whatever was lost: an end, a void, an effect", async () => {
    const items = [lineItem({ expiresAt: NOW + 2 * MINUTE, autoRenewing: false })];
    const ending = subscription({ items, state: "canceled", endedBy: "user", acknowledged: false });
    googleSays(world, "first", ending);
    await verify(world, world.process({ background: "full" }), "first");
    await work(MINUTE);
    expect(world.licenses.live()).toHaveLength(1);
    googleSays(world, "first", { ...ending, state: "expired", acknowledged: true });
    await work(2 * MINUTE);
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    expect([world.licenses.live(), world.memory.tables.outbox.size]).toEqual([[], 0]);
  });

  it("one sweep that always fails stops no other", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    await service.settle();
    const entry = { purchaseToken: token("first").reveal(), orderId: "GPA.1" };
    world.play.voided.push({ packageName: PACKAGE, recordedAt: world.clock.now(), entry });
    const { ports } = service;
    const failing = async () => {
      throw new AppError("store_unavailable", "as told", { retryable: true });
    };
    const sweepRecords = { ...ports.sweepRecords, unacknowledged: failing, keysToCheck: failing };
    await work(2 * MINUTE, { ...service, ports: { ...ports, sweepRecords } });
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    const failed = world.log
      .filter(({ event }) => event === "worker.failed")
      .map(({ fields }) => fields.kind);
    expect(new Set(failed)).toEqual(new Set(["unacknowledged", "licenses"]));
  });

  it("says what its sweeps found, and nothing while they find nothing", async () => {
    await work(2 * MINUTE);
    expect(world.log.filter(({ event }) => event === "sweep")).toEqual([]);
    const items = [lineItem({ expiresAt: world.clock.now() + MINUTE })];
    googleSays(world, "first", subscription({ items }));
    await verify(world, service, "first");
    googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + 30 * DAY })] }));
    await work(2 * MINUTE);
    expect(world.log.filter(({ event }) => event === "sweep")).toMatchObject([
      { fields: { kind: "due", found: 1, changed: 1, failed: 0 } },
    ]);
  });

  it("stops in the middle of a rest", async () => {
    const worker = startWorker(service.ports);
    await world.clock.idle();
    const before = world.clock.now();
    await worker.stop();
    expect(world.clock.now()).toBe(before);
  });
});

describe("queues", () => {
  let outer: Outer;

  beforeEach(() => {
    outer = createOuter();
    world = outer.world;
    service = withBackground(world.process());
  });

  /** Bounded as in a real process. */
  function withBackground(by: Process): Process {
    const limits = (queue: Queue) =>
      queue === "core" ? { atOnce: 24, waiting: 400 } : { atOnce: 8, waiting: 16 };
    const background = createBackground({ limits, log: by.ports.log, clock: world.clock });
    const ports: Process["ports"] = {
      ...by.ports,
      background,
      effects: { start: (leased) => startEffects(ports, leased) },
    };
    return { ...by, ports };
  }

  const FEATURE = oneTime({ items: [product({ productId: "lumen_v2" })] });
  const at = (url: string) => outer.receivers.at(url);

  /** Bought, and all that follows is left to the worker. */
  async function buy(name: string, purchase = FEATURE): Promise<void> {
    googleSays(world, name, purchase);
    await verify(world, world.process({ background: "full" }), name, { customerId: customer(name) });
  }

  /** A worker works until it is stopped; time passes by seconds. */
  function start() {
    const worker = startWorker(service.ports);
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        await world.clock.idle();
        world.clock.advance(500);
      }
      await world.clock.idle();
    };
    return { pass, stop: () => world.run(worker.stop()) };
  }

  it("an endpoint that hangs holds up neither another one, nor mail, nor anything else", async () => {
    await listen(service, URL_A);
    await listen(service, URL_B);
    outer.receivers.manner = ({ url }) => (url === URL_A ? "hangs" : 200);
    for (let index = 0; index < 40; index += 1) {
      outer.addresses.set(`c${index}`, `c${index}@example.com`);
      await buy(`c${index}`, oneTime());
    }
    const worker = start();
    await worker.pass(9 * SECOND);
    expect(at(URL_B).filter(({ body }) => readBody(body).type === "delivered")).toHaveLength(80);
    expect(outer.mailbox.letters).toHaveLength(40);
    expect(world.licenses.live()).toHaveLength(40);
    // No more of the hanging ones at a time than there is room for.
    expect(at(URL_A).length).toBeLessThanOrEqual(16 + 8);
    await worker.stop();
  });

  it("a new endpoint is worked for within seconds", async () => {
    const worker = start();
    await worker.pass(SECOND);
    await listen(service, URL_A);
    await buy("ann");
    await worker.pass(8 * SECOND);
    expect(at(URL_A)).toHaveLength(2);
    await worker.stop();
  });

  it("a failed try comes again after its 5 s, and hardly later", async () => {
    await listen(service, URL_A, ["entitlement_grant.created"]);
    const answers = [500, 200];
    outer.receivers.manner = () => answers.shift() ?? 200;
    await buy("ann");
    const worker = start();
    await worker.pass(20 * SECOND);
    const [first, second] = at(URL_A);
    expect(must(second).at - must(first).at).toBeGreaterThanOrEqual(5 * SECOND);
    expect(must(second).at - must(first).at).toBeLessThanOrEqual(8 * SECOND);
    await worker.stop();
  });

  it("a removed endpoint is left in peace, and what waited for it comes to an end", async () => {
    const { id } = await listen(service, URL_A);
    outer.receivers.manner = () => 500;
    await buy("ann");
    const worker = start();
    await worker.pass(10 * SECOND);
    await removeEndpoint(service.ports, id, "owner");
    await worker.pass(10 * SECOND);
    const asked = () => service.calls.filter((call) => call === "outbox.lease").length;
    const [before, heard] = [asked(), at(URL_A).length];
    await worker.pass(20 * SECOND);
    // The core's second and mail's two: no third queue is looked into.
    expect(asked() - before).toBeLessThanOrEqual(1.25 * (20 + 10) + 3);
    await worker.pass(22 * MINUTE);
    expect(at(URL_A)).toHaveLength(heard);
    expect(deliveriesTo(outer, id).map(({ state }) => state)).toEqual(["failed", "failed"]);
    expect(waitingEffects(outer)).toEqual([]);
    await worker.stop();
  });

  it("a paused endpoint is left alone for as long as it asked, and the others aren't", async () => {
    await listen(service, URL_A);
    await listen(service, URL_B);
    outer.receivers.manner = ({ url }) => (url === URL_A ? { status: 429, retryAfterMs: MINUTE } : 200);
    const worker = start();
    await buy("ann");
    await worker.pass(8 * SECOND);
    await buy("ben");
    await worker.pass(40 * SECOND);
    expect([at(URL_A).length, at(URL_B).length]).toEqual([1, 4]);
    outer.receivers.manner = () => 200;
    await worker.pass(2 * MINUTE);
    expect(at(URL_A).filter(({ status }) => status === 200)).toHaveLength(4);
    await worker.stop();
  });

  it("stops in the middle of what it sends, and begins nothing more", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = () => "hangs";
    await buy("ann");
    const worker = start();
    await worker.pass(8 * SECOND);
    expect(at(URL_A)).toHaveLength(1);
    await listen(service, URL_B);
    await worker.stop();
    await buy("ben");
    world.clock.advance(MINUTE);
    await world.clock.idle();
    const told = outer.receivers.received.map(({ body }) => readBody(body).customer);
    expect(new Set(told)).toEqual(new Set(["ann"]));
    expect(at(URL_B)).toEqual([]);
  });

  it("go on when the store fails for a while", async () => {
    await listen(service, URL_A);
    await buy("ann");
    const { ports } = service;
    let down = true;
    const endpoints = async () => {
      if (down) throw new AppError("store_unavailable", "as told", { retryable: true });
      return ports.webhookRecords.endpoints();
    };
    const webhookRecords = {
      ...ports.webhookRecords,
      endpoints,
    };
    service = withBackground({ ...service, ports: { ...ports, webhookRecords } });
    const worker = start();
    await worker.pass(10 * SECOND);
    expect(at(URL_A)).toEqual([]);
    down = false;
    await worker.pass(30 * SECOND);
    expect(at(URL_A)).toHaveLength(2);
    await worker.stop();
  });
});

it("every sweep has a name of its own", () => {
  const names = createSweeps().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
