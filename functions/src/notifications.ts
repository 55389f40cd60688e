import { handleNotification } from "../../src/use-cases/handle-notification.ts";
import { readMessage } from "../../src/use-cases/notification-message.ts";
import { theService } from "./service.ts";

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
  const { ports, idle } = theService();
  const handled = await handleNotification(ports, readMessage("push", messageId, data ?? ""));
  await idle();
  if (handled === "retry") throw new Error("This notice could not be handled now; it comes again.");
}
