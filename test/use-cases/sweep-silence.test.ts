import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { sweepSilence } from "../../src/use-cases/sweep-silence.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { notify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const sweep = (by = service) => world.run(sweepSilence(by.ports));
const alarms = () => world.log.filter(({ event }) => event === "rtdn.silent");
const test = () => notify(world, service, { testNotification: { version: "1.0" } });

/** A notice every hour, for days. */
async function usualDays(days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour += 1) {
    await test();
    world.clock.advance(HOUR);
  }
}

describe("the alarm of silence", () => {
  it("doesn't cry where no notice ever came, nor where they come as usual", async () => {
    expect((await sweep()).found).toBe(0);
    await usualDays(2);
    expect(await sweep()).toEqual({ found: 0, changed: 0, failed: 0, more: false });
    expect(alarms()).toEqual([]);
  });

  it("cries once an hour while Google is silent for longer than usual, whoever sweeps", async () => {
    await usualDays(2);
    world.clock.advance(6 * HOUR);
    for (let minutes = 0; minutes < 120; minutes += 10) {
      await sweep();
      await sweep(world.process());
      world.clock.advance(10 * MINUTE);
    }
    expect(alarms()).toMatchObject([
      { level: "error", fields: { hours: 7 } },
      { level: "error", fields: { hours: 8 } },
    ]);
    expect(await sweep()).toMatchObject({ found: 1, changed: 1 });
  });

  it("is over when a notice comes, whatever it says", async () => {
    await usualDays(2);
    world.clock.advance(DAY);
    await notify(world, service, "no JSON at all");
    expect((await sweep()).found).toBe(0);
  });

  it("never makes a notice fail, nor asks for it again", async () => {
    const { ports } = service;
    const failing = async () => {
      throw new AppError("store_unavailable", "as told", { retryable: true });
    };
    const deaf = {
      ...service,
      ports: { ...ports, sweepRecords: { ...ports.sweepRecords, heardGoogle: failing } },
    };
    expect(await notify(world, deaf, { testNotification: { version: "1.0" } })).toBe("done");
    expect(world.log.map(({ event }) => event)).toContain("rtdn.unnoted");
  });
});
