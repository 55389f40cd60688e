import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { SANDBOX_AUDIENCE } from "../../sandbox/identity/identity.ts";
import { SANDBOX_API_KEY } from "../../sandbox/keythai/keythai.ts";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { type Backing, startBacking } from "./backing.ts";
import { portOrAny } from "./ports.ts";
import { type ServiceProcess, startService } from "./service.ts";
import { newAdminKey } from "./shop.ts";
import { seconds } from "./teller.ts";

const TOPIC = "playgrant-rtdn";
const PUSH_AUDIENCE = "playgrant-demo";
const PUSH_ACCOUNT = "rtdn-push@sandbox.iam.gserviceaccount.com";

/** Everything that runs for the story. */
export interface Stage {
  readonly backing: Backing;
  readonly sandbox: Sandbox;
  readonly service: ServiceProcess;
  /** In clear: only who runs the demo has it, the service knows its hash. */
  readonly adminKey: string;
}

/** What was started, to be ended in the reverse order, whatever came of it. */
export type Closing = (() => Promise<unknown>)[];

export interface StageOptions {
  /** Nobody comes to look: any ports will do. */
  readonly once: boolean;
  /** Another entry of the service than its sources: that of its bundle. */
  readonly entry: string | null;
}

/** @param closing Gets how to end each thing as soon as it is there. */
export async function setStage({ once, entry }: StageOptions, closing: Closing): Promise<Stage> {
  const ports = await choosePorts(once);
  const startedAt = performance.now();
  const backing = await startBacking(TOPIC, closing);
  console.log(`  ${backing.words} (${seconds(performance.now() - startedAt)})`);
  const sandbox = await startSandbox({ port: ports.sandbox, smtpPort: ports.smtp });
  closing.push(() => sandbox.close());
  console.log(`  Google Play, KeyThai and sign-in: the sandbox at ${sandbox.url}`);
  const launchedAt = performance.now();
  const admin = newAdminKey("owner");
  const env = { ...settings(backing, sandbox, ports.service), ADMIN_API_KEYS: admin.entry };
  const service = await startService(env, entry);
  closing.push(async () => {
    const code = await service.stop();
    if (code !== 0) throw new Error(`playgrant did not stop as it should: it ended with ${code}`);
  });
  console.log(`  playgrant: ${service.url}, ready after ${seconds(performance.now() - launchedAt)}`);
  direct(sandbox, backing, service);
  return { backing, sandbox, service, adminKey: admin.key };
}

async function choosePorts(once: boolean) {
  if (once) return { sandbox: 0, smtp: 0, service: 0 };
  const { SANDBOX_PORT = "8090", SANDBOX_SMTP_PORT = "8025", PORT = "8080" } = process.env;
  return {
    sandbox: await portOrAny("sandbox", Number(SANDBOX_PORT)),
    smtp: await portOrAny("mail", Number(SANDBOX_SMTP_PORT)),
    service: await portOrAny("playgrant", Number(PORT)),
  };
}

/** The service's settings, as an owner writes them (contract section 2); only the addresses are the sandbox's. */
function settings(backing: Backing, sandbox: Sandbox, port: number): Record<string, string> {
  return {
    ...backing.env,
    PORT: String(port),
    HOST: "127.0.0.1",
    CATALOG_FILE: join(import.meta.dirname, "catalog.json"),
    PLAY_API_ROOT_URL: `${sandbox.url}/play`,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    KEYTHAI_API_KEY: SANDBOX_API_KEY,
    LICENSE_ENCRYPTION_KEYS: `demo:${randomBytes(32).toString("base64")}`,
    AUTH_ISSUER: sandbox.identity.issuer,
    AUTH_AUDIENCE: SANDBOX_AUDIENCE,
    AUTH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    RTDN_SUBSCRIPTION: TOPIC,
    RTDN_PUSH_AUDIENCE: PUSH_AUDIENCE,
    RTDN_PUSH_SERVICE_ACCOUNT: PUSH_ACCOUNT,
    RTDN_PUSH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    SMTP_URL: `smtp://127.0.0.1:${sandbox.smtpPort}`,
    MAIL_FROM: "Example Shop <shop@example.com>",
    WEBHOOK_ALLOW_LOOPBACK: "1",
  };
}

/** Google's notices go where the service listens for them. */
function direct(sandbox: Sandbox, { projectId, pubsubHost }: Backing, service: ServiceProcess): void {
  if (pubsubHost !== null) {
    sandbox.setRtdn({ kind: "pubsub", projectId, topic: TOPIC, emulatorHost: pubsubHost });
    return;
  }
  const target = {
    url: `${service.url}/v1/rtdn`,
    audience: PUSH_AUDIENCE,
    serviceAccountEmail: PUSH_ACCOUNT,
  };
  sandbox.setRtdn({ kind: "push", ...target });
}
