import type { WebhookMessage, WebhookSender } from "../../../src/ports.ts";

/** The owner's systems, as messages reach them. */
export interface Receiver extends WebhookSender {
  readonly sent: WebhookMessage[];
  /** The status of every answer. */
  answers: number;
  /** Why nothing may be sent to any URL. */
  refuses: string | null;
}

export function createReceiver(): Receiver {
  const receiver: Receiver = {
    timeoutMs: 1_000,
    sent: [],
    answers: 200,
    refuses: null,
    send: async (message) => {
      receiver.sent.push(message);
      return { statusCode: receiver.answers, durationMs: 1, excerpt: "", retryAfterMs: null };
    },
    refusal: async () => receiver.refuses,
  };
  return receiver;
}
