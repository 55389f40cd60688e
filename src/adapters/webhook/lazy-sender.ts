import type { WebhookSender } from "../../ports.ts";
import type { WebhookSenderOptions } from "./webhook-sender.ts";

type Loaded = WebhookSender & { close(): Promise<void> };

/** The sender, loaded with the first message: its HTTP client is heavy, and a process that sends none starts without it. */
export function createLazySender(options: WebhookSenderOptions): Loaded {
  let loading: Promise<Loaded> | null = null;
  const load = () => {
    loading ??= import("./webhook-sender.ts").then(({ createWebhookSender }) => createWebhookSender(options));
    return loading;
  };
  return {
    timeoutMs: options.timeoutMs,
    send: async (message) => (await load()).send(message),
    refusal: async (url) => (await load()).refusal(url),
    close: async () => (await loading)?.close(),
  };
}
