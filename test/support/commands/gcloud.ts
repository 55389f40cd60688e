import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

/**
 * Commands of gcloud, judged by gcloud's own parser (`gcloud meta lint-gcloud-commands`, hidden, offline): commands, flags,
 * choices and what is required, not what the values mean in a cloud.
 */

const run = promisify(execFile);

/** Why these checks are left out here; null where they can be made. */
export function noGcloud(): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => isProgram(join(folder, "gcloud"))) ? null : "gcloud is not installed";
}

/** Where all that a test needs has to be there, nothing may be left out. */
export function mustCheckAll(): boolean {
  return process.env.CI === "true" || process.env.REQUIRE_EMULATORS === "1";
}

const answers = z.record(
  z.string(),
  z.tuple([z.looseObject({ success: z.boolean(), error_message: z.string().nullable() })]),
);

/** @returns What the parser says against each command, by its line as {@link gcloudLine} writes it; nothing against most. */
export async function lintGcloud(commands: readonly (readonly string[])[]): Promise<Map<string, string>> {
  const lines = [...new Set(commands.map(gcloudLine))];
  const folder = mkdtempSync(join(tmpdir(), "playgrant-gcloud-"));
  try {
    const file = join(folder, "commands.json");
    // An id of 0 counts as none there.
    writeFileSync(file, JSON.stringify(lines.map((line, id) => ({ command_string: line, id: id + 1 }))));
    const { stdout } = await run(
      "gcloud",
      ["meta", "lint-gcloud-commands", `--commands-file=${file}`, "--serialize"],
      {
        env: { ...process.env, CLOUDSDK_CONFIG: folder, CLOUDSDK_CORE_DISABLE_PROMPTS: "1" },
        maxBuffer: 256 * 1024 * 1024,
      },
    );
    const said = answers.parse(JSON.parse(stdout));
    return new Map(lines.flatMap((line, id) => problem(line, said[String(id + 1)]?.[0])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function problem(
  line: string,
  said: { success: boolean; error_message: string | null } | undefined,
): [string, string][] {
  if (said?.success) return [];
  return [[line, said?.error_message?.trim() ?? "the parser said nothing of it"]];
}

/** @param args What follows `gcloud`. @returns One line that means the same to a shell. */
export function gcloudLine(args: readonly string[]): string {
  return ["gcloud", ...args].map(quoted).join(" ");
}

function quoted(word: string): string {
  // Bare, the parser would take it for a flag without a value.
  if (/^--[\w-]+=$/.test(word)) return `${word}''`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
