import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

export interface Child {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
  /** Waits until it has printed this. */
  says(text: string | RegExp): Promise<RegExpMatchArray>;
  /** The URL it listens on. */
  listening(): Promise<string>;
}

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** `node src/main.ts` with this environment and no other. It ends with the test, if not before. */
export function startMain(environment: Record<string, string>): Child {
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | string;
  });
  const says = async (text: string | RegExp) => {
    for (;;) {
      const found = stdout.match(text);
      if (found !== null) return found;
      if (!running.has(child)) throw new Error(`it ended: ${stderr}`);
      await Promise.race([once(child.stdout, "data"), ended]);
    }
  };
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    signal: (name) => void child.kill(name),
    says,
    listening: async () => `http://127.0.0.1:${(await says(/"port":(\d+),"event":"listening"/))[1]}`,
  };
}
