import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../src/domain/instant.ts";
import { createSweeps } from "../src/use-cases/sweeps.ts";
import { startWorker } from "../src/worker.ts";
import { ANN, lineItem, NOW, PACKAGE, subscription, token } from "./support/builders.ts";
import { createWorld, type Process, type World } from "./support/ports.ts";
import { googleSays, verify } from "./use-cases/support/acts.ts";

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

it("every sweep has a name of its own", () => {
  const names = createSweeps().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
