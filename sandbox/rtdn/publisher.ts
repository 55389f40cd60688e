import { randomInt } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Fault, Faults } from "../faults.ts";

/** Where the notices go: nowhere (they are kept), a Pub/Sub emulator's topic, or a push endpoint. */
export type RtdnTarget =
  | { kind: "none" }
  | { kind: "pubsub"; projectId: string; topic: string; emulatorHost: string }
  | { kind: "push"; url: string; audience: string; serviceAccountEmail: string };

export type Notification = {
  readonly messageId: string;
  readonly publishTime: string;
  readonly purchaseToken: string | null;
  /** The `DeveloperNotification`, or any text that somebody published in its place. */
  readonly body: object | string;
  /** kept: no target; withheld: `notify: false`; lost: by a fault; failed: given up after many nacks. */
  delivery: "kept" | "withheld" | "waiting" | "delivered" | "lost" | "failed";
  attempts: number;
};

/** Brings one message to its target; resolves once it is accepted, rejects when it never will be. */
export type Deliver = (notification: Notification, signal: AbortSignal) => Promise<void>;

export type Publisher = {
  readonly all: readonly Notification[];
  publish(body: object | string, purchaseToken: string | null, how: "send" | "withhold"): Notification;
  redeliver(notification: Notification): void;
  setDeliver(deliver: Deliver | null): void;
  idle(): Promise<void>;
  close(): void;
};

/** Keeps every notice and sends it, at least once and in no order, as Pub/Sub does (facts section 12). */
export function createPublisher(faults: Faults, now: Clock): Publisher {
  const all: Notification[] = [];
  const stop = new AbortController();
  let deliver: Deliver | null = null;
  let inFlight = 0;
  let waiters: (() => void)[] = [];

  async function bring(notification: Notification): Promise<void> {
    if (deliver === null) return;
    inFlight += 1;
    notification.delivery = "waiting";
    try {
      await deliver(notification, stop.signal);
      notification.delivery = "delivered";
    } catch {
      notification.delivery = "failed";
    } finally {
      landed();
    }
  }

  function landed(): void {
    inFlight -= 1;
    if (inFlight > 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  }

  function send(notification: Notification): void {
    const fault = faults.take("rtdn", JSON.stringify(notification.body));
    if (fault === null) void bring(notification);
    else strike(fault, notification);
  }

  function strike(fault: Fault, notification: Notification): void {
    if (fault.kind === "lose") {
      notification.delivery = "lost";
      return;
    }
    if (fault.kind === "double") {
      void bring(notification);
      void bring(notification);
      return;
    }
    inFlight += 1;
    const timer = setTimeout(() => {
      void bring(notification);
      landed();
    }, fault.delayMs ?? 1000);
    stop.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  return {
    all,
    publish(body, purchaseToken, how) {
      const notification: Notification = {
        messageId: newMessageId(),
        publishTime: new Date(now()).toISOString(),
        purchaseToken,
        body,
        delivery: how === "withhold" ? "withheld" : "kept",
        attempts: 0,
      };
      all.push(notification);
      if (how === "send") send(notification);
      return notification;
    },
    redeliver: send,
    setDeliver(next) {
      deliver = next;
    },
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    close: () => stop.abort(),
  };
}

/** Pub/Sub's message ids are long numbers. */
function newMessageId(): string {
  return `${randomInt(1e8, 2 ** 47)}${randomInt(100, 1000)}`;
}
