import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import {
  createWebhookSender,
  type WebhookSenderOptions,
} from "../../../src/adapters/webhook/webhook-sender.ts";
import { Secret } from "../../../src/domain/secret.ts";

export const SECRET = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
export const MESSAGE = { id: "egr_1_created", body: '{"type":"ปลา"}', secrets: [SECRET] };

/** One sender, closed with the test: sends {@link MESSAGE}, to loopback too. */
export function createSend(options: Partial<WebhookSenderOptions> = {}) {
  const given = { timeoutMs: 5000, allowLoopback: true, clock: systemClock, ...options };
  const sender = createWebhookSender(given);
  onTestFinished(sender.close);
  return (url: string) => sender.send({ ...MESSAGE, url });
}

export function sendTo(url: string, options: Partial<WebhookSenderOptions> = {}) {
  return createSend(options)(url);
}
