import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const root = dirname(dirname(import.meta.dirname));
const START_MS = 20_000;
/** The service promises to be gone in 10 s. */
const STOP_MS = 11_000;
const TAIL = 30;

/** The service as its owner runs it: a process of its own that knows its environment and nothing else of the demo. */
export interface ServiceProcess {
  readonly url: string;
  /** How many notices it says it has dealt with. */
  noticesHandled(): number;
  /** The last lines it printed. */
  tail(): string;
  /** @throws Error when it has ended by itself. */
  mustLive(): void;
  /** @returns Its exit code; null where it had to be killed. */
  stop(): Promise<number | null>;
}

const lineSchema = z.looseObject({
  event: z.string(),
  port: z.number().optional(),
});

/** @param entry null: from its sources. */
export async function startService(
  env: Readonly<Record<string, string>>,
  entry: string | null,
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [entry ?? join(root, "src/main.ts")], {
    // Nothing of the caller's own settings gets in: what the demo shows is the same everywhere.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killed = () => void child.kill("SIGKILL");
  process.once("exit", killed);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const log = readLog(child);
  const port = await Promise.race([log.port, ended, waited(START_MS)]);
  if (port === undefined) {
    child.kill("SIGKILL");
    throw new Error(`playgrant did not start. It said:\n${log.tail()}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    noticesHandled: log.notices,
    tail: log.tail,
    mustLive() {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error("playgrant has ended by itself");
    },
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([ended, waited(STOP_MS)]);
      child.kill("SIGKILL");
      await ended;
      process.off("exit", killed);
      return child.exitCode;
    },
  };
}

function readLog(child: ChildProcess) {
  const tail: string[] = [];
  let notices = 0;
  const { promise: port, resolve } = Promise.withResolvers<number>();
  const keep = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL) tail.shift();
  };
  const read = (line: string) => {
    keep(line);
    const entry = parseLine(line);
    if (entry?.event === "listening" && entry.port !== undefined) resolve(entry.port);
    if (entry?.event === "notification") notices += 1;
  };
  if (child.stdout !== null) createInterface(child.stdout).on("line", read);
  if (child.stderr !== null) createInterface(child.stderr).on("line", keep);
  return { port, notices: () => notices, tail: () => tail.join("\n") };
}

function parseLine(line: string): z.output<typeof lineSchema> | null {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function waited(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref());
}
