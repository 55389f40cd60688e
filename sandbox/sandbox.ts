import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createSandbox, type InProcess, type InProcessOptions } from "./in-process.ts";
import { startSmtp } from "./mailbox/smtp.ts";

export { createSandbox, type InProcess, type InProcessOptions } from "./in-process.ts";
export type { RtdnTarget } from "./rtdn/publisher.ts";

export type SandboxOptions = Omit<InProcessOptions, "url"> & {
  /** 0: any free one (the default). */
  port?: number;
  /** null: no SMTP server (the default); 0: any free port. */
  smtpPort?: number | null;
};

export type Sandbox = InProcess & {
  readonly smtpPort: number | null;
};

const TICK_MS = 1000;

/** Starts every service of the sandbox in this process, on the loopback interface. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, smtpPort: wanted = null, ...rest } = options;
  const server = createServer();
  const url = await listen(server, port);
  const sandbox = createSandbox({ ...rest, url });
  server.on("request", getRequestListener(sandbox.app.fetch));
  const smtp = wanted === null ? null : await startSmtp(wanted, sandbox.mailbox, sandbox.faults);
  // Time goes by here: what falls due is told even if nobody asks.
  const life = setInterval(sandbox.play.tick, TICK_MS).unref();
  return {
    ...sandbox,
    smtpPort: smtp?.port ?? null,
    async close() {
      clearInterval(life);
      await sandbox.close();
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), smtp?.close()]);
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  return `http://127.0.0.1:${given}`;
}
