import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";

/** Emulators are heavy: whoever interrupts a run is left with none of them. */

const EMULATORS = new URL("../../scripts/emulators.ts", import.meta.url).href;

/** A run that has started a child, as emulators are, and waits. */
const RUN = (signal: string) => `
import { spawn } from "node:child_process";
import { endWithUs } from ${JSON.stringify(EMULATORS)};
const child = spawn(process.execPath, ["-e", 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 1000); console.log("up")'], {
  stdio: ["ignore", "pipe", "inherit"],
});
endWithUs(child, ${JSON.stringify(signal)});
child.stdout.once("data", () => console.log(child.pid));
await new Promise(() => setInterval(() => {}, 1000));`;

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && lives(pid); tries += 1) await sleep(50);
  return !lives(pid);
}

test.each([
  ["SIGTERM", "SIGKILL"],
  ["SIGINT", "SIGTERM"],
  ["SIGHUP", "SIGTERM"],
] as const)("a run that is ended by %s takes its child along, by %s", async (signal, childSignal) => {
  const run = spawn(process.execPath, ["--input-type=module", "-e", RUN(childSignal)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(run, "exit");
  const [line] = await once(createInterface(run.stdout), "line");
  const child = Number(line);
  expect(lives(child)).toBe(true);
  run.kill(signal);
  expect((await ended)[1]).toBe(signal);
  const isGone = await gone(child);
  if (!isGone) process.kill(child, "SIGKILL");
  expect(isGone).toBe(true);
});
