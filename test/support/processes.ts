import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The real service, `node src/main.ts`, as processes of its own: started, listened to, killed, started again. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 60_000;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal sent to the end; 0 where it ended by itself. */
  readonly ms: number;
}

export interface ServiceProcess {
  readonly url: string;
  readonly pid: number;
  readonly ended: Promise<Ending>;
  /** One signal to this process, by its pid; resolves when it is gone. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<Ending>;
  /** Stops it as a machine that is suspended does: it knows nothing of the time that passes. */
  freeze(): void;
  thaw(): void;
}

/** One line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string };

/** All that any service of a test said, on stdout and stderr, in one file. */
export interface Output {
  readonly file: string;
  text(): string;
  lines(event?: string): LogLine[];
  write(chunk: string): void;
  close(keep: boolean): void;
}

export function createOutput(): Output {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-output-"));
  const file = join(folder, "output.log");
  const handle = openSync(file, "a");
  const text = () => readFileSync(file, "utf8");
  return {
    file,
    text,
    lines(event) {
      const wanted = event === undefined ? '"event"' : `"event":${JSON.stringify(event)}`;
      return text()
        .split("\n")
        .filter((line) => line.includes(wanted))
        .flatMap(parseLine)
        .filter((line) => event === undefined || line.event === event);
    },
    write: (chunk) => void writeSync(handle, chunk),
    close(keep) {
      closeSync(handle);
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function parseLine(line: string): LogLine[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/**
 * Starts one service with the `api` role among its own and waits until it listens.
 *
 * @param env Its settings; of this process's environment it gets what a program needs to run, nothing else.
 * @throws Error with the end of its output where it did not come up.
 */
export async function startService(env: Record<string, string>, output: Output): Promise<ServiceProcess> {
  const startedAt = Date.now();
  // Its queries need their indexes as well.
  const watched = ["--import", join(ROOT, "test/support/query-indexes/watch.ts")];
  const child = spawn(process.execPath, [...watched, join(ROOT, "src/main.ts")], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited(), PORT: "0", HOST: "127.0.0.1", ...env },
  });
  endWithUs(child);
  let signalledAt: number | null = null;
  const ended = new Promise<Ending>((resolve) => {
    const done = (code: number | null, signal: NodeJS.Signals | null) =>
      resolve({ code, signal, ms: signalledAt === null ? 0 : Date.now() - signalledAt });
    // `close`, not `exit`: what it said before it died has been read then.
    child.once("close", done);
    child.once("error", () => done(null, null));
  });
  const { promise: listening, resolve: listens } = Promise.withResolvers<number>();
  let said = "";
  let isListening = false;
  const hear = (chunk: Buffer) => {
    const text = chunk.toString("utf8");
    output.write(text);
    if (isListening) return;
    said += text;
    const port = said
      .split("\n")
      .flatMap(parseLine)
      .find(({ event }) => event === "listening")?.port;
    if (typeof port !== "number") return;
    isListening = true;
    listens(port);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const timeout = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  const outcome = await Promise.race([listening, ended]);
  clearTimeout(timeout);
  if (typeof outcome !== "number") {
    const ms = Date.now() - startedAt;
    throw new Error(
      `the service did not start (${JSON.stringify(outcome)}, ${ms} ms):\n${said.slice(-4000)}`,
    );
  }
  return {
    url: `http://127.0.0.1:${outcome}`,
    pid: child.pid ?? 0,
    ended,
    kill(signal) {
      signalledAt ??= Date.now();
      child.kill(signal);
      return ended;
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}

/** No setting of the person who runs the tests reaches the service. */
function inherited(): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "TMPDIR",
    "FIRESTORE_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "QUERY_LOG_DIR",
  ];
  const kept = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return {
    ...Object.fromEntries(kept),
    METADATA_SERVER_DETECTION: "none",
    // A service that is killed and started a hundred times need not be compiled each time.
    NODE_COMPILE_CACHE: join(tmpdir(), `playgrant-compile-cache-${process.versions.node}`),
  };
}

const children = new Set<ChildProcess>();

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** However a test ends, nothing of it goes on running. */
function endWithUs(child: ChildProcess): void {
  if (children.size === 0) process.on("exit", killAll);
  children.add(child);
  child.once("exit", () => {
    children.delete(child);
    if (children.size === 0) process.off("exit", killAll);
  });
}
