import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { createPlayApi, type PlayApiOptions } from "../../../src/adapters/google-play/play-api.ts";
import type { PurchaseType } from "../../../src/domain/purchase.ts";
import { type PurchaseRef, purchaseRef } from "../../../src/domain/purchase-file.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { PlayApi } from "../../../src/ports.ts";
import { PACKAGE } from "../../support/builders.ts";

export type Answer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | "hang"
  | "hang_in_body"
  | "cut";

export interface FakeGoogle {
  readonly rootUrl: string;
  /** `METHOD /path`, as they came. */
  readonly requests: string[];
  readonly bodies: string[];
  readonly headers: IncomingMessage["headers"][];
  /** Said in turn; after them the last one. */
  answers: Answer[];
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that says what it is told to. It ends with the test. */
export async function startFakeGoogle(...answers: Answer[]): Promise<FakeGoogle> {
  const google = { requests: [], bodies: [], headers: [], answers } as Omit<FakeGoogle, "rootUrl">;
  const server = createServer(async (request, response) => {
    const turn = google.requests.push(`${request.method} ${request.url}`) - 1;
    google.headers.push(request.headers);
    let body = "";
    for await (const chunk of request) body += chunk;
    google.bodies.push(body);
    say(response, google.answers[turn] ?? google.answers.at(-1) ?? { status: 500 });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...google,
    rootUrl: `http://127.0.0.1:${port}/play`,
    get answers() {
      return google.answers;
    },
    set answers(next) {
      google.answers = next;
    },
  };
}

function say(response: ServerResponse, answer: Answer): void {
  if (answer === "hang") return;
  if (answer === "cut") {
    response.destroy();
    return;
  }
  if (answer === "hang_in_body") {
    response.writeHead(200, { "Content-Type": "application/json" }).write('{"kind":');
    return;
  }
  const { status, body, headers } = answer;
  response.writeHead(status, { "Content-Type": "application/json; charset=UTF-8", ...headers });
  response.end(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
}

/** One of Google's error bodies, as the facts collected them. */
export function errorAnswer(name: string): Answer {
  const path = new URL(`../../fixtures/google-play/error-${name}.json`, import.meta.url);
  return { status: Number(name.slice(0, 3)), body: readFileSync(path, "utf8") };
}

/** An error of Google's with just a reason. */
export function refusal(status: number, reason?: string, headers: Record<string, string> = {}): Answer {
  const errors =
    reason === undefined ? [] : [{ message: "secret words", domain: "androidpublisher", reason }];
  return { status, body: { error: { code: status, message: "secret words", errors } }, headers };
}

export const TOKEN = "hjklmnbvcxzasdfghjklqwer.AO-J1OyTESTtestTEST_token";

export function refOf(
  type: PurchaseType = "subscription",
  token = TOKEN,
  packageName = PACKAGE,
): PurchaseRef {
  return purchaseRef(packageName, type, new Secret(token));
}

export interface Line {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: unknown;
  readonly error: unknown;
}

/** A client on real time that does not really wait before it asks again, with its log caught. */
export function playOn(
  rootUrl: string,
  options: Partial<PlayApiOptions> = {},
): { play: PlayApi; lines: Line[]; slept: number[] } {
  const lines: Line[] = [];
  const slept: number[] = [];
  const to = (level: Line["level"]) => (event: string, fields?: unknown, error?: unknown) => {
    lines.push({ level, event, fields, error });
  };
  const play = createPlayApi({
    rootUrl,
    quotaPerMinute: 60_000,
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: async (ms) => void slept.push(ms),
    },
    chance: Math.random,
    log: { info: to("info"), warn: to("warn"), error: to("error") },
    ...options,
  });
  return { play, lines, slept };
}
