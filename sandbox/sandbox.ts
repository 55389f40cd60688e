import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Clock } from "./clock.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createApp } from "./http/app.ts";
import { createIdentity, type Identity } from "./identity/identity.ts";
import { createKeyThai, type KeyThai, SANDBOX_API_KEY } from "./keythai/keythai.ts";
import { createMailbox, type Mailbox } from "./mailbox/mailbox.ts";
import { startSmtp } from "./mailbox/smtp.ts";
import { createPlay, type Play } from "./play/play.ts";
import { createPublisher, type RtdnTarget } from "./rtdn/publisher.ts";
import { deliverTo } from "./rtdn/target.ts";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

export type { RtdnTarget } from "./rtdn/publisher.ts";

export type SandboxOptions = {
  /** 0: any free one (the default). */
  port?: number;
  /** null: no SMTP server (the default); 0: any free port. */
  smtpPort?: number | null;
  keythaiApiKey?: string;
  /** Packages of the developer account; default: any. */
  packageNames?: readonly string[];
  rtdn?: RtdnTarget;
  /** Per Google bucket; not enforced unless set (Google's default is 3000). */
  playQuotaPerMinute?: number;
  now?: Clock;
};

export type Sandbox = {
  readonly url: string;
  readonly smtpPort: number | null;
  readonly play: Play;
  readonly keythai: KeyThai;
  readonly identity: Identity;
  readonly mailbox: Mailbox;
  readonly webhooks: Webhooks;
  readonly faults: Faults;
  /** Where notices go from now on: a service that is started after the sandbox gets its push URL so. */
  setRtdn(target: RtdnTarget): void;
  close(): Promise<void>;
};

/** Starts every service of the sandbox in this process, on the loopback interface. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now;
  const faults = createFaults();
  const publisher = createPublisher(faults, now);
  const server = createServer();
  const url = await listen(server, options.port ?? 0);
  const identity = createIdentity(`${url}/identity`, now);
  const { packageNames, playQuotaPerMinute: quotaPerMinute } = options;
  const play = createPlay({ now, publisher, packageNames, quotaPerMinute });
  const keythai = createKeyThai(options.keythaiApiKey ?? SANDBOX_API_KEY, now);
  const mailbox = createMailbox(now);
  const webhooks = createWebhooks(() => url, now);
  const parts = { play, keythai, identity, mailbox, webhooks, faults };
  server.on("request", getRequestListener(createApp({ ...parts, packageNames }).fetch));
  const setRtdn = (target: RtdnTarget) => publisher.setDeliver(deliverTo(target, identity, now));
  setRtdn(options.rtdn ?? { kind: "none" });
  const { smtpPort: wanted = null } = options;
  const smtp = wanted === null ? null : await startSmtp(wanted, mailbox, faults);

  return {
    url,
    smtpPort: smtp?.port ?? null,
    ...parts,
    setRtdn,
    async close() {
      publisher.close();
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
