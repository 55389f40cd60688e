import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createJoin, createNextFlight } from "../../../src/adapters/shared/single-flight.ts";

/** Runs that end when the test says so; each gives its number. */
function runs() {
  const started: { end(): void; fail(error: Error): void }[] = [];
  const run = () => {
    const number = started.length + 1;
    return new Promise<number>((resolve, reject) => {
      started.push({ end: () => resolve(number), fail: reject });
    });
  };
  return { started, run };
}

test("twenty calls at once are two runs, and only the first caller gets the first one", async () => {
  const { started, run } = runs();
  const flight = createNextFlight<number>();
  const calls = Array.from({ length: 20 }, () => flight("a", run));
  expect(started).toHaveLength(1);
  started[0]?.end();
  await calls[0];
  await turn();
  expect(started).toHaveLength(2);
  started[1]?.end();
  expect(await Promise.all(calls)).toEqual([1, ...Array(19).fill(2)]);
});

test("nobody gets a run that began before they came, and runs of a key never overlap", async () => {
  const flight = createNextFlight<number>();
  let clock = 0;
  let running = 0;
  const run = async () => {
    const began = ++clock;
    expect(++running).toBe(1);
    await turn();
    running -= 1;
    return began;
  };
  const late: Promise<void>[] = [];
  for (let call = 0; call < 100; call += 1) {
    const came = clock;
    late.push(flight("a", run).then((began) => expect(began).toBeGreaterThan(came)));
    if (call % 7 === 0) await turn();
  }
  await Promise.all(late);
});

test("keys don't wait for each other", async () => {
  const { started, run } = runs();
  const flight = createNextFlight<number>();
  const calls = [flight("a", run), flight("b", run)];
  expect(started).toHaveLength(2);
  for (const { end } of started) end();
  expect(await Promise.all(calls)).toEqual([1, 2]);
});

test("an error reaches all who share the run, and the next run is a fresh one", async () => {
  const { started, run } = runs();
  const flight = createNextFlight<number>();
  const first = flight("a", run);
  const sharers = [flight("a", run), flight("a", run)];
  started[0]?.fail(new Error("first"));
  await expect(first).rejects.toThrow("first");
  await turn();
  const third = flight("a", run);
  started[1]?.fail(new Error("second"));
  for (const sharer of sharers) await expect(sharer).rejects.toThrow("second");
  await turn();
  started[2]?.end();
  expect(await third).toBe(3);
});

test("a run that throws before it promises anything is an error like any other", async () => {
  const flight = createNextFlight<number>();
  const broken = () => {
    throw new Error("at once");
  };
  await expect(flight("a", broken)).rejects.toThrow("at once");
  expect(await flight("a", async () => 1)).toBe(1);
});

test("the highest rank gives the shared run, of equals the first", async () => {
  const flight = createNextFlight<string>();
  const first = flight("a", async () => "first");
  const calls = [
    flight("a", async () => "sweep", 0),
    flight("a", async () => "app", 2),
    flight("a", async () => "later app", 2),
    flight("a", async () => "notice", 1),
  ];
  expect(await first).toBe("first");
  expect(await Promise.all(calls)).toEqual(Array(4).fill("app"));
});

test("a key at rest is forgotten: the next call runs at once", async () => {
  const join = createJoin();
  expect(await join("sync a", async () => 1)).toBe(1);
  let ran = false;
  const next = join("sync a", async () => {
    ran = true;
    return "two";
  });
  expect(ran).toBe(true);
  expect(await next).toBe("two");
});
