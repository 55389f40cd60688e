import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createBackground } from "../../../src/adapters/system/background.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { createRecentAsks } from "../../../src/adapters/system/recent-asks.ts";
import { endpointId, type PurchaseId } from "../../../src/domain/ids.ts";

function background(atOnce: number, waiting: number, clock = systemClock) {
  const bugs: unknown[] = [];
  const log = { error: (_event: string, _fields?: object, error?: unknown) => void bugs.push(error) };
  return { ...createBackground({ limits: () => ({ atOnce, waiting }), log, clock }), bugs };
}

const ENDPOINT = endpointId("0".repeat(32));

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

test("it is idle when what was begun, and what that began, has ended; and takes on more afterwards", async () => {
  const { run, idle } = background(1, 10);
  const told: string[] = [];
  run(async () => {
    await sleep(5);
    run(async () => {
      await sleep(5);
      told.push("begun by the first");
    }, ENDPOINT);
    told.push("first");
  });
  await idle();
  expect(told).toEqual(["first", "begun by the first"]);
  run(async () => void told.push("later"));
  await idle();
  expect(told).toContain("later");
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

test("queues don't hold each other up, and each has bounds of its own", async () => {
  const log = { error: () => undefined };
  const limits = vi.fn((queue: string) =>
    queue === "core" ? { atOnce: 2, waiting: 5 } : { atOnce: 1, waiting: 1 },
  );
  const { run, hasRoom, drain } = createBackground({ limits, log, clock: systemClock });
  const gate = Promise.withResolvers<void>();
  const told: string[] = [];
  run(() => gate.promise, ENDPOINT);
  run(async () => void told.push("endpoint"), ENDPOINT);
  run(async () => void told.push("mail"), "mail");
  run(async () => void told.push("core"));
  await sleep(5);
  expect(told.sort()).toEqual(["core", "mail"]);
  expect([hasRoom(ENDPOINT), hasRoom("mail"), hasRoom("core"), hasRoom()]).toEqual([false, true, true, true]);
  gate.resolve();
  await sleep(5);
  expect(told).toEqual(["core", "mail", "endpoint"]);
  expect(hasRoom(ENDPOINT)).toBe(true);
  await drain();
  expect(limits).toHaveBeenCalledTimes(3);
});

test("a paused queue has no room for so long, the others have; a shorter pause shortens none", () => {
  let now = 1_000;
  const { hasRoom, pause } = background(1, 1, { ...systemClock, monotonic: () => now });
  pause(ENDPOINT, 500);
  pause(ENDPOINT, 100);
  expect([hasRoom(ENDPOINT), hasRoom("mail"), hasRoom()]).toEqual([false, true, true]);
  now += 499;
  expect(hasRoom(ENDPOINT)).toBe(false);
  now += 1;
  expect(hasRoom(ENDPOINT)).toBe(true);
});

test("a drain is one of all queues", async () => {
  const { run, hasRoom, drain } = background(1, 10);
  const told: string[] = [];
  for (const queue of ["core", "mail", ENDPOINT] as const) {
    run(async () => {
      await sleep(20);
      told.push(queue);
    }, queue);
    run(async () => void told.push("waiting"), queue);
  }
  await drain();
  expect(told.sort()).toEqual(["core", "mail", ENDPOINT].sort());
  expect([hasRoom(), hasRoom("mail"), hasRoom(ENDPOINT)]).toEqual([false, false, false]);
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
