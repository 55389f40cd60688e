import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The deploy scripts, run against a stand-in of gcloud that remembers what was made. */

export const DEPLOY = fileURLToPath(new URL("../../../deploy", import.meta.url));
const BIN = fileURLToPath(new URL("bin", import.meta.url));

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What gcloud was given in this run. */
  readonly calls: readonly (readonly string[])[];
  /** What npx was given in this run. */
  readonly npx: readonly (readonly string[])[];
}

export interface RunOptions {
  /** After `deploy/deploy`. */
  readonly args?: readonly string[];
  /** Beside the settings: FAIL, CHANGES, IMAGE. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed. */
  readonly typed?: string;
  /** Secrets that lie in files, by name. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface Cloud {
  /** The owner edits the settings. */
  configure(settings: Readonly<Record<string, string>>): void;
  deploy(options?: RunOptions): Run;
  /** `deploy/doctor`. @returns The environment in which it starts the doctor; none if it doesn't. */
  doctor(args: readonly string[]): Run & { readonly environment: Readonly<Record<string, string>> };
  /** The newest version of a secret, as it was kept; null: there is none. */
  secret(name: string): string | null;
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** @param settings In place of those of `env.example`; without a PROJECT_ID there are no settings at all. */
export function createCloud(settings: Readonly<Record<string, string>>): Cloud {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-deploy-"));
  folders.push(folder);
  const example = readFileSync(join(DEPLOY, "env.example"), "utf8");
  const write = (all: Readonly<Record<string, string>>) => {
    const lines = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    writeFileSync(join(folder, "env"), [example, "CATALOG=examples/catalog.json", ...lines, ""].join("\n"));
  };
  if (settings.PROJECT_ID !== undefined) write(settings);
  return {
    configure: (changed) => write({ ...settings, ...changed }),
    deploy: (options = {}) => run(folder, "deploy", options),
    doctor: (args) => ({ ...run(folder, "doctor", { args }), environment: environmentIn(folder) }),
    secret(name) {
      const file = join(folder, `secret-${name}`);
      return existsSync(file) ? readFileSync(file, "utf8") : null;
    },
  };
}

function run(
  folder: string,
  script: string,
  { args = [], env = {}, typed = "", secrets = {} }: RunOptions,
): Run {
  const files = join(folder, "secrets");
  rmSync(files, { recursive: true, force: true });
  mkdirSync(files);
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(files, name), value);
  const before = [recorded(folder, "calls").length, recorded(folder, "npx").length];
  const { status, stdout, stderr } = spawnSync("bash", [join(DEPLOY, script), ...args], {
    input: typed,
    encoding: "utf8",
    env: {
      PATH: `${BIN}:${process.env.PATH}`,
      CLOUD: folder,
      DEPLOY_ENV: join(folder, "env"),
      SECRETS_DIR: files,
      ...env,
    },
  });
  const calls = recorded(folder, "calls").slice(before[0]);
  return { status, stdout, stderr, calls, npx: recorded(folder, "npx").slice(before[1]) };
}

function recorded(folder: string, name: string): string[][] {
  const file = join(folder, name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\u001e").slice(0, -1);
  return lines.map((line) => line.split("\u001f").slice(0, -1));
}

function environmentIn(folder: string): Record<string, string> {
  const file = join(folder, "environment");
  const pairs = existsSync(file) ? readFileSync(file, "utf8").split("\0").slice(0, -1) : [];
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** What it says it runs, in its own words. */
export function shown(run: Run): string[] {
  return run.stdout.split("\n").filter((line) => line.startsWith("+ "));
}

/** The value of `--name=…` in a call. */
export function flag(call: readonly string[], name: string): string | null {
  const found = call.find((word) => word.startsWith(`--${name}=`));
  return found === undefined ? null : found.slice(name.length + 3);
}

/** Does the call begin with these words, whatever its release track? */
export function isCall(call: readonly string[], ...words: readonly string[]): boolean {
  const rest = call[0] === "alpha" || call[0] === "beta" ? call.slice(1) : call;
  return words.every((word, at) => rest[at] === word);
}
