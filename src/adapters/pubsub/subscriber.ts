import {
  Duration,
  type Message,
  PubSub,
  type Subscription,
  SubscriptionCloseBehaviors,
} from "@google-cloud/pubsub";
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

/** After an error that ends the stream for good (no such subscription, no right to it): somebody may put it right. */
const REOPEN_MS = 5000;
/** What a process had in hand comes again so long after it died. Shorter, and a busy one gets its own messages twice. */
const ACK_SECONDS = 30;
/** Within the 10 s that a shutdown has. */
const CLOSE_SECONDS = 6;

/**
 * Google's notices over StreamingPull. Acked when they are done, nacked when they should come again; a listener that
 * threw would leave its message leased for an hour, so nothing may throw here (google-play.md section 13).
 */
export function startSubscriber(options: SubscriberOptions): { close(): Promise<void> } {
  const { projectId, log } = options;
  const pubsub = new PubSub({ projectId });
  let reopening: NodeJS.Timeout | null = null;
  let current = open();

  function open(): Subscription {
    const subscription = pubsub.subscription(options.subscription, {
      flowControl: { maxMessages: options.maxMessages, allowExcessMessages: false },
      // Each stream asks for as many messages as all may have in hand: of several, most would wait in this process.
      streamingOptions: { maxStreams: 1 },
      minAckDeadline: Duration.from({ seconds: ACK_SECONDS }),
      closeOptions: {
        behavior: SubscriptionCloseBehaviors.WaitForProcessing,
        timeout: Duration.from({ seconds: CLOSE_SECONDS }),
      },
    });
    subscription.on("message", (message) => void settle(message, options));
    // Passing errors the client heals by itself; one that comes through here has ended the stream.
    subscription.on("error", (error) => {
      log.error("pubsub.stream", { subscription: options.subscription }, error);
      reopening ??= setTimeout(reopen, REOPEN_MS);
    });
    log.info("pubsub.listening", { subscription: options.subscription });
    return subscription;
  }

  function reopen(): void {
    reopening = null;
    current.close().catch((error) => log.error("pubsub.close", {}, error));
    current = open();
  }

  return {
    close: async () => {
      if (reopening !== null) clearTimeout(reopening);
      await current.close();
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
