import { expect, test } from "vitest";
import { crashAtEveryCall } from "../support/crash-calls.ts";
import { crashRun } from "../support/crash-run.ts";
import { emulatorProject } from "../support/emulator.ts";

/**
 * Killed at random moments under load, and nothing is lost, doubled or left over. A few kills here; `node
 * bench/crash.ts` does a hundred.
 */
test.each([
  { processes: 1, kills: 6, freezes: 0 },
  { processes: 2, kills: 6, freezes: 0.3 },
])(
  "$kills kills of $processes service(s) under load leave one licence per unit paid for",
  async (how) => {
    const report = await crashRun({
      ...how,
      project: emulatorProject(`${import.meta.url}-${how.processes}`),
      shoppers: 6,
      leaseSeconds: 3,
      betweenKillsMs: [300, 2500],
      drainMs: 150_000,
      say: () => undefined,
    });
    expect(report).toMatchObject({ problems: [] });
    expect(report.figures.purchases).toBeGreaterThan(10);
  },
  240_000,
);

test("dying at each call to the outside, when it has acted and nobody has heard, changes nothing", async () => {
  const report = await crashAtEveryCall({
    project: emulatorProject(`${import.meta.url}-calls`),
    leaseSeconds: 4,
    from: 1,
    to: 6,
    say: () => undefined,
  });
  expect(report).toMatchObject({ problems: [] });
  expect(report.died).toHaveLength(6);
}, 240_000);
