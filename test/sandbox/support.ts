import { readFileSync } from "node:fs";
import { afterEach } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../sandbox/sandbox.ts";

export const PACKAGE = "com.example.app";
export const DAY = 86_400_000;

const open: Sandbox[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

export async function aSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  open.push(sandbox);
  return sandbox;
}

export type Answer = { status: number; body: unknown; headers: Headers };

export async function call(url: string, method = "GET", body?: unknown, headers = {}): Promise<Answer> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, headers, ...init });
  const text = await response.text();
  return { status: response.status, body: text === "" ? "" : JSON.parse(text), headers: response.headers };
}

/** A call of the Android Publisher API: `google(sandbox, "GET", "/purchases/…")`. */
export function google(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(`${sandbox.url}/play/androidpublisher/v3/applications/${PACKAGE}${path}`, method, body);
}

export const subscriptionPath = (token: string): string => `/purchases/subscriptionsv2/tokens/${token}`;
export const productPath = (token: string): string => `/purchases/productsv2/tokens/${token}`;

export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/google-play/${name}.json`, import.meta.url), "utf8"));
}

/** The value with every leaf replaced by its type: two answers of one shape are equal. */
export function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return typeof value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, shape(inner)]));
}

export function reasonOf(answer: Answer): string | undefined {
  const body = answer.body as { error?: { errors?: { reason?: string }[] } };
  return body.error?.errors?.[0]?.reason;
}

/** What the notices so far said, in short: `4`, `13`, `one-time 1`, `void 1`. */
export function told(sandbox: Pick<Sandbox, "play">): string[] {
  return sandbox.play.notifications.map(({ body }) => {
    const notice = body as Record<string, { notificationType: number; refundType: number } | undefined>;
    if (notice.subscriptionNotification) return `${notice.subscriptionNotification.notificationType}`;
    if (notice.oneTimeProductNotification) {
      return `one-time ${notice.oneTimeProductNotification.notificationType}`;
    }
    if (notice.voidedPurchaseNotification) return `void ${notice.voidedPurchaseNotification.refundType}`;
    return notice.testNotification ? "test" : "review";
  });
}
