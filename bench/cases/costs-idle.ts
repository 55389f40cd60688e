import { HOUR } from "../../src/domain/instant.ts";
import type { Sweep } from "../../src/use-cases/sweep.ts";
import { createSweeps } from "../../src/use-cases/sweeps.ts";
import { settled } from "../parts/costed-acts.ts";
import { FEATURE, type InShop, LICENCE, row, spentTable, TOLD } from "../parts/costed-tables.ts";
import { idleFor } from "../parts/idle-worker.ts";
import type { Cell } from "../parts/markdown.ts";

/** Licences due at once: fewer than a pass takes. */
const DUE = 40;

/** What a worker spends in an hour in which nothing is due. */
export async function idleHours(inShop: InShop): Promise<string> {
  const rows: Cell[][] = [];
  for (const [name, options] of Object.entries({ "no endpoint": FEATURE, "one endpoint": TOLD })) {
    rows.push(row(name, await inShop(options, (shop) => idleFor(shop, HOUR))));
  }
  return spentTable("an idle hour of a worker", rows);
}

/** What one pass of each sweep costs that finds nothing: a schedule's minute is made of them. */
export async function emptyPasses(inShop: InShop): Promise<string> {
  return inShop(TOLD, async (shop) => {
    const rows: Cell[][] = [];
    for (const { name, run } of createSweeps()) {
      // The first one begins its marks.
      await run(shop.ports);
      rows.push(row(name, await shop.spend(() => run(shop.ports))));
    }
    rows.push(row("a notice heard", await shop.spend(() => shop.heardGoogle())));
    rows.push(row("`GET /metrics`", await shop.spend(() => shop.send(shop.askAsAdmin("/metrics")))));
    return spentTable("a pass that finds nothing; one endpoint", rows);
  });
}

/** Whether a second worker takes work off the first one, or does the same again. */
export async function twoWorkers(inShop: InShop): Promise<string> {
  const rows: Cell[][] = [];
  for (const workers of [1, 2]) {
    const spent = await inShop(LICENCE, async (shop) => {
      for (let sold = 1; sold < DUE; sold += 1) await settled(shop);
      shop.moveTo(shop.now() + 27 * HOUR);
      const sweep = licenseSweep();
      return shop.spend(() => Promise.all(Array.from({ length: workers }, () => sweep.run(shop.ports))));
    });
    rows.push(row(`workers: ${workers}`, spent));
  }
  return spentTable(`${DUE} licences due to be compared`, rows);
}

function licenseSweep(): Sweep {
  const found = createSweeps().find(({ name }) => name === "licenses");
  if (found === undefined) throw new Error("no sweep compares licences");
  return found;
}
