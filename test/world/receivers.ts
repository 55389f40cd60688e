import type { Instant } from "../../src/domain/instant.ts";
import type { Clock, WebhookAnswer, WebhookMessage, WebhookSender } from "../../src/ports.ts";

/** What a receiver makes of a message: a status, how long it wants to be left alone, or no answer in time. */
export type Reception = number | { readonly status: number; readonly retryAfterMs: number } | "hangs";

/** A message that reached a receiver, and what it said. */
export interface Received {
  readonly at: Instant;
  readonly url: string;
  readonly id: string;
  readonly body: string;
  readonly secrets: readonly string[];
  /** Null: it said nothing in time. */
  readonly status: number | null;
}

export interface ReceiversOptions {
  readonly clock: Clock;
  /** Longest time for an answer. */
  readonly timeoutMs: number;
  readonly manner?: (message: WebhookMessage) => Reception;
}

/** The owner's systems, all of them, without a socket: they note what comes and answer as they are told to. */
export interface Receivers extends WebhookSender {
  /** Every message that came, in the order of coming. */
  readonly received: readonly Received[];
  /** What they make of the messages from now on. */
  manner: (message: WebhookMessage) => Reception;
  /** At one address. */
  at(url: string): Received[];
}

export function createReceivers({ clock, timeoutMs, manner = () => 200 }: ReceiversOptions): Receivers {
  const received: Received[] = [];

  const receivers: Receivers = {
    timeoutMs,
    received,
    manner,
    at: (url) => received.filter((one) => one.url === url),
    refusal: async () => null,
    async send(message): Promise<WebhookAnswer> {
      const { url, id, body } = message;
      const reception = receivers.manner(message);
      const [status, retryAfterMs] = answerOf(reception);
      const secrets = message.secrets.map((secret) => secret.reveal());
      received.push({ at: clock.now(), url, id, body, secrets, status });
      if (status === null) await clock.sleep(timeoutMs);
      const durationMs = status === null ? timeoutMs : 0;
      return { statusCode: status, durationMs, excerpt: status === null ? "timeout" : "", retryAfterMs };
    },
  };
  return receivers;
}

function answerOf(reception: Reception): [status: number | null, retryAfterMs: number | null] {
  if (reception === "hangs") return [null, null];
  return typeof reception === "number" ? [reception, null] : [reception.status, reception.retryAfterMs];
}

/** `created`, `delivered` … of one grant each, as a receiver understands a body. */
export function readBody(body: string): {
  type: string;
  grantId: string;
  customer: string;
  key: string | null;
} {
  const { type, data } = JSON.parse(body) as {
    type: string;
    data: { id: string; customer_id: string; license_key: { key: string } | null };
  };
  return {
    type: type.slice("entitlement_grant.".length),
    grantId: data.id,
    customer: data.customer_id,
    key: data.license_key?.key ?? null,
  };
}

/** What a receiver that drops what it knows already makes of it: messages it took, one for each `webhook-id`. */
export function deduplicated(received: readonly Received[]): Received[] {
  return firstOfEach(received.filter(({ status }) => status !== null && status >= 200 && status < 300));
}

/** The first message of each `webhook-id`, in the order of coming. */
export function firstOfEach(received: readonly Received[]): Received[] {
  const known = new Set<string>();
  return received.filter(({ id }) => known.size < known.add(id).size);
}
