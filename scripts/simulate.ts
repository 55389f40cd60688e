import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Act } from "../test/simulation/acts.ts";
import { remembering } from "../test/simulation/remembering.ts";
import { shrink } from "../test/simulation/shrink.ts";
import { type Report, type SimulateOptions, simulate } from "../test/simulation/simulate.ts";
import { onEmulator } from "../test/world/storage.ts";
import { startEmulators } from "./emulators.ts";

const USAGE = `Plays random lives of customers and compares what the service makes of them with a reference.

  npm run simulate -- --seed 1 --customers 20     one life
    --seeds N                                     so many, from --seed on
    --store memory|emulator                       where things are kept (memory); an emulator is started if none runs
    --trace                                       what happened, also of a life that came out right
    --shrink                                      leaves out of a failing life what has nothing to do with it
    --acts FILE                                   plays the acts of a file, one JSON a line, as --shrink prints them`;

/** Many lives take minutes: now and then a line says how far they are. */
const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    customers: { type: "string", default: "20" },
    store: { type: "string", default: "memory" },
    acts: { type: "string" },
    trace: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else process.exitCode = await (values.store === "emulator" ? runOnEmulator() : run());

async function runOnEmulator(): Promise<number> {
  const emulators = await startEmulators({ pubsub: false });
  Object.assign(process.env, emulators.env);
  try {
    return await run();
  } finally {
    await emulators.stop();
  }
}

/** @returns The exit code: 1 when a life came out wrong. */
async function run(): Promise<number> {
  const first = wholeNumber("seed", values.seed);
  const count = wholeNumber("seeds", values.seeds);
  const started = performance.now();
  let told = started;
  let failed = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const options = optionsOf(seed);
    const report = await simulate(options);
    if (report.problems.length > 0) {
      failed += 1;
      await tellFailure(options, report);
    } else if (values.trace) console.log(report.trace.join("\n"));
    if (performance.now() - told < PROGRESS_EVERY_MS) continue;
    told = performance.now();
    console.error(`${seed - first + 1} of ${count} played, ${failed} wrong`);
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${count - failed} of ${count} lives came out right; ${(seconds / count).toFixed(2)} s each`);
  return failed === 0 ? 0 : 1;
}

function optionsOf(seed: number): SimulateOptions {
  const customers = wholeNumber("customers", values.customers);
  const emulator = { storage: remembering(onEmulator(import.meta.url)), checkEvery: 10 };
  const acts = values.acts === undefined ? {} : { acts: readActs(values.acts) };
  return { seed, customers, ...acts, ...(values.store === "emulator" ? emulator : {}) };
}

async function tellFailure(options: SimulateOptions, report: Report): Promise<void> {
  const shown = values.shrink ? await shrink(options, report) : report;
  console.log(`seed ${shown.seed}: ${shown.problems.length} problems`);
  for (const problem of shown.problems) console.log(`  ${problem}`);
  if (values.trace || values.shrink) console.log(shown.trace.join("\n"));
  if (values.shrink) console.log(shown.acts.map((act) => JSON.stringify(act)).join("\n"));
  console.log(`again: npm run simulate -- --seed ${shown.seed} --customers ${options.customers} --trace`);
}

function readActs(file: string): Act[] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines.map((line): Act => JSON.parse(line));
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RangeError(`--${name} is a whole number`);
}
