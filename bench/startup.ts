import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type Cell, median, spread, table } from "./parts/stats.ts";

/**
 * From the start of a process to its line `listening`, as the `api` role alone: the service from its sources, its
 * bundle without and with the compile cache that `npm run build` left, and beside them a Node that does nothing.
 */

const root = dirname(import.meta.dirname);
const bundle = join(root, "dist/main.js");
const TIMEOUT_MS = 30_000;
const EMPTY = `console.log('{"event":"listening"}'); setInterval(() => {}, 1000);`;

interface Subject {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const subjects: readonly Subject[] = [
  { name: "an empty Node", args: ["-e", EMPTY] },
  { name: "node src/main.ts", args: [join(root, "src/main.ts")] },
  { name: "node dist/main.js, no cache", args: [bundle], env: { NODE_DISABLE_COMPILE_CACHE: "1" } },
  { name: "node dist/main.js (npm start)", args: [bundle] },
];

interface Start {
  readonly readyMs: number;
  /** What it had used by then, of processors and of memory at most; NaN where there is no /proc. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

/** @returns A table, medians with lowest and highest. Needs `npm run build`. */
export async function startup(rounds = 7): Promise<string> {
  if (!existsSync(bundle)) throw new Error("there is no dist/main.js: npm run build comes first");
  const starts = new Map<Subject, Start[]>(subjects.map((subject) => [subject, []]));
  // In turns, so that whatever else the machine does weighs on all of them alike.
  for (let round = 0; round < rounds; round += 1) {
    for (const [subject, taken] of starts) taken.push(await measure(subject));
  }
  const rows = [...starts].map(([{ name }, taken]): Cell[] => [
    name,
    spread(
      taken.map(({ readyMs }) => readyMs),
      0,
    ),
    spread(
      taken.map(({ cpuMs }) => cpuMs),
      0,
    ),
    median(taken.map(({ rssMb }) => rssMb)).toFixed(0),
  ]);
  return table(["start, role api", "ready ms", "CPU ms", "peak RSS MB"], rows);
}

async function measure({ args, env }: Subject): Promise<Start> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('"listening"')) continue;
    const start = { readyMs: performance.now() - startedAt, ...used(child.pid ?? 0) };
    child.kill("SIGKILL");
    await ended;
    clearTimeout(timer);
    return start;
  }
  throw new Error(`${args.join(" ")} ended, or took longer than ${TIMEOUT_MS / 1000} s`);
}

/** Real settings; nothing is asked of Firestore before somebody calls. */
const settings = {
  PLAYGRANT_ROLES: "api",
  PORT: "0",
  HOST: "127.0.0.1",
  GOOGLE_CLOUD_PROJECT: "demo-startup",
  FIRESTORE_EMULATOR_HOST: "127.0.0.1:9",
  METADATA_SERVER_DETECTION: "none",
  CATALOG_FILE: "examples/catalog.json",
  KEYTHAI_API_KEY: "kt_test_sandbox",
  LICENSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 1).toString("base64")}`,
};

function used(pid: number): Pick<Start, "cpuMs" | "rssMb"> {
  try {
    // After the name in brackets: state is the first field, user and system time the 12th and 13th, in 1/100 s.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return { cpuMs: 10 * (Number(fields[11]) + Number(fields[12])), rssMb: Number(peak?.[1]) / 1024 };
  } catch {
    return { cpuMs: Number.NaN, rssMb: Number.NaN };
  }
}

if (import.meta.main) console.log(await startup());
