import { isIP } from "node:net";
import { request } from "undici";
import { SECOND } from "../../domain/instant.ts";
import { isSuccess } from "../../domain/webhook-delivery.ts";
import type { Clock, WebhookAnswer, WebhookMessage, WebhookSender } from "../../ports.ts";
import { excerptOf, readRetryAfter, readUpTo } from "./answer.ts";
import { urlRefusal } from "./endpoint-url.ts";
import { failureOf, type NoAnswer } from "./failure.ts";
import { createGuardedAgent, publicAddresses } from "./guarded-agent.ts";
import { createResolve, type Resolve } from "./resolve.ts";
import { signMessage } from "./signature.ts";

export interface WebhookSenderOptions {
  /** For a whole message: to resolve, connect, send, and read the answer. */
  readonly timeoutMs: number;
  /** `WEBHOOK_ALLOW_LOOPBACK` */
  readonly allowLoopback: boolean;
  readonly clock: Clock;
  readonly resolve?: Resolve;
  /** How much of an answer is read. */
  readonly maxBytes?: number;
}

/** As much as Dodo's and Svix's senders would (entitlement-grants.md section 7, CHOICE). */
const MAX_BYTES = 64 * 1024;
const REFUSAL_MS = 2 * SECOND;
const USER_AGENT = "playgrant/1";

type Outcome = Omit<WebhookAnswer, "durationMs">;

/** Connections are kept for a few seconds and used again. `close` ends them all at once: let what is being sent end first. */
export function createWebhookSender(
  options: WebhookSenderOptions,
): WebhookSender & { close(): Promise<void> } {
  const { timeoutMs, allowLoopback, clock, resolve = createResolve(), maxBytes = MAX_BYTES } = options;
  const agent = createGuardedAgent({ resolve, allowLoopback, timeoutMs });

  async function post({ url, id, body, secrets }: WebhookMessage): Promise<Outcome> {
    const signature = signMessage({ id, at: clock.now(), body, secrets });
    const headers = { ...signature, "content-type": "application/json", "user-agent": USER_AGENT };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const sent = request(url, { method: "POST", dispatcher: agent, headers, body, signal });
      const response = await beforeAbort(sent, signal);
      return {
        statusCode: response.statusCode,
        excerpt: excerptOf(await readUpTo(response.body, maxBytes), body),
        retryAfterMs: isSuccess(response.statusCode)
          ? null
          : readRetryAfter(response.headers["retry-after"], clock.now()),
      };
    } catch (error) {
      return noAnswer(signal.aborted ? "timeout" : failureOf(error));
    }
  }

  return {
    timeoutMs,

    async send(message) {
      const began = clock.monotonic();
      const refused = urlRefusal(message.url, allowLoopback) !== null;
      const outcome = refused ? noAnswer("address_refused") : await post(message);
      return { ...outcome, durationMs: Math.round(clock.monotonic() - began) };
    },

    async refusal(url) {
      const broken = urlRefusal(url, allowLoopback);
      if (broken !== null) return broken;
      const { hostname } = new URL(url);
      // The rules let no address through but an allowed one.
      if (isAddress(hostname)) return null;
      try {
        await beforeAbort(publicAddresses(hostname, resolve, allowLoopback), AbortSignal.timeout(REFUSAL_MS));
        return null;
      } catch (error) {
        // A name that can't be resolved just now may be by then, and is checked at every connect.
        return failureOf(error) === "address_refused" ? INSIDE : null;
      }
    },

    close: () => agent.destroy(),
  };
}

const INSIDE = "The URL's host resolves to an address that is not on the public internet.";

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIP(hostname) !== 0;
}

function noAnswer(excerpt: NoAnswer): Outcome {
  return { statusCode: null, excerpt, retryAfterMs: null };
}

/** undici listens to a signal only once it is connected. @throws What the work throws, or the signal's reason. */
async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
  return Promise.race([work, aborted.promise]);
}
