import { handleNotification } from "../../src/use-cases/handle-notification.ts";
import { readMessage } from "../../src/use-cases/notification-message.ts";
import { theService } from "./service.ts";
import { settle } from "./settle.ts";

/**
 * In ms, well below what the function may take in all: a notice that was handled must not come again because a receiver of
 * webhooks hangs. More than a licence or a webhook takes before it is given up for now.
 */
const SETTLE_MS = 20_000;

/** A message of the topic. */
export interface TopicMessage {
  readonly messageId: string;
  /** Base64; Pub/Sub allows messages without any. */
  readonly data?: string;
}

/**
 * One Real-time Developer Notification. It is handled, and what follows from it done as far as it can be now, before the
 * function ends.
 *
 * @throws Error when the message has to come again: Pub/Sub sends it, with back-off.
 */
export async function handleMessage({ messageId, data }: TopicMessage): Promise<void> {
  const { ports } = theService();
  const handled = await handleNotification(ports, readMessage("push", messageId, data ?? ""));
  await settle(SETTLE_MS);
  if (handled === "retry") throw new Error("This notice could not be handled now; it comes again.");
}
