import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { lineItem, NOW, oneTime, subscription, token } from "../support/builders.ts";
import { createWorld, type Fate, type Process, type World } from "../support/ports.ts";
import { eventCounts, findLicenceFaults, googleSays, present, syncOf, verify } from "./support/acts.ts";

/**
 * A process dies, or stands still for longer than its leases last, at every call it makes to Google, KeyThai and the
 * store in turn. Whoever comes after it finishes the work; in the end everything is as if nothing had happened, but for
 * licences whose key was lost: those are put aside for a person.
 */
interface Story {
  readonly name: string;
  /** What has happened before, all in good order. */
  before(world: World): Promise<void>;
  /** What changes at Google, and the call that brings it to us; it is repeated by whoever made it. */
  act(world: World, by: Process): Promise<unknown>;
}

const RENEWED = subscription({ items: [lineItem({ expiresAt: NOW + 40 * DAY, orderId: "GPA.1..0" })] });
const HELD = subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - HOUR })] });
const EXPIRED = subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - HOUR })] });
const UPGRADE = subscription({
  replaces: token("first"),
  acknowledged: false,
  items: [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })],
});

const bought = async (world: World) => {
  const by = world.process();
  googleSays(world, "first", subscription());
  await verify(world, by, "first");
  await by.settle();
};

const onHold = async (world: World) => {
  await bought(world);
  const by = world.process();
  googleSays(world, "first", HELD);
  await world.run(syncOf(by, "first"));
  await by.settle();
};

const stories: readonly Story[] = [
  {
    name: "a first purchase",
    before: async (world) => googleSays(world, "first", oneTime({ acknowledged: false })),
    act: (world, by) => present(world, by, "first"),
  },
  {
    name: "a first subscription",
    before: async (world) => googleSays(world, "first", subscription({ acknowledged: false })),
    act: (world, by) => present(world, by, "first"),
  },
  { name: "a renewal", before: bought, act: (world, by) => told(world, by, "first", RENEWED) },
  { name: "an account hold", before: bought, act: (world, by) => told(world, by, "first", HELD) },
  { name: "a recovery", before: onHold, act: (world, by) => told(world, by, "first", RENEWED) },
  { name: "an end", before: bought, act: (world, by) => told(world, by, "first", EXPIRED) },
  { name: "a plan change", before: bought, act: (world, by) => told(world, by, "second", UPGRADE) },
];

function told(world: World, by: Process, name: string, answer: typeof RENEWED): Promise<unknown> {
  googleSays(world, name, answer);
  return syncOf(by, name);
}

/** How everything stands at the end, as far as a story tells it. */
async function outcome(world: World) {
  const { grants } = world.memory.tables;
  return {
    faults: await findLicenceFaults(world),
    events: eventCounts(world),
    grants: [...grants.values()].map(({ id, status }) => `${id} ${status}`).sort(),
    entitlements: Object.values(world.customer("ann" as never).entitlements).map((row) => [
      row.entitlementId,
      row.active,
    ]),
  };
}

async function unharmed(story: Story): Promise<{ calls: number; end: Awaited<ReturnType<typeof outcome>> }> {
  const world = createWorld();
  await story.before(world);
  const by = world.process();
  await world.run(story.act(world, by));
  await world.clock.idle();
  const calls = by.calls.length;
  await world.process().settle();
  return { calls, end: await outcome(world) };
}

async function struck(story: Story, fate: Fate): Promise<World> {
  const world = createWorld();
  await story.before(world);
  const victim = world.process({ fate });
  const acting = story.act(world, victim);
  acting.catch(() => undefined);
  await world.clock.idle();
  expect(victim.struck()).toBe(true);
  world.clock.advance(world.settings.leaseMs + 1);
  const heir = world.process();
  await world.run(story.act(world, heir));
  await world.clock.idle();
  await heir.settle();
  if (fate.kind.startsWith("freezes")) {
    victim.thaw();
    await world.clock.idle();
    await heir.settle();
  }
  return world;
}

describe.each(stories)("$name", (story) => {
  it.each(["dies_before", "dies_after", "freezes_before", "freezes_after"] as const)(
    "ends well when the process %s any of its calls",
    async (kind) => {
      const { calls, end } = await unharmed(story);
      expect(end.faults).toEqual([]);
      expect(calls).toBeGreaterThan(3);
      for (let at = 1; at <= calls; at += 1) {
        const world = await struck(story, { at, kind });
        expect({ at, ...(await outcome(world)) }).toEqual({ at, ...end });
        expect(world.memory.tables.orphans.size).toBeLessThanOrEqual(1);
        expect([...world.memory.tables.outbox.keys()]).toEqual([]);
      }
    },
  );
});

describe.each(stories)(
  "$name, every commit of it sent twice by a client that didn't hear the answer",
  (story) => {
    it("ends as if it had been heard at once", async () => {
      const { end } = await unharmed(story);
      const world = createWorld();
      await story.before(world);
      const by = world.process({ repeatsCommits: true });
      await world.run(story.act(world, by));
      await by.settle();
      expect(await outcome(world)).toEqual(end);
      expect(world.memory.tables.orphans.size).toBe(0);
    });
  },
);

describe("what a process does late, after the world went on without it", () => {
  const HOLD_ENDS = { from: HELD, to: RENEWED };
  const RENEWS_AND_ENDS = { from: RENEWED, to: EXPIRED };
  const RENEWS_TWICE = {
    from: RENEWED,
    to: subscription({ items: [lineItem({ expiresAt: NOW + 70 * DAY, orderId: "GPA.1..1" })] }),
  };
  const RENEWS_INTO_HOLD = { from: RENEWED, to: HELD };

  it.each([
    ["suspends after a recovery", HOLD_ENDS],
    ["extends after the end", RENEWS_AND_ENDS],
    ["extends after a later renewal", RENEWS_TWICE],
    ["extends after a hold", RENEWS_INTO_HOLD],
  ])("is put right: %s", async (_, { from, to }) => {
    for (let at = 1; ; at += 1) {
      const world = createWorld();
      await bought(world);
      const victim = world.process({ fate: { at, kind: "freezes_before" } });
      told(world, victim, "first", from).catch(() => undefined);
      await world.clock.idle();
      if (!victim.struck()) return;
      world.clock.advance(world.settings.leaseMs + 1);
      const heir = world.process();
      await world.run(told(world, heir, "first", to));
      await world.clock.idle();
      await heir.settle();
      victim.thaw();
      await world.clock.idle();
      world.clock.advance(MINUTE);
      await heir.settle();
      expect({ at, faults: await findLicenceFaults(world) }).toEqual({ at, faults: [] });
    }
  });
});
