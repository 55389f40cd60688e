import { expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import { NOTHING_FOUND, type Sweep, type SweepPorts } from "../../src/use-cases/sweep.ts";
import { createSweeps, dueInMinute, runSweepThrough } from "../../src/use-cases/sweeps.ts";

const NOON = Date.parse("2026-11-23T12:00:00.000Z");

function runsADay(name: string): number {
  const sweeps = createSweeps().filter((sweep) => sweep.name === name);
  const minutes = Array.from({ length: DAY / MINUTE }, (_, minute) => NOON + minute * MINUTE);
  return minutes.filter((at) => dueInMinute(sweeps, at).length > 0).length;
}

test("a schedule of a run a minute begins each sweep as often as a worker does, but once a minute at most", () => {
  const names = createSweeps().map(({ name }) => name);
  expect(Object.fromEntries(names.map((name) => [name, runsADay(name)]))).toEqual({
    due: 1440,
    voided: 24,
    unacknowledged: 1440,
    licenses: 288,
    "refund-reviews": 1440,
    silence: 144,
    effects: 1440,
  });
});

test("whatever second of its minute a run begins in, the same is due", () => {
  const names = (at: number) => dueInMinute(createSweeps(), at).map(({ name }) => name);
  expect(names(NOON + 59 * SECOND)).toEqual(names(NOON));
  expect(names(NOON)).toContain("voided");
  expect(names(NOON + MINUTE)).not.toContain("voided");
});

function portsAt(clock: { now: number }) {
  const failures: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => failures.push(event),
    error: (event: string) => failures.push(event),
  };
  return { ports: { clock: { now: () => clock.now }, log } as unknown as SweepPorts, failures };
}

function sweepOf(run: Sweep["run"]): Sweep {
  return { name: "test", everyMs: HOUR, words: { found: "found", changed: "changed" }, run };
}

test("a sweep goes through pass after pass until nothing more is due", async () => {
  let left = 3;
  const sweep = sweepOf(async () => {
    left -= 1;
    return { found: 1, changed: 1, failed: 0, more: left > 0 };
  });
  const { ports } = portsAt({ now: NOON });
  expect(await runSweepThrough(ports, sweep)).toMatchObject({ found: 3, changed: 3, failed: 0 });
});

test("with a time to end, no pass begins after it", async () => {
  const clock = { now: NOON };
  const sweep = sweepOf(async () => {
    clock.now += 20 * SECOND;
    return { ...NOTHING_FOUND, found: 1, more: true };
  });
  const { ports } = portsAt(clock);
  expect(await runSweepThrough(ports, sweep, NOON + 50 * SECOND)).toMatchObject({ found: 3 });
});

test("one that fails is counted and told, not thrown", async () => {
  const { ports, failures } = portsAt({ now: NOON });
  const sweep = sweepOf(async () => {
    throw new Error("broken");
  });
  expect(await runSweepThrough(ports, sweep)).toMatchObject({ failed: 1 });
  expect(failures).toHaveLength(1);
});
