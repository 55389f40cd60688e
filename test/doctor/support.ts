import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Check, DoctorContext, Finding, GoogleRoots } from "../../src/doctor/check.ts";
import { createContext } from "../../src/doctor/context.ts";
import type { GoogleAccess } from "../../src/doctor/google-access.ts";
import { runChecks } from "../../src/doctor/run-checks.ts";

export const PACKAGE = "com.example.app";
export const PROJECT = "shop-123";
export const ACCOUNT = "playgrant@shop-123.iam.gserviceaccount.com";
export const ACCESS_TOKEN = "ya29.an-access-token-that-nobody-may-see";
export const PERPETUAL = "01J0000000000000000000PERP";

/** A catalogue with one license_key. */
export function aCatalog(license: { product?: string; policy_id?: string } = {}) {
  return {
    entitlements: {
      premium: { name: "Premium", integration: { type: "feature" } },
      desktop: {
        name: "Desktop",
        integration: { type: "license_key", product: "my-app", policy_id: PERPETUAL, ...license },
      },
    },
    products: [
      {
        package_name: PACKAGE,
        product_id: "lifetime",
        type: "one_time",
        entitlements: ["premium", "desktop"],
      },
    ],
  };
}

/** A file that is gone after the test. */
export function aFile(content: string, name = "catalog.json"): string {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Credentials that hold, without Google. */
export const someAccess: GoogleAccess = {
  headers: async () => new Headers({ Authorization: `Bearer ${ACCESS_TOKEN}` }),
  account: async () => ACCOUNT,
};

/** What a doctor sees that runs with these settings and no others, and with credentials that hold. */
export function aContext(
  environment: Record<string, string>,
  changes: Partial<DoctorContext> = {},
): DoctorContext {
  return { ...createContext(readConfig(environment)), google: someAccess, ...changes };
}

/** One check by itself, what it needs taken as given. */
export async function findings(
  check: Check,
  context: DoctorContext,
  timeoutMs = 5_000,
): Promise<readonly Finding[]> {
  const [report] = await runChecks([check], context, { timeoutMs });
  return report?.findings ?? [];
}

/** The same in short: `failed: message → fix`. */
export async function lines(check: Check, context: DoctorContext, timeoutMs?: number): Promise<string[]> {
  const found = await findings(check, context, timeoutMs);
  return found.map(({ status, message, fix }) => `${status}: ${message}${fix === null ? "" : ` → ${fix}`}`);
}

export interface Answer {
  readonly status?: number;
  /** A string as it is, all else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StandIn {
  readonly url: string;
  /** `METHOD path?query`, as they came. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
}

/**
 * A server that answers by `METHOD path`, without the query; what it doesn't know is Google's 404. It ends with the test.
 *
 * @param answers `hang`: no answer ever.
 */
export async function aStandIn(
  answers: Record<string, Answer | "hang" | ((body: string, request: IncomingMessage) => Answer)>,
): Promise<StandIn> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent((request.url ?? "").replace(/\?.*$/, ""));
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers.authorization);
    let text = "";
    for await (const chunk of request) text += chunk;
    const known = answers[`${request.method} ${path}`];
    if (known === "hang") return;
    const answer = typeof known === "function" ? known(text, request) : (known ?? refusal(404, "NOT_FOUND"));
    const { status = 200, body = {}, headers = {} } = answer;
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations };
}

/** An error as Google's REST APIs tell it. */
export function refusal(code: number, status: string, reason?: string): Answer {
  const details =
    reason === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }];
  return { status: code, body: { error: { code, message: "words nobody needs", status, details } } };
}

/** Each of Google's APIs at one address. */
export function rootsAt(url: string): GoogleRoots {
  return { pubsub: url, firestore: url, rules: url, resourceManager: url, kms: url, play: url };
}

/** An address at which nobody listens; fetch itself refuses better known ports. */
export const NOWHERE = "http://127.0.0.1:2";
