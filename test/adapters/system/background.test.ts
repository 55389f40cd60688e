import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createBackground } from "../../../src/adapters/system/background.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { createRecentAsks } from "../../../src/adapters/system/recent-asks.ts";
import type { PurchaseId } from "../../../src/domain/ids.ts";

function background(atOnce: number, waiting: number) {
  const bugs: unknown[] = [];
  const log = { error: (_event: string, _fields?: object, error?: unknown) => void bugs.push(error) };
  return { ...createBackground({ atOnce, waiting, log }), bugs };
}

test("so many run at once, the others wait their turn", async () => {
  const { run, drain } = background(2, 10);
  const gate = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  let done = 0;
  for (let count = 0; count < 5; count += 1) {
    run(async () => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
      done += 1;
    });
  }
  await sleep(5);
  expect(running).toBe(2);
  gate.resolve();
  await sleep(5);
  expect([most, done]).toEqual([2, 5]);
  await drain();
});

test("when too much is waiting there is no room", async () => {
  const { run, hasRoom, drain } = background(1, 2);
  const gate = Promise.withResolvers<void>();
  run(() => gate.promise);
  expect(hasRoom()).toBe(true);
  run(async () => undefined);
  run(async () => undefined);
  expect(hasRoom()).toBe(false);
  gate.resolve();
  await sleep(5);
  expect(hasRoom()).toBe(true);
  await drain();
});

test("a drain waits for what runs, forgets what waits, and takes nothing new", async () => {
  const { run, hasRoom, drain } = background(1, 10);
  const told: string[] = [];
  run(async () => {
    await sleep(20);
    told.push("running");
  });
  run(async () => void told.push("waiting"));
  const drained = drain().then(() => told.push("drained"));
  expect(hasRoom()).toBe(false);
  run(async () => void told.push("late"));
  await drained;
  expect(told).toEqual(["running", "drained"]);
});

test("a task that throws is a line in the log and stops no other", async () => {
  const { run, drain, bugs } = background(1, 10);
  const bug = new Error("bug");
  let ran = false;
  run(() => Promise.reject(bug));
  run(async () => {
    ran = true;
  });
  await sleep(5);
  await drain();
  expect(ran).toBe(true);
  expect(bugs).toEqual([bug]);
});

test("the system's clock tells the time, how long something took, and waits", async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(50);
  const startedAt = systemClock.monotonic();
  await Promise.all([systemClock.sleep(15), sleep(15)]);
  expect(systemClock.monotonic() - startedAt).toBeGreaterThan(10);
});

test("an ask is remembered for its revision alone", () => {
  let now = 1000;
  const asks = createRecentAsks({ ...systemClock, monotonic: () => now });
  const [one, other] = ["pur_1", "pur_2"] as unknown as [PurchaseId, PurchaseId];
  expect(asks.ageMs(one, 1)).toBeNull();
  asks.note(one, 1);
  now += 250;
  expect(asks.ageMs(one, 1)).toBe(250);
  expect(asks.ageMs(one, 2)).toBeNull();
  expect(asks.ageMs(other, 1)).toBeNull();
  asks.note(one, 2);
  expect(asks.ageMs(one, 2)).toBe(0);
  expect(asks.ageMs(one, 1)).toBeNull();
});
