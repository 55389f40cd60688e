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

/** A Pub/Sub push subscription of our own: the emulator does not sign its pushes (toolchain section 7). */
export function pushTo(options: PushOptions): Deliver {
  return async (notification, signal) => {
    const response = await fetch(options.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await options.token()}` },
      body: pushBody(notification, options.subscription),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ACK_DEADLINE_MS)]),
    });
    await response.body?.cancel();
    return ACKED.includes(response.status);
  };
}

/** The wrapped push body, with the duplicate snake_case keys that are really sent (facts section 2). */
export function pushBody(notification: Notification, subscription: string): string {
  const { messageId, publishTime, body } = notification;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const data = Buffer.from(text).toString("base64");
  const message = { data, messageId, message_id: messageId, publishTime, publish_time: publishTime };
  return JSON.stringify({ message, subscription });
}
