import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runCli } from "../../../src/cli/program.ts";
import { type Check, flagsOf, inFolder, type Place, ROOT } from "./check.ts";
import { checkFirebase } from "./firebase.ts";

/** Commands of npm and node, and what they start. */

/** What npm does by itself. */
const BUILT_IN = new Set(["ci", "install", "i", "exec", "--version"]);

const scriptsSchema = z.looseObject({ scripts: z.record(z.string(), z.string()).default({}) });

/** @returns The scripts of the package in a folder; none where there is no package. */
export function scriptsIn(folder: string): Record<string, string> {
  const file = join(folder, "package.json");
  return existsSync(file) ? scriptsSchema.parse(JSON.parse(readFileSync(file, "utf8"))).scripts : {};
}

/** `npm ci`, `npm test`, `npm run <script> -- <what it takes>`. */
export const checkNpm: Check = ({ args }, place) => {
  const words = args.filter((arg) => arg !== "-s" && arg !== "--silent");
  const { folder, rest } = withPrefix(words, place);
  const [verb = "", ...others] = rest;
  if (!existsSync(join(folder, "package.json"))) return `there is no package.json in ${folder}`;
  if (BUILT_IN.has(verb)) return null;
  const [name = "", ...behind] = verb === "run" ? others : [verb, ...others];
  const script = scriptsIn(folder)[name];
  if (script === undefined) return `there is no npm script ${name}`;
  return unknownToScript(script, behind, folder);
};

/** `--prefix <folder>` runs in another one. */
function withPrefix(words: readonly string[], place: Place): { folder: string; rest: string[] } {
  const at = words.indexOf("--prefix");
  if (at < 0) return { folder: place.folder, rest: [...words] };
  return {
    folder: inFolder(place, words[at + 1] ?? ""),
    rest: words.filter((_, index) => index !== at && index !== at + 1),
  };
}

/** What a script of ours doesn't take: flags that its file doesn't name. */
function unknownToScript(script: string, args: readonly string[], folder: string): string | null {
  const [, file] = /^node (\S+\.ts)/.exec(script) ?? [];
  if (file === undefined) return null;
  const source = readFileSync(join(folder, file), "utf8");
  const unknown = flagsOf(args).filter((flag) => !new RegExp(`\\b${flag.slice(2)}\\b`).test(source));
  return unknown.length === 0 ? null : `${file} knows nothing of ${unknown.join(", ")}`;
}

/** `node <file>`; with `--env-file` before it. */
export const checkNode: Check = ({ args }, place) => {
  const file = args.find((arg) => !arg.startsWith("-"));
  if (args.includes("-e") || args.includes("-p") || args.includes("--version")) return null;
  if (file === undefined) return "node without a file";
  // What is built is not there before it is built.
  return file.startsWith("dist/") || existsSync(inFolder(place, file)) ? null : `there is no ${file}`;
};

/** `npx <program>`: those of this project, or Firebase's. */
export const checkNpx: Check = (command, place) => {
  const [program = "", ...args] = command.args.filter((arg) => arg !== "--yes" && arg !== "-y");
  const inner = { ...command, name: program, args };
  if (program === "playgrant") return checkPlaygrant(inner, place);
  if (/^firebase(-tools)?(@[\d.]+)?$/.test(program)) return checkFirebase(inner, place);
  return ["vitest", "biome"].includes(program) ? null : `nobody has thought about npx ${program}`;
};

/** Our own command line, asked for its help. */
export const checkPlaygrant: Check = async ({ args }) => {
  const words: string[] = [];
  for (const arg of args) {
    // A flag, or a file.
    if (!/^[a-z]+$/.test(arg)) break;
    words.push(arg);
  }
  const before = words.length === 0 ? args.filter((arg) => /^[a-z]+$/.test(arg)).slice(0, 1) : words;
  const help = await helpOf(before);
  if (help === null) return `playgrant has no command ${before.join(" ")}`;
  const known = `${help}\n${(await helpOf([])) ?? ""}`;
  const unknown = flagsOf(args).filter((flag) => !known.includes(flag));
  return unknown.length === 0 ? null : `playgrant knows no ${unknown.join(", ")}`;
};

async function helpOf(words: readonly string[]): Promise<string | null> {
  const lines: string[] = [];
  const stdout = { isTTY: false, write: (text: string) => lines.push(text) > 0 };
  const stderr = { isTTY: false, write: () => true };
  const status = await runCli([...words, "--help"], { stdout, stderr });
  const said = lines.join("");
  return status === 0 && said.includes(["Usage: playgrant", ...words].join(" ")) ? said : null;
}

/** `deploy/deploy [--dry-run] [step…]`. */
export const checkDeploy: Check = ({ args }) => {
  const unknown = args.filter((arg) => arg !== "--dry-run" && !existsSync(join(ROOT, "deploy", `${arg}.sh`)));
  return unknown.length === 0 ? null : `deploy/deploy knows nothing of ${unknown.join(", ")}`;
};

/** `deploy/doctor`, which hands on what it is given. */
export const checkDoctor: Check = (command, place) =>
  checkPlaygrant({ ...command, args: ["doctor", ...command.args] }, place);
