import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/sandbox.ts";
import { createLog } from "../../../src/adapters/log/log.ts";
import type { MemoryStore } from "../../../src/adapters/memory/memory-store.ts";
import type { MemoryTables } from "../../../src/adapters/memory/tables.ts";
import { compose, type Service } from "../../../src/compose.ts";
import { readConfig } from "../../../src/config.ts";
import { type Problem, problemSchema } from "../../../src/http/problem.ts";
import { verifiedSchema } from "../../../src/http/schemas.ts";

export const PACKAGE = "com.example.app";
export const PUSH_AUDIENCE = "https://playgrant.example/v1/rtdn";
export const PUSH_ACCOUNT = "pubsub@example.iam.gserviceaccount.com";
export const ADMIN_KEY = "admin-key-of-the-tests";
export const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString("base64");
export const ACCOUNT_KEY = Buffer.alloc(32, 9).toString("base64");

const licence = {
  type: "license_key",
  product: "my-app",
  policy_id: "01J0000000000000000000PERP",
};

/** What the shop of these tests sells. */
export const CATALOG = {
  entitlements: {
    premium: { name: "Premium features", integration: { type: "feature" } },
    team: { name: "Team features", integration: { type: "feature" } },
    desktop: { name: "Desktop licence", integration: licence },
  },
  products: [
    {
      package_name: PACKAGE,
      product_id: "lifetime",
      type: "one_time",
      entitlements: ["premium", "desktop"],
    },
    { package_name: PACKAGE, product_id: "badge", type: "one_time", entitlements: ["premium"] },
    { package_name: PACKAGE, product_id: "seats", type: "one_time", entitlements: ["desktop"] },
    { package_name: PACKAGE, product_id: "coins", type: "one_time", consumable: true, entitlements: [] },
    {
      package_name: PACKAGE,
      product_id: "plan",
      type: "subscription",
      entitlements: ["premium"],
      base_plans: { team: ["premium", "team", "desktop"] },
    },
  ],
};

