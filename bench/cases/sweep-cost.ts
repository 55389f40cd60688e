import { startEmulators } from "../../scripts/emulators.ts";
import {
  addReports,
  NOTHING_FOUND,
  type Sweep,
  type SweepPorts,
  type SweepReport,
} from "../../src/use-cases/sweep.ts";
import { createSweeps } from "../../src/use-cases/sweeps.ts";
import { meterReads } from "../parts/read-meter.ts";
import { table } from "../parts/stats.ts";
import { DUE, openStockedShop } from "../parts/stocked-shop.ts";

const STORED = [10_000, 100_000] as const;
/** Of the smaller figure, in percent. */
const MOST_DIFFERENCE = 10;
/** What is compared comes before what changes it, what is put down before what runs it. */
const ORDER = ["licenses", "due", "unacknowledged", "refund-reviews", "silence", "effects", "voided"];

interface Cost extends SweepReport {
  readonly reads: number;
}

/** What a sweep reads follows from what is due, not from what is stored: the same due things in a small and a large shop. */
export async function sweepCost(): Promise<string> {
  const metered = meterReads();
  const costs: Record<string, Cost>[] = [];
  for (const stored of STORED) costs.push(await measure(stored, metered));
  const [small = {}, large = {}] = costs;
  const rows = ORDER.map((name) => {
    const [a, b] = [small[name], large[name]];
    if (a === undefined || b === undefined) throw new Error(`no sweep is called ${name}`);
    const difference = (100 * Math.abs(a.reads - b.reads)) / Math.min(a.reads, b.reads);
    const verdict = difference < MOST_DIFFERENCE ? "met" : "MISSED";
    return [
      name,
      a.found,
      b.found,
      a.failed + b.failed,
      a.reads,
      b.reads,
      `${difference.toFixed(1)} %`,
      verdict,
    ];
  });
  const [few, many] = STORED.map((stored) => stored.toLocaleString("en"));
  const found = [`found of ${few}`, `of ${many}`, "failed"];
  return table(["sweep", ...found, `documents read of ${few}`, `of ${many}`, "difference", "< 10 %"], rows);
}

async function measure(
  stored: number,
  metered: (run: () => Promise<unknown>) => Promise<number>,
): Promise<Record<string, Cost>> {
  const emulators = await startEmulators({ pubsub: false });
  Object.assign(process.env, emulators.env);
  const shop = await openStockedShop(stored);
  try {
    shop.wait();
    const ports = shop.start();
    const sweeps = new Map(createSweeps().map((sweep) => [sweep.name, sweep]));
    const costs: Record<string, Cost> = {};
    for (const name of ORDER) {
      const sweep = sweeps.get(name);
      if (sweep === undefined) continue;
      let report = NOTHING_FOUND;
      const reads = await metered(async () => {
        report = await runThrough(ports, sweep);
      });
      if (report.found < DUE && name !== "silence") throw new Error(`${name} found ${report.found} only`);
      costs[name] = { ...report, reads };
    }
    return costs;
  } finally {
    await shop.close();
    await emulators.stop();
    // Else the next one would be taken for one that runs already.
    for (const name of Object.keys(emulators.env)) delete process.env[name];
  }
}

async function runThrough(ports: SweepPorts, sweep: Sweep): Promise<SweepReport> {
  let total = NOTHING_FOUND;
  for (let more = true; more; ) {
    const report = await sweep.run(ports);
    total = addReports(total, report);
    more = report.more;
  }
  return total;
}
