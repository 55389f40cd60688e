import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type Check, flagsOf, ROOT } from "./check.ts";

/** Commands of Firebase's tools, as these themselves know them. */

const PACKAGE = join(ROOT, "test/firebase/package.json");

/** Why these checks are left out here; null where they can be made. */
export function noFirebase(): string | null {
  return existsSync(join(ROOT, "test/firebase/node_modules/firebase-tools"))
    ? null
    : "firebase-tools is not installed (npm ci --prefix test/firebase)";
}

/** Prints the flags of each command asked for, or null; in a process of its own, since the tools leave things open. */
const ASK = `
const { createRequire } = require("node:module");
const client = createRequire(process.argv[1])("firebase-tools");
const flags = (program) => program.options.flatMap(({ short, long }) => [short, long].filter(Boolean));
const known = process.argv.slice(2).map((name) => {
  const command = client.getCommand(name);
  return [name, command ? [...flags(command), ...flags(client.cli)] : null];
});
process.stdout.write(JSON.stringify(Object.fromEntries(known)), () => process.exit(0));`;

const flagsSchema = z.record(z.string(), z.array(z.string()).nullable());
const known = new Map<string, Promise<readonly string[] | null>>();

/** `firebase <command> …`. Where the tools are not installed nothing is said against it. */
export const checkFirebase: Check = async ({ args }) => {
  const [name = ""] = args.filter((arg) => !arg.startsWith("-"));
  if (noFirebase() !== null) return null;
  if (!known.has(name)) known.set(name, flagsKnownTo(name));
  const flags = await known.get(name);
  if (!flags) return `firebase has no command ${name}`;
  const unknown = flagsOf(args).filter((flag) => !flags.includes(flag));
  return unknown.length === 0 ? null : `firebase ${name} knows no ${unknown.join(", ")}`;
};

async function flagsKnownTo(name: string): Promise<readonly string[] | null> {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", ASK, "--", PACKAGE, name], {
    cwd: ROOT,
    env: { ...process.env, CI: "true", npm_config_fetch_retries: "0", METADATA_SERVER_DETECTION: "none" },
  });
  return flagsSchema.parse(JSON.parse(stdout))[name] ?? null;
}
