import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The example receiver as an owner would run it: a process of its own. */

const SERVER = fileURLToPath(new URL("../../examples/webhook-receiver/server.ts", import.meta.url));

export interface ReceiverProcess {
  readonly url: string;
  /** All that it said. */
  said(): string;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** @throws Error with what it said, where it ended before it listened. */
export async function startReceiver(env: Readonly<Record<string, string>>): Promise<ReceiverProcess> {
  const child = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env.PATH ?? "", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const { promise: listening, resolve: listens } = Promise.withResolvers<string>();
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let said = "";
  const hear = (chunk: Buffer) => {
    said += chunk.toString();
    const url = /listening on (http:\S+)\n/.exec(said)?.[1];
    if (url !== undefined) listens(url);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const outcome = await Promise.race([listening, ended]);
  if (typeof outcome !== "string") throw new Error(`the receiver ended with ${outcome}: ${said}`);
  return {
    url: outcome,
    said: () => said,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const code = await ended;
      process.off("exit", kill);
      return code;
    },
  };
}
