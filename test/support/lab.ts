import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DocumentData, Firestore, type QueryDocumentSnapshot } from "@google-cloud/firestore";
import type { BuyInput } from "../../sandbox/play/inputs.ts";
import type { Notification } from "../../sandbox/rtdn/publisher.ts";
import { pushBody } from "../../sandbox/rtdn/push.ts";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { createOutput, type Output, type ServiceProcess, startService } from "./processes.ts";

/**
 * Everything a scenario needs around real service processes: the sandbox in this process, a project of its own on the
 * emulators, customers, and what may never be seen in what the services say.
 */

export const PACKAGE = "com.example.app";
const AUDIENCE = "https://playgrant.test/v1/rtdn";
const PUSHER = "rtdn-push@demo.iam.gserviceaccount.com";
const TOPIC = "playgrant-rtdn";
const SUBSCRIPTION = "playgrant-rtdn";

const license = (policy: "PERP" | "SUB") => ({
  type: "license_key",
  product: "my-app",
  policy_id: policy === "PERP" ? "01J0000000000000000000PERP" : "01J00000000000000000000SUB",
});

export const CATALOG = {
  entitlements: {
    premium: { name: "Premium features", integration: { type: "feature" } },
    desktop: { name: "Desktop licence", integration: license("PERP") },
    studio: { name: "Studio licence", integration: license("SUB") },
  },
  products: [
    {
      package_name: PACKAGE,
      product_id: "lifetime",
      type: "one_time",
      entitlements: ["premium", "desktop"],
    },
    { package_name: PACKAGE, product_id: "plan", type: "subscription", entitlements: ["premium", "studio"] },
    {
      package_name: PACKAGE,
      product_id: "plan_max",
      type: "subscription",
      entitlements: ["premium", "studio"],
    },
    { package_name: PACKAGE, product_id: "coins", type: "one_time", consumable: true, entitlements: [] },
  ],
};

export interface LabOptions {
  /** How notices come: pushed with a signed token, pulled from the Pub/Sub emulator, or not at all. */
  readonly rtdn: "push" | "pull" | "none";
  readonly env?: Readonly<Record<string, string>>;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
  readonly ms: number;
}

/** A document as it lies there. */
export interface Stored {
  readonly path: string;
  readonly data: DocumentData;
  readonly updateTime: string;
}

