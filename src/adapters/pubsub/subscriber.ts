import { Duration, type Message, PubSub, SubscriptionCloseBehaviors } from "@google-cloud/pubsub";
import type { Log } from "../../ports.ts";

export interface SubscriberOptions {
  readonly projectId: string;
  readonly subscription: string;
  /** Messages in hand at once: enough to keep the quota busy, few enough to hand back at shutdown. */
  readonly maxMessages: number;
  readonly log: Pick<Log, "error" | "info">;
  /** Never throws. @returns What to tell Pub/Sub. */
  handle(message: PulledMessage): Promise<"done" | "retry">;
}

export interface PulledMessage {
  readonly messageId: string;
  readonly data: Buffer;
}

/**
 * Google's notices over StreamingPull. Acked when they are done, nacked when they should come again; a listener that
 * threw would leave its message leased for an hour, so nothing may throw here (google-play.md section 13).
 */
export function startSubscriber(options: SubscriberOptions): { close(): Promise<void> } {
  const pubsub = new PubSub({ projectId: options.projectId });
  const subscription = pubsub.subscription(options.subscription, {
    flowControl: { maxMessages: options.maxMessages, allowExcessMessages: false },
    closeOptions: {
      behavior: SubscriptionCloseBehaviors.WaitForProcessing,
      timeout: Duration.from({ seconds: 6 }),
    },
  });
  subscription.on("message", (message) => void settle(message, options));
  // Without a listener a broken stream would end the process; the client opens a new one by itself.
  subscription.on("error", (error) => options.log.error("pubsub.stream", {}, error));
  options.log.info("pubsub.listening", { subscription: options.subscription });
  return {
    close: async () => {
      await subscription.close();
      await pubsub.close();
    },
  };
}

async function settle(message: Message, { handle, log }: SubscriberOptions): Promise<void> {
  try {
    const handled = await handle({ messageId: message.id, data: message.data });
    if (handled === "done") message.ack();
    else message.nack();
  } catch (error) {
    log.error("pubsub.bug", { message_id: message.id }, error);
    message.nack();
  }
}
