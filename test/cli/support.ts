import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `playgrant …` as a process, with this environment and no other but what a program needs to run. */
export async function playgrant(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, HOME: "/nonexistent", METADATA_SERVER_DETECTION: "none", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  clearTimeout(late);
  return { status, stdout, stderr };
}

export interface Line {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly fix: string | null;
}

/** What `doctor --json` printed. */
export function reportOf({ stdout }: Ended): { readonly ok: boolean; readonly checks: readonly Line[] } {
  return JSON.parse(stdout);
}
