import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Lab } from "../../support/lab.ts";

/** `npm run sweep -- …` as a person runs it: a process of its own with the service's settings. */

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const INHERITED = ["PATH", "HOME", "FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"];

export interface SweepRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runSweep(
  lab: Lab,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<SweepRun> {
  const inherited = Object.fromEntries(INHERITED.map((name) => [name, process.env[name] ?? ""]));
  const child = spawn(process.execPath, [join(ROOT, "src/sweep.ts"), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, METADATA_SERVER_DETECTION: "none", ...settingsOf(lab), ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

function settingsOf({ project, encryptionKey, sandbox }: Lab): Record<string, string> {
  return {
    GOOGLE_CLOUD_PROJECT: project,
    PLAY_API_ROOT_URL: `${sandbox.url}/play`,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    KEYTHAI_API_KEY: sandbox.keythai.apiKey,
    LICENSE_ENCRYPTION_KEYS: `lab:${encryptionKey}`,
    AUTH_ISSUER: sandbox.identity.issuer,
    AUTH_AUDIENCE: sandbox.identity.audience,
    AUTH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
  };
}
