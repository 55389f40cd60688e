import { execFile, execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Cell, median, spread, table } from "../parts/stats.ts";

/**
 * The cold start of each function: from the start of a process to the end of its first, smallest piece of work, out of the
 * bundle that a deploy uploads; beside it, in turns, the mere import of the whole `googleapis` package.
 */

const root = dirname(dirname(import.meta.dirname));
const probe = join(root, "bench/parts/function-start.mjs");
const googleapis = join(root, "bench/googleapis");
const NAMES = ["api", "developerNotifications", "effects", "sweeps"] as const;
const IMPORT = `await import("googleapis"); console.log(JSON.stringify({ loadedMs: performance.now(), readyMs: performance.now() }));`;
const EMPTY = `console.log(JSON.stringify({ loadedMs: performance.now(), readyMs: performance.now() }));`;

interface Start {
  readonly loadedMs: number;
  readonly readyMs: number;
}

interface Subject {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** @returns Two tables: what starts how quickly, and what is uploaded. */
export async function functionsStart(rounds: number): Promise<string> {
  if (!existsSync(join(googleapis, "node_modules")))
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: googleapis, stdio: "ignore" });
  // Inside the project, where the packages that are not bundled are found.
  const lib = mkdtempSync(join(root, "functions/lib-bench-"));
  try {
    const env = { ...process.env, CATALOG_FILE: join(root, "examples/catalog.json") };
    execFileSync(process.execPath, [join(root, "functions/build.ts"), lib], { env });
    return `${await starts(lib, rounds)}\n\n${sizes(lib)}`;
  } finally {
    rmSync(lib, { recursive: true, force: true });
  }
}

async function starts(lib: string, rounds: number): Promise<string> {
  const whole: Subject = { name: "googleapis, imported whole", args: ["--input-type=module", "-e", IMPORT] };
  const subjects: Subject[] = [
    { name: "an empty Node", args: ["--input-type=module", "-e", EMPTY] },
    whole,
    ...NAMES.map((name) => ({ name, args: [probe, join(lib, "index.js"), name], env: instanceOf(name) })),
  ];
  const taken = new Map<Subject, Start[]>(subjects.map((subject) => [subject, []]));
  // In turns, so that whatever else the machine does weighs on all of them alike.
  for (let round = 0; round < rounds; round += 1)
    for (const [subject, all] of taken) all.push(await start(subject));
  const floor = median((taken.get(whole) ?? []).map(({ readyMs }) => readyMs));
  const rows = [...taken].map(([{ name }, all]): Cell[] => {
    const ready = all.map(({ readyMs }) => readyMs);
    const loaded = all.map(({ loadedMs }) => loadedMs);
    return [name, spread(loaded, 0), spread(ready, 0), (median(ready) / floor).toFixed(2)];
  });
  return table(["function", "loaded ms", "ready ms", "ready / googleapis"], rows);
}

async function start({ args, env = {} }: Subject): Promise<Start> {
  const options = { cwd: googleapis, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, [...args], options);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/** As Cloud Run starts it; the store is the embedded one, so that nothing is asked of a network. */
function instanceOf(name: string): Record<string, string> {
  return {
    FUNCTIONS_EMULATOR: "true",
    K_SERVICE: name,
    FUNCTION_TARGET: name,
    GCLOUD_PROJECT: "demo-bench",
    PLAYGRANT_STORE: "memory",
    PLAY_API_ROOT_URL: "http://127.0.0.1:9",
    METADATA_SERVER_DETECTION: "none",
    KEYTHAI_API_KEY: "kt_test_sandbox",
    LICENSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 1).toString("base64")}`,
    LOG_LEVEL: "warn",
  };
}

/** What firebase.json lets through: no maps. */
function sizes(lib: string): string {
  const files = globSync(`${lib}/**/*`).filter((file) => statSync(file).isFile() && !file.endsWith(".map"));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const packed = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  const mb = (size: number) => (size / 1e6).toFixed(1);
  return table(
    ["uploaded", "files", "MB", "MB gzipped"],
    [["functions/lib", files.length, mb(bytes), mb(packed)]],
  );
}
