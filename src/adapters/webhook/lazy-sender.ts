import type { WebhookSender } from "../../ports.ts";
import type { WebhookSenderOptions } from "./webhook-sender.ts";

type Loaded = WebhookSender & { close(): Promise<void> };

/**
 * The sender, loaded with the first message, or by `load`: its HTTP client is heavy, and a process that sends none starts
 * without it.
 */
export function createLazySender(options: WebhookSenderOptions): Loaded & { load(): Promise<void> } {
  let loading: Promise<Loaded> | null = null;
  const sender = () => {
    loading ??= import("./webhook-sender.ts").then(({ createWebhookSender }) => createWebhookSender(options));
    return loading;
  };
  return {
    timeoutMs: options.timeoutMs,
    load: async () => void (await sender()),
    send: async (message) => (await sender()).send(message),
    refusal: async (url) => (await sender()).refusal(url),
    close: async () => (await loading)?.close(),
  };
}
