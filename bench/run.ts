import { execFileSync, spawn } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { burst } from "./cases/burst.ts";
import { contended } from "./cases/contended.ts";
import { costs } from "./cases/costs.ts";
import { costsCpu } from "./cases/costs-cpu.ts";
import { counts } from "./cases/counts.ts";
import { functionsStart } from "./cases/functions.ts";
import { sweepCost } from "./cases/sweep-cost.ts";
import { throughput } from "./cases/throughput.ts";
import { webhooks } from "./cases/webhooks.ts";
import { type Lab, openLab } from "./parts/lab.ts";
import type { PurchaseType } from "./parts/shop.ts";
import { startup } from "./startup.ts";

/** `npm run bench [-- <case>… --rounds 5 --size 1 --type subscription --full --kills 100 --profile <folder>]`. What it measures: bench/README.md. */

const { values: flags, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "9" },
    size: { type: "string", default: "1" },
    type: { type: "string", default: "one_time" },
    notices: { type: "string", default: "10000" },
    full: { type: "boolean", default: false },
    kills: { type: "string", default: "100" },
    profile: { type: "string" },
  },
});

const options = {
  type: (flags.type === "subscription" ? "subscription" : "one_time") satisfies PurchaseType as PurchaseType,
  rounds: Number(flags.rounds),
  size: Number(flags.size),
};

interface Case {
  readonly title: string;
  run(): Promise<string>;
}

const open = (pubsub: boolean) => openLab({ pubsub, profile: flags.profile ?? null });

/** Emulators and sandbox of its own for a case: none starts on what another left. */
async function inLab(run: (lab: Lab) => Promise<string>, pubsub = false): Promise<string> {
  const lab = await open(pubsub);
  try {
    return await run(lab);
  } finally {
    await lab.close();
  }
}

const cases: Readonly<Record<string, Case>> = {
  verify: {
    title: "Verify over HTTP, a new token each",
    run: () => throughput(() => open(false), "verify", options),
  },
  rtdn: {
    title: "RTDN over the push door, a new token each",
    run: () => throughput(() => open(false), "rtdn", options),
  },
  counts: {
    title: "What one operation costs, counted",
    run: () => inLab((lab) => counts(lab, options.type)),
  },
  costs: {
    title: "What is paid for, and what is limited: counts for docs/costs.md",
    run: async () => `${await costs()}\n\n${await inLab(costsCpu)}`,
  },
  contended: {
    title: "One token, N clients at once, half verifies and half notices; licence issued, acknowledged",
    run: () => inLab((lab) => contended(lab, options.type)),
  },
  burst: {
    title: "Notices in a burst, under Google's bucket",
    run: () => {
      const asked = { type: options.type, notices: Number(flags.notices), full: flags.full };
      return inLab((lab) => burst(lab, asked), true);
    },
  },
  "sweep-cost": {
    title: "What a sweep reads in a small and a large shop, the same being due",
    run: sweepCost,
  },
  webhooks: {
    title: "Events to two endpoints that answer, beside one that hangs",
    run: () =>
      webhooks(() => open(false), {
        rounds: Math.min(options.rounds, 3),
        events: flags.full ? 10_000 : 1000,
      }),
  },
  functions: {
    title: "Cold start of each Firebase Function, and what is uploaded, beside googleapis imported whole",
    run: () => functionsStart(options.rounds),
  },
  startup: { title: "From start to ready, and memory, of the api role", run: () => startup() },
  crash: { title: "Killed at random moments under load", run: crashes },
};

function machine(): string {
  const { length } = cpus();
  const load = loadavg().map((value) => value.toFixed(2));
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim();
  return `${new Date().toISOString()}, ${length} cores, Node ${process.version}, load ${load.join(" ")}, commit ${commit}`;
}

/** Runs as a process of its own, since it puts up its own emulators and kills what it measures. */
function crashes(): Promise<string> {
  const script = new URL("crash.ts", import.meta.url).pathname;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(process.execPath, [script, flags.kills], { stdio: "inherit" });
  process.once("exit", () => child.kill("SIGTERM"));
  child.once("error", reject);
  child.once("exit", (code) => resolve(code === 0 ? "passed" : `FAILED with ${code}`));
  return promise;
}

async function main(): Promise<void> {
  const unknown = wanted.filter((name) => !Object.hasOwn(cases, name));
  if (unknown.length > 0)
    throw new Error(`no such case: ${unknown.join(", ")}; there are ${Object.keys(cases).join(", ")}`);
  const chosen = Object.entries(cases).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  console.log(machine());
  for (const [name, { title, run }] of chosen) {
    console.log(`\n${name}: ${title} (${options.type})`);
    console.log(await run());
  }
  console.log(`\n${machine()}`);
}

// Whatever was started goes with us: its owners listen to `exit`.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await main();