/** A file that is gone after the test. */
export function temporaryFile(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-test-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The settings of a whole service in front of a sandbox, its store in memory. */
export function settingsFor(sandbox: Sandbox): Record<string, string> {
  return {
    PLAYGRANT_STORE: "memory",
    CATALOG_FILE: temporaryFile("catalog.json", JSON.stringify(CATALOG)),
    PLAY_API_ROOT_URL: `${sandbox.url}/play`,
    AUTH_ISSUER: sandbox.identity.issuer,
    AUTH_AUDIENCE: sandbox.identity.audience,
    AUTH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    RTDN_PUSH_AUDIENCE: PUSH_AUDIENCE,
    RTDN_PUSH_SERVICE_ACCOUNT: PUSH_ACCOUNT,
    RTDN_PUSH_JWKS_URL: `${sandbox.url}/identity/jwks.json`,
    KEYTHAI_API_KEY: sandbox.keythai.apiKey,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    LICENSE_ENCRYPTION_KEYS: `k1:${ENCRYPTION_KEY}`,
    ADMIN_API_KEYS: `tests:${createHash("sha256").update(ADMIN_KEY).digest("hex")}`,
    LOG_LEVEL: "trace",
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

export interface CallOptions {
  /** Who asks: an ID token is made for this uid. */
  readonly as?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
}

export interface PurchaseRequest {
  readonly package_name: string;
  readonly product_id: string;
  readonly purchase_token: string;
}

export type TestService = Awaited<ReturnType<typeof startService>>;

/** The real service in process: real adapters in front of a sandbox, the store in memory. It ends with the test. */
export async function startService(settings: Record<string, string> = {}) {
  const sandbox = await startSandbox({ port: 0, smtpPort: null, now: () => Date.now() });
  atEnd(() => sandbox.close());
  const read = readConfig({ ...settingsFor(sandbox), ...settings });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  const lines: string[] = [];
  const log = createLog(read.config.LOG_LEVEL, { write: (line: string) => void lines.push(line) });
  const service = compose(read.config, log);
  atEnd(() => service.close());
  const app = await service.app();
  const call = (method: string, path: string, options: CallOptions = {}) =>
    ask(app, sandbox, method, path, options);
  return {
    ...service,
    app,
    sandbox,
    /** Log lines so far, as written. */
    lines,
    tables: tablesOf(service),
    call,
    get: (path: string, as: string) => call("GET", path, { as }),
    verify: (as: string, body: PurchaseRequest) => call("POST", "/v1/purchases/verify", { as, body }),
    /** A customer buys; what comes back is what the app sends to verify. */
    buy(productId: string, input: Partial<Parameters<Sandbox["play"]["buy"]>[0]> = {}): PurchaseRequest {
      const wanted = { uid: "ann", packageName: PACKAGE, productId, ...input };
      const { purchaseToken } = sandbox.play.buy(
        productId === "plan" ? { basePlanId: "monthly", ...wanted } : wanted,
      );
      return { package_name: PACKAGE, product_id: productId, purchase_token: purchaseToken };
    },
    /** All that is stored of customers and their purchases, to see whether anything changed. */
    stored: () => {
      const { notices, ...tables } = tablesOf(service);
      return JSON.stringify(Object.entries(tables).map(([name, table]) => [name, rows(table)]));
    },
  };
}

async function ask(
  app: Awaited<ReturnType<Service["app"]>>,
  sandbox: Sandbox,
  method: string,
  path: string,
  { as, headers = {}, body }: CallOptions,
): Promise<Answer> {
  const token = as === undefined ? null : await sandbox.identity.token({ uid: as });
  const init: RequestInit = {
    method,
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
  return answerOf(await app.request(path, init));
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

/** The body of a 200 from verify. */
export function verifiedOf({ status, text, body }: Answer) {
  expect(status, text).toBe(200);
  return verifiedSchema.parse(body);
}

/** Every problem has this shape, whatever it is about (contract, wire format). */
export function expectProblem(answer: Answer, status: number, code: string): Problem {
  expect(answer.body, answer.text).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expectCommonHeaders(answer);
  const problem = problemSchema.strict().parse(answer.body);
  for (const text of [problem.type, problem.title, problem.detail]) expect(text).not.toBe("");
  expect(problem.request_id).toBe(answer.headers.get("X-Request-Id"));
  expect(problem.errors !== undefined).toBe(code === "invalid_request");
  const retryAfter = answer.headers.get("Retry-After");
  if (status === 429 || status === 503) expect(retryAfter).toMatch(/^[1-9]\d*$/);
  else expect(retryAfter).toBeNull();
  return problem;
}

export function expectCommonHeaders({ headers }: Answer): void {
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(headers.get("X-Request-Id")).toMatch(/\S/);
}

/** The memory store hands its tables out with its ports, for tests to look at. */
function tablesOf({ ports }: Service): MemoryTables {
  return (ports as unknown as MemoryStore).tables;
}

function rows(table: object): unknown {
  return table instanceof Map ? [...table] : table;
}

/** Waits until something holds that another task brings about. */
export async function until<T>(what: () => T | Promise<T>): Promise<T> {
  return vi.waitUntil(what, { timeout: 8000, interval: 20 }) as Promise<T>;
}

type End = () => unknown;

const ends: End[] = [];

/** What was started last ends first. */
export function atEnd(end: End): void {
  ends.push(end);
}

afterEach(() => endAll(ends));

async function endAll(list: End[]): Promise<void> {
  for (const end of list.splice(0).reverse()) await end();
}

/** One service for all tests of a file or group, where each of them leaves it as it was. */
export function sharedService(settings: Record<string, string> = {}): () => TestService {
  const own: End[] = [];
  let service: TestService | undefined;
  beforeAll(async () => {
    service = await startService(settings);
    own.push(...ends.splice(0));
  });
  afterAll(() => endAll(own));
  return () => {
    if (service === undefined) throw new Error("it has not been started yet");
    return service;
  };
}
