import { spawn } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unusedIndexes } from "../test/support/query-indexes/unused.ts";
import { type Emulators, EmulatorsUnavailable, startEmulators } from "./emulators.ts";
import { findFirebaseTools, installFirebaseTools } from "./firebase-tools.ts";

/**
 * `npm test [-- <vitest arguments>]`: all tests in one go, those that need Google's emulators on emulators started once
 * for the run, those of test/firebase with tools that are fetched for them. Where these can't be had it says what is left
 * out, and that is an error where `CI=true` or `REQUIRE_EMULATORS=1`. The last line is `N passed, N failed, N skipped`.
 */

const root = dirname(import.meta.dirname);
const asked = process.argv.slice(2);
const required = process.env.CI === "true" || process.env.REQUIRE_EMULATORS === "1";

async function main(): Promise<number> {
  const emulators = await emulatorsOrWhyNot();
  if (typeof emulators === "string") {
    console.log(leftOut(emulators, ["emulator", "firebase"]));
    return required ? 1 : await runTests(["unit"], {});
  }
  console.log(`Emulators: Firestore at ${emulators.firestoreHost}, Pub/Sub at ${emulators.pubsubHost}`);
  try {
    const missing = mayNeedFirebase() ? await firebaseOrWhyNot() : null;
    if (missing !== null) console.log(leftOut(missing, ["firebase"]));
    if (missing !== null && required) return 1;
    // What nobody asked for by name (-t, a part of a path) runs where its tools are there already.
    const more = typeof findFirebaseTools() === "string" ? [] : ["firebase"];
    return await runTests(["unit", "emulator", ...more], emulators.env);
  } finally {
    await emulators.stop();
  }
}

/** Who asks for other files shall not wait for what only these need. */
function mayNeedFirebase(): boolean {
  const files = asked.filter((word) => !word.startsWith("-"));
  return files.length === 0 || files.some((file) => file.includes("firebase"));
}

async function firebaseOrWhyNot(): Promise<string | null> {
  const tools = await installFirebaseTools();
  return typeof tools === "string" ? tools : null;
}

async function emulatorsOrWhyNot(): Promise<Emulators | string> {
  try {
    return await startEmulators();
  } catch (error) {
    if (error instanceof EmulatorsUnavailable) return error.message;
    throw error;
  }
}

function leftOut(why: string, kinds: readonly string[]): string {
  const files = kinds
    .flatMap((kind) => globSync(`test/**/*.${kind}.test.ts`, { cwd: root, exclude: ["**/node_modules/**"] }))
    .sort();
  return [
    why,
    required
      ? "They are required here (CI=true or REQUIRE_EMULATORS=1): nothing was run."
      : `Left out, since they need it: ${files.length} test files${files.map((file) => `\n  ${file}`).join("")}`,
    "",
  ].join("\n");
}

/** @returns The exit code: 0 only if vitest says so and its own count agrees. */
async function runTests(projects: readonly string[], env: Record<string, string>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-test-"));
  const report = join(folder, "report.json");
  const queries = join(folder, "queries");
  mkdirSync(queries);
  try {
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const chosen = asked.includes("--project") ? [] : projects.flatMap((name) => ["--project", name]);
    const argv = [vitest, "run", ...chosen, ...reporters, ...asked];
    const code = await run(argv, { ...env, QUERY_LOG_DIR: queries });
    const faults = indexFaults(queries, projects);
    if (faults.length > 0) console.log(`\nfirestore.indexes.json:\n  ${faults.join("\n  ")}`);
    const counts = readCounts(report);
    if (counts === null) {
      console.error("vitest left no report of its run.");
      return code === 0 ? 1 : code;
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return code === 0 && counts.failed + faults.length > 0 ? 1 : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What queries found no index for; after a whole run also the indexes that none of them needed. */
function indexFaults(queries: string, projects: readonly string[]): string[] {
  const whole = asked.length === 0 && projects.includes("emulator");
  return unusedIndexes(queries).filter((fault) => whole || fault.startsWith("missing:"));
}

function run(argv: string[], env: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(process.execPath, argv, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on("SIGINT", passOn).on("SIGTERM", passOn);
  child.once("error", reject);
  child.once("exit", (code, signal) => {
    process.off("SIGINT", passOn).off("SIGTERM", passOn);
    resolve(signal === null ? (code ?? 1) : 130);
  });
  return promise;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function readCounts(file: string): { passed: number; failed: number; skipped: number } | null {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
  // A file that could not even be loaded has no failed test of its own: it counts as one.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

process.exitCode = await main();