export interface Lab {
  readonly project: string;
  readonly sandbox: Sandbox;
  readonly db: Firestore;
  readonly output: Output;
  readonly encryptionKey: string;
  /** Starts a service; notices that are pushed go to the last one started. */
  start(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  idToken(uid: string): Promise<string>;
  call<T>(service: { readonly url: string }, uid: string, path: string, body?: unknown): Promise<Answer<T>>;
  /** A push as Pub/Sub makes it, once. */
  push(service: { readonly url: string }, notification: Notification, messageId?: string): Promise<Answer>;
  buy(uid: string, productId: string, more?: Partial<BuyInput>): string;
  documents(collection: string): Promise<Stored[]>;
  everything(): Promise<Stored[]>;
  /** Secrets seen where none may be: `licence key in the output: …context…`. Empty is right. */
  leaks(): Promise<string[]>;
  stop(options?: { readonly keepOutput?: boolean }): Promise<void>;
}

export async function startLab(project: string, options: LabOptions): Promise<Lab> {
  const output = createOutput();
  const folder = mkdtempSync(join(tmpdir(), "playgrant-lab-"));
  const catalogFile = join(folder, "catalog.json");
  writeFileSync(catalogFile, JSON.stringify(CATALOG));
  const sandbox = await startSandbox();
  const secrets = watchSecrets(sandbox);
  const encryptionKey = randomBytes(32).toString("base64");
  secrets.add("encryption key", encryptionKey);
  const db = new Firestore({ projectId: project });
  if (options.rtdn === "pull") sandbox.setRtdn(await pubsub(project));
  const services: ServiceProcess[] = [];
  const idTokens = new Map<string, Promise<string>>();

  const settings = (): Record<string, string> => ({
    GOOGLE_CLOUD_PROJECT: project,
    CATALOG_FILE: catalogFile,
    PLAY_API_ROOT_URL: `${sandbox.url}/play`,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    KEYTHAI_API_KEY: sandbox.keythai.apiKey,
    LICENSE_ENCRYPTION_KEYS: `lab:${encryptionKey}`,
    AUTH_ISSUER: sandbox.identity.issuer,
    AUTH_AUDIENCE: sandbox.identity.audience,
    AUTH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    RTDN_PUSH_AUDIENCE: AUDIENCE,
    RTDN_PUSH_SERVICE_ACCOUNT: PUSHER,
    RTDN_PUSH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    RTDN_SUBSCRIPTION: SUBSCRIPTION,
    PLAYGRANT_ROLES: options.rtdn === "pull" ? "api,subscriber,worker" : "api,worker",
    ...options.env,
  });

  const idToken = (uid: string): Promise<string> => {
    const known = idTokens.get(uid);
    if (known !== undefined) return known;
    const made = sandbox.identity.token({ uid, email: `${uid}@example.com` });
    idTokens.set(uid, made);
    return made;
  };

  const documents = async (collection: string): Promise<Stored[]> => {
    const { docs } = await db.collection(collection).get();
    return docs.map(stored);
  };

  const everything = async (): Promise<Stored[]> => {
    const roots = await db.listCollections();
    const groups = ["entitlements", "grants"].map((name) => db.collectionGroup(name).get());
    const all = await Promise.all([...roots.map((root) => root.get()), ...groups]);
    const found = all.flatMap(({ docs }) => docs.map(stored));
    return [...new Map(found.map((one) => [one.path, one])).values()].sort((a, b) =>
      a.path < b.path ? -1 : 1,
    );
  };

  return {
    project,
    sandbox,
    db,
    output,
    encryptionKey,
    idToken,
    documents,
    everything,

    async start(env = {}) {
      const service = await startService({ ...settings(), ...env }, output);
      services.push(service);
      if (options.rtdn === "push") {
        const url = `${service.url}/v1/rtdn`;
        sandbox.setRtdn({ kind: "push", url, audience: AUDIENCE, serviceAccountEmail: PUSHER });
      }
      return service;
    },

    async call<T>(service: { readonly url: string }, uid: string, path: string, body?: unknown) {
      const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      return request<T>(`${service.url}${path}`, {
        ...init,
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${await idToken(uid)}` },
      });
    },

    async push(service, notification, messageId = notification.messageId) {
      const token = await sandbox.identity.pushToken({ audience: AUDIENCE, email: PUSHER });
      return request(`${service.url}/v1/rtdn`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
        body: pushBody({ ...notification, messageId }, `projects/${project}/subscriptions/push`),
      });
    },

    buy: (uid, productId, more = {}) =>
      sandbox.play.buy({ uid, packageName: PACKAGE, productId, ...more }).purchaseToken,

    async leaks() {
      const all = secrets.all();
      const stored = await everything();
      const ids = stored.map(({ path }) => path).join("\n");
      // A purchase token is kept, private: we must ask Google about it. Nothing else of these is ever written in clear.
      const fields = stored.map(({ data }) => JSON.stringify(data)).join("\n");
      const places = [
        { name: "the output", text: output.text(), of: all },
        { name: "a document id", text: ids, of: all },
        { name: "a document", text: fields, of: all.filter(({ kind }) => kind !== "purchase token") },
      ];
      const blind =
        output.lines("request").length === 0 ? ["nothing to look through: no request was logged"] : [];
      const found = places.flatMap(({ name, text, of }) =>
        of
          .filter(({ value }) => text.includes(value))
          .map(({ kind, value }) => {
            const at = text.indexOf(value);
            return `${kind} in ${name}: ${text.slice(Math.max(0, at - 200), at + value.length + 50)}`;
          }),
      );
      return [...blind, ...found];
    },

    async stop({ keepOutput = false } = {}) {
      await Promise.all(services.map((service) => service.kill("SIGKILL")));
      await sandbox.close();
      await db.terminate();
      output.close(keepOutput);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function request<T>(url: string, init: RequestInit): Promise<Answer<T>> {
  const startedAt = performance.now();
  const response = await fetch(url, init);
  const text = await response.text();
  const body = text === "" ? null : JSON.parse(text);
  return { status: response.status, body, headers: response.headers, ms: performance.now() - startedAt };
}

function stored(doc: QueryDocumentSnapshot): Stored {
  return { path: doc.ref.path, data: doc.data(), updateTime: doc.updateTime.valueOf() };
}

async function pubsub(projectId: string) {
  const emulatorHost = process.env.PUBSUB_EMULATOR_HOST ?? "";
  const base = `http://${emulatorHost}/v1/projects/${projectId}`;
  const put = async (path: string, body: object) => {
    const response = await fetch(`${base}/${path}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Pub/Sub emulator: ${response.status} ${await response.text()}`);
  };
  await put(`topics/${TOPIC}`, {});
  const topic = `projects/${projectId}/topics/${TOPIC}`;
  await put(`subscriptions/${SUBSCRIPTION}`, { topic, ackDeadlineSeconds: 10 });
  return { kind: "pubsub", projectId, topic: TOPIC, emulatorHost } as const;
}

/** Notes every secret as it comes into being: nobody has to think of telling. */
function watchSecrets({ play, keythai, identity }: Sandbox) {
  const kept = new Map<string, string>();
  const add = (kind: string, value: string) => void kept.set(value, kind);
  add("API key", keythai.apiKey);
  const create = keythai.create.bind(keythai);
  keythai.create = (order) => {
    const made = create(order);
    for (const { key } of made) add("licence key", key);
    return made;
  };
  const { token, pushToken } = identity;
  identity.token = async (asked) => {
    const made = await token(asked);
    add("ID token", made);
    return made;
  };
  identity.pushToken = async (asked) => {
    const made = await pushToken(asked);
    add("push token", made);
    return made;
  };
  return {
    add,
    all: () => [
      ...[...kept].map(([value, kind]) => ({ kind, value })),
      ...[...play.world.purchases.keys()].map((value) => ({ kind: "purchase token", value })),
    ],
  };
}

/** Asks again until it is so. @throws What it threw last. */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await sleep(100);
    }
  }
}
