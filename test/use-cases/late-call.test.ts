import { beforeEach, describe, expect, it, vi } from "vitest";
import { AppError, OutsideError } from "../../src/domain/errors.ts";
import { HOUR, MINUTE } from "../../src/domain/instant.ts";
import { ANN, lineItem, NOW, oneTime, only, refOf, subscription } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { findLicenceFaults, googleSays, syncOf, verify } from "./support/acts.ts";

/**
 * A process stands still just before it suspends a licence; meanwhile its lease runs out, somebody else takes over, and
 * access is back. Then it wakes, and its call goes out.
 */
const HELD = subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - HOUR })] });
let world: World;
let heir: Process;

beforeEach(async () => {
  world = createWorld();
  heir = world.process();
  googleSays(world, "first", subscription());
  await verify(world, heir, "first");
  await heir.settle();
});

/** The number of the call that suspends, counted in a world of its own. */
async function suspendingCall(): Promise<number> {
  const probe = world.process();
  googleSays(world, "first", HELD);
  await world.run(syncOf(probe, "first"));
  await world.clock.idle();
  return probe.calls.indexOf("licenses.setStatus") + 1;
}

async function frozenBeforeSuspending(): Promise<Process> {
  const at = await suspendingCall();
  googleSays(world, "first", subscription());
  await world.run(syncOf(heir, "first"));
  await heir.settle();
  const victim = world.process({ fate: { at, kind: "freezes_before" } });
  googleSays(world, "first", HELD);
  await world.run(syncOf(victim, "first"));
  await world.clock.idle();
  expect(victim.struck()).toBe(true);
  world.clock.advance(world.settings.leaseMs + 1);
  googleSays(world, "first", subscription());
  await world.run(syncOf(heir, "first"));
  await heir.settle();
  expect(only(world.licenses.live()).status).toBe("active");
  return victim;
}

/** One more licence is wanted, and the process that has to make it stands still just before. */
async function frozenBeforeIssuing(): Promise<Process> {
  googleSays(world, "second", oneTime());
  const request = { ref: refOf("second", "one_time"), claimant: ANN };
  const probe = createWorld();
  const twin = probe.process();
  googleSays(probe, "second", oneTime());
  await probe.run(syncOf(twin, "second", request));
  await probe.clock.idle();
  const at = twin.calls.indexOf("licenses.issue") + 1;
  const victim = world.process({ fate: { at, kind: "freezes_before" } });
  await world.run(syncOf(victim, "second", request));
  await world.clock.idle();
  expect(victim.struck()).toBe(true);
  world.clock.advance(world.settings.leaseMs + 1);
  await heir.settle();
  expect(world.licenses.live()).toHaveLength(2);
  return victim;
}

async function wakes(victim: Process): Promise<void> {
  victim.thaw();
  for (let pause = 0; pause < 8; pause += 1) {
    await world.clock.idle();
    world.clock.advance(MINUTE);
  }
  await world.clock.idle();
  await heir.settle();
}

describe("a call that goes out late", () => {
  it("is undone", async () => {
    await wakes(await frozenBeforeSuspending());
    expect(only(world.licenses.live()).status).toBe("active");
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("and whose end nobody hears is undone", async () => {
    const victim = await frozenBeforeSuspending();
    world.licenses.failNext("setStatus", new OutsideError("unknown", "keythai_timeout", "No answer."), true);
    await wakes(victim);
    expect(only(world.licenses.live()).status).toBe("active");
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("and can't be recorded at first is undone: nobody else will ever record it", async () => {
    const victim = await frozenBeforeSuspending();
    const down = new AppError("store_unavailable", "Not now.", { retryable: true });
    const { store } = world.memory;
    const failing = vi.spyOn(store, "update").mockRejectedValueOnce(down).mockRejectedValueOnce(down);
    await wakes(victim);
    expect(failing.mock.calls.length).toBeGreaterThan(2);
    expect(only(world.licenses.live()).status).toBe("active");
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});

describe("a licence that is made late", () => {
  const unheard = new OutsideError("unknown", "keythai_timeout", "No answer.");

  it("is taken back at once", async () => {
    await wakes(await frozenBeforeIssuing());
    expect(world.licenses.live()).toHaveLength(2);
    expect(world.memory.tables.orphans.size).toBe(0);
  });

  it.each(["issue", "setStatus"] as const)(
    "and lost, because nobody heard of the %s, is found and listed",
    async (call) => {
      const victim = await frozenBeforeIssuing();
      world.licenses.failNext(call, unheard, call === "issue");
      await wakes(victim);
      expect(world.licenses.live()).toHaveLength(3);
      expect(world.memory.tables.orphans.size).toBe(1);
      expect(await findLicenceFaults(world)).toEqual([]);
    },
  );

  it("and can't be recorded at first is taken back when it can", async () => {
    const victim = await frozenBeforeIssuing();
    const down = new AppError("store_unavailable", "Not now.", { retryable: true });
    vi.spyOn(world.memory.store, "update").mockRejectedValueOnce(down).mockRejectedValueOnce(down);
    await wakes(victim);
    expect(world.licenses.live()).toHaveLength(2);
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});
