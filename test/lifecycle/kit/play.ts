import { expect } from "vitest";
import { HOUR } from "../../../src/domain/instant.ts";
import { DOUBLED, HELD, LOST, type Manner, ON_TIME } from "../../world/notices.ts";
import type { StorageKind } from "../../world/storage.ts";
import { createWorld, type World } from "../../world/world.ts";
import { fingerprint } from "./fingerprint.ts";
import { lastPart, observe } from "./observe.ts";
import type { Cells, Scenario, Way } from "./scenario.ts";
import { Stage } from "./stage.ts";

const MANNERS: Readonly<Record<Way, Manner>> = {
  "on time": ON_TIME,
  lost: LOST,
  doubled: DOUBLED,
  shuffled: HELD,
};

/** Orders in which shuffled notices come. */
const SHUFFLES = [1, 2, 3, 4, 5, 6];

/**
 * Plays a scenario on one way, shuffled ones several times, and checks its cells.
 *
 * @returns What it comes to in the end: the same on every way. Shuffled several times, several ends.
 */
export async function play(scenario: Scenario, way: Way, storage?: StorageKind): Promise<unknown[]> {
  const ends: unknown[] = [];
  for (const seed of way === "shuffled" && storage === undefined ? SHUFFLES : [1]) {
    const kept = storage === undefined ? {} : { storage };
    const world = createWorld({ automatic: true, ...scenario.world, ...kept, seed });
    try {
      ends.push(await playIn(world, scenario, way));
    } finally {
      await world.close();
    }
  }
  return ends;
}

async function playIn(world: World, scenario: Scenario, way: Way): Promise<unknown> {
  const stage = new Stage(world);
  const { customer = "ann", later, appHeals = false } = scenario;
  world.notices.manner = MANNERS[way];
  await scenario.story(stage);
  expect(stage.refusals).toEqual(scenario.refusals ?? []);
  world.notices.shuffle(world.chance, world.clock.now());
  if (way === "lost" && appHeals) await startApps(world);
  await world.settle();
  // What a sweep does on its own it does by now.
  await world.pass(HOUR);
  if (way !== "lost" || later === undefined || appHeals) {
    expectCells(scenario, await observe(world, customer, stage.subject), way);
  }
  if (later !== undefined) {
    await world.pass(later.days * 24 * HOUR);
    const seen = await observe(world, customer, stage.subject);
    expect(pick(seen, later)).toEqual(lastParts(later));
  }
  // A state that is looked at once a day has been looked at by then.
  await world.pass(25 * HOUR);
  return fingerprint(world, scenario.swapped !== undefined);
}

/** Every customer opens the app, which presents what Play says they own. */
async function startApps(world: World): Promise<void> {
  const customers = new Set(world.sandbox.play.purchases().map(({ uid }) => uid));
  for (const customer of customers) await world.restore(customer);
}

/** How it came to be is told only where every notice came in its time. */
function expectCells(scenario: Scenario, seen: Cells, way: Way): void {
  const { access, grant, licence, acknowledge, swapped } = scenario;
  const cells = { access, grant, licence, acknowledge };
  if (way === "on time" || way === "doubled") {
    expect(seen).toEqual(cells);
    return;
  }
  const other = swapped !== undefined && seen.grant === swapped.grant;
  expect(lastParts(seen)).toEqual(lastParts(other ? { ...cells, ...swapped } : cells));
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
