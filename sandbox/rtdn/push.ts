import { setTimeout as sleep } from "node:timers/promises";
import type { Deliver, Notification } from "./publisher.ts";

export type PushOptions = {
  url: string;
  subscription: string;
  /** A signed OIDC token as Pub/Sub sends it; it may be the same for up to an hour. */
  token: () => Promise<string>;
};

/** What counts as an acknowledgement; all else is a nack (facts section 13). */
const ACKED = [102, 200, 201, 202, 204];
const ACK_DEADLINE_MS = 10_000;
const MAX_TRIES = 20;
const MAX_IN_FLIGHT = 64;

/** A Pub/Sub push subscription of our own: the emulator does not sign its pushes (toolchain section 7). */
export function pushTo(options: PushOptions): Deliver {
  const enter = gate(MAX_IN_FLIGHT);
  return async (notification, signal) => {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      notification.attempts += 1;
      const leave = await enter();
      const acked = await post(options, notification, signal).finally(leave);
      if (acked) return;
      await sleep(Math.min(5000, 50 * 2 ** tries), undefined, { signal, ref: false });
    }
    throw new Error(`not acknowledged in ${MAX_TRIES} tries`);
  };
}

async function post(options: PushOptions, notification: Notification, signal: AbortSignal): Promise<boolean> {
  const token = await options.token();
  try {
    const response = await fetch(options.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: pushBody(notification, options.subscription),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ACK_DEADLINE_MS)]),
    });
    await response.body?.cancel();
    return ACKED.includes(response.status);
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

/** The wrapped push body, with the duplicate snake_case keys that are really sent (facts section 2). */
export function pushBody(notification: Notification, subscription: string): string {
  const { messageId, publishTime, body } = notification;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const data = Buffer.from(text).toString("base64");
  const message = { data, messageId, message_id: messageId, publishTime, publish_time: publishTime };
  return JSON.stringify({ message, subscription });
}

/** Lets `limit` in at a time; `enter()` gives the way out. */
function gate(limit: number): () => Promise<() => void> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) inside -= 1;
    else next();
  };
  return async () => {
    if (inside < limit) inside += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return leave;
  };
}
