import { parseArgs } from "node:util";
import pino from "pino";
import { createLog } from "./adapters/log/log.ts";
import { compose, type Service } from "./compose.ts";
import { ConfigError, readSettings } from "./config-files.ts";
import type { Sweep, SweepReport } from "./use-cases/sweep.ts";
import { createSweeps, runSweepThrough } from "./use-cases/sweeps.ts";

/** `npm run sweep -- <name>|all [--json]`: runs sweeps by hand, until nothing more is due, and says what they found. */

const EXIT_FAILED = 1;
/** EX_USAGE and EX_CONFIG of sysexits.h. */
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;

function fail(code: number, text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}

interface Asked {
  readonly sweeps: readonly Sweep[];
  readonly json: boolean;
}

function readArguments(): Asked {
  const all = createSweeps();
  const names = all.map(({ name }) => name).join(", ");
  const usage = `usage: npm run sweep -- <name> [--json]\n<name> is one of ${names}, or all`;
  try {
    const options = { json: { type: "boolean", default: false } } as const;
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    const [wanted] = positionals;
    const sweeps = wanted === "all" ? all : all.filter(({ name }) => name === wanted);
    if (positionals.length === 1 && sweeps.length > 0) return { sweeps, json: values.json };
  } catch {
    // An option that doesn't exist: said below.
  }
  return fail(EXIT_USAGE, usage);
}

function start(): Service {
  try {
    const config = readSettings();
    // What was found goes to stdout, so the log goes to stderr.
    return compose(config, createLog(config.LOG_LEVEL, pino.destination(2)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(EXIT_CONFIG, `playgrant can't sweep, ${error.message}`);
  }
}

type Counts = Omit<SweepReport, "more">;

function inWords({ name, words }: Sweep, { found, changed, failed }: Counts): string {
  const parts = found === 0 ? ["nothing found"] : [`${found} ${words.found}`, `${changed} ${words.changed}`];
  if (failed > 0) parts.push(`${failed} failed, see the log`);
  return `${name}: ${parts.join(", ")}`;
}

async function main(): Promise<number> {
  const { sweeps, json } = readArguments();
  const service = start();
  const reports: Record<string, Counts> = {};
  for (const sweep of sweeps) {
    const { more: _, ...report } = await runSweepThrough(service.ports, sweep);
    reports[sweep.name] = report;
    if (!json) process.stdout.write(`${inWords(sweep, report)}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(reports)}\n`);
  await service.close();
  return Object.values(reports).some(({ failed }) => failed > 0) ? EXIT_FAILED : 0;
}

process.exitCode = await main();
