import { expect } from "vitest";
import { HOUR } from "../../../src/domain/instant.ts";
import { DOUBLED, HELD, LOST, type Manner, ON_TIME } from "../../world/notices.ts";
import type { StorageKind } from "../../world/storage.ts";
import { createWorld, type World } from "../../world/world.ts";
import { fingerprint, lastPart, observe } from "./observe.ts";
import type { Cells, Scenario } from "./scenario.ts";
import { Stage } from "./stage.ts";

/** How Google's notices reach us, all through a story. */
export const WAYS = ["on time", "lost", "doubled", "shuffled"] as const;
export type Way = (typeof WAYS)[number];

const MANNERS: Readonly<Record<Way, Manner>> = {
  "on time": ON_TIME,
  lost: LOST,
  doubled: DOUBLED,
  shuffled: HELD,
};

/**
 * Plays a scenario on one way and checks its cells.
 *
 * @returns What it comes to in the end, the same on every way.
 */
export async function play(scenario: Scenario, way: Way, storage?: StorageKind): Promise<unknown> {
  const world = createWorld({
    automatic: true,
    ...scenario.world,
    ...(storage === undefined ? {} : { storage }),
    seed: 1,
  });
  try {
    return await playIn(world, scenario, way);
  } finally {
    await world.close();
  }
}

async function playIn(world: World, scenario: Scenario, way: Way): Promise<unknown> {
  const stage = new Stage(world);
  const { customer = "ann", later } = scenario;
  world.notices.manner = MANNERS[way];
  await scenario.story(stage);
  expect(stage.refusals).toEqual(scenario.refusals ?? []);
  world.notices.shuffle(world.chance, world.clock.now());
  if (way === "lost" && scenario.appHeals === true) await world.restore(customer);
  await world.settle();
  // What a sweep does on its own it does by now.
  await world.pass(HOUR);
  if (way !== "lost" || later === undefined) {
    expectCells(scenario, await observe(world, customer, stage.subject), way);
  }
  if (later !== undefined) {
    await world.pass(later.days * 24 * HOUR);
    const seen = await observe(world, customer, stage.subject);
    expect(pick(seen, later)).toEqual(lastParts(later));
  }
  // A state that is looked at once a day has been looked at by then.
  await world.pass(25 * HOUR);
  return fingerprint(world);
}

/** How it came to be is told only where every notice came in its time. */
function expectCells({ access, grant, licence, acknowledge }: Cells, seen: Cells, way: Way): void {
  const cells = { access, grant, licence, acknowledge };
  if (way === "on time" || way === "doubled") expect(seen).toEqual(cells);
  else expect(lastParts(seen)).toEqual(lastParts(cells));
}

const NAMES = ["access", "grant", "licence", "acknowledge"] as const;

function lastParts(cells: Partial<Cells>): Partial<Cells> {
  return Object.fromEntries(
    NAMES.flatMap((name) => (cells[name] === undefined ? [] : [[name, lastPart(cells[name])]])),
  );
}

function pick(seen: Cells, wanted: Partial<Cells>): Partial<Cells> {
  return lastParts(
    Object.fromEntries(NAMES.flatMap((name) => (wanted[name] === undefined ? [] : [[name, seen[name]]]))),
  );
}
