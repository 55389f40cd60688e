import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulators, startEmulators } from "../../scripts/emulators.ts";
import type { Shot } from "./load.ts";
import { type Helper, startHelper } from "./remote.ts";
import type { SandboxMethods } from "./sandbox-process.ts";
import { type Bought, catalogJson, PACKAGE, PUSH_ACCOUNT, PUSH_AUDIENCE } from "./shop.ts";
import type { SubjectMethods } from "./subject.ts";

/** Emulators and sandbox, each a process of its own, and as many measured processes as a case asks for. */
export interface Lab {
  readonly emulators: Emulators;
  readonly sandbox: Helper<SandboxMethods>;
  /** A fresh service on an empty database. */
  startSubject(settings?: Readonly<Record<string, string>>): Promise<Helper<SubjectMethods>>;
  /** The settings of a service here, for a process that is started otherwise. */
  environment(settings?: Readonly<Record<string, string>>): Record<string, string>;
  verify(bought: Bought): Shot;
  push(bought: Bought): Shot;
  close(): Promise<void>;
}

export async function openLab(options: { pubsub: boolean; profile: string | null }): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-bench-"));
  writeFileSync(join(folder, "catalog.json"), catalogJson());
  const emulators = await startEmulators({ pubsub: options.pubsub });
  const sandbox = await startHelper<SandboxMethods>(new URL("sandbox-process.ts", import.meta.url), {
    env: {},
  });
  const url = await sandbox.ask.url();
  const pushToken = await sandbox.ask.pushToken();
  const environment = (settings: Readonly<Record<string, string>> = {}) => ({
    ...emulators.env,
    ...serviceSettings(url, folder),
    ...settings,
  });
  const execArgv = options.profile === null ? [] : ["--cpu-prof", "--cpu-prof-dir", options.profile];
  return {
    emulators,
    sandbox,
    environment,
    startSubject: (settings) =>
      startHelper<SubjectMethods>(new URL("subject.ts", import.meta.url), {
        env: environment(settings),
        execArgv,
      }),
    verify: ({ productId, token, idToken }) => ({
      path: "/v1/purchases/verify",
      bearer: idToken,
      body: JSON.stringify({ package_name: PACKAGE, product_id: productId, purchase_token: token }),
    }),
    push: (bought) => ({ path: "/v1/rtdn", bearer: pushToken, body: pushBody(bought) }),
    close: async () => {
      await sandbox.stop();
      await emulators.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a shop would set it, but for limits that are not the matter here. */
function serviceSettings(sandboxUrl: string, folder: string): Record<string, string> {
  return {
    GOOGLE_CLOUD_PROJECT: `demo-bench-${randomBytes(4).toString("hex")}`,
    CATALOG_FILE: join(folder, "catalog.json"),
    PLAY_API_ROOT_URL: `${sandboxUrl}/play/`,
    PLAY_QUOTA_PER_MINUTE: "10000000",
    VERIFY_RATE_PER_MINUTE: "1000000",
    AUTH_ISSUER: `${sandboxUrl}/identity`,
    AUTH_AUDIENCE: "playgrant-sandbox",
    AUTH_JWKS_URL: `${sandboxUrl}/identity/jwks.json`,
    RTDN_PUSH_AUDIENCE: PUSH_AUDIENCE,
    RTDN_PUSH_SERVICE_ACCOUNT: PUSH_ACCOUNT,
    RTDN_PUSH_JWKS_URL: `${sandboxUrl}/identity/jwks.json`,
    KEYTHAI_API_KEY: "kt_test_sandbox",
    KEYTHAI_BASE_URL: `${sandboxUrl}/keythai/v1`,
    LICENSE_ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
  };
}

/** As Pub/Sub wraps a message, with the names that it sends twice. */
function pushBody({ notice }: Bought): string {
  const messageId = String(Math.floor(Math.random() * 1e15));
  const publishTime = new Date().toISOString();
  const data = Buffer.from(notice).toString("base64");
  const message = { data, messageId, message_id: messageId, publishTime, publish_time: publishTime };
  return JSON.stringify({ message, subscription: "projects/bench/subscriptions/playgrant-rtdn-push" });
}
