import type { Clock } from "../clock.ts";
import type { Fault, Faults } from "../faults.ts";
import { cryptoRandom, type Random, whole } from "../random.ts";
import { gate } from "./gate.ts";

/** Where the notices go: nowhere (they are kept), a Pub/Sub emulator's topic, a push endpoint, or this process. */
export type RtdnTarget =
  | { kind: "none" }
  | { kind: "pubsub"; projectId: string; topic: string; emulatorHost: string }
  | { kind: "push"; url: string; audience: string; serviceAccountEmail: string }
  | { kind: "function"; deliver: TakeOver };

export type Notification = {
  readonly messageId: string;
  readonly publishTime: string;
  readonly purchaseToken: string | null;
  /** The `DeveloperNotification`, or any text that somebody published in its place. */
  readonly body: object | string;
  /** kept: no target; withheld: `notify: false`; held, lost: by a fault; failed: given up after many nacks. */
  delivery: "kept" | "withheld" | "waiting" | "held" | "delivered" | "lost" | "failed";
  attempts: number;
};

/** One try to bring a message to its target: false, or a rejection, is a nack. */
export type Deliver = (notification: Notification, signal: AbortSignal) => Promise<boolean>;

/** Gets each message at once, in the same turn, and looks after it from there on: nothing is tried again. */
export type TakeOver = (notification: Notification) => void;

export type Publisher = {
  readonly all: readonly Notification[];
  publish(body: object | string, purchaseToken: string | null, how: "send" | "withhold"): Notification;
  redeliver(notification: Notification): void;
  setDeliver(deliver: Deliver | null): void;
  handOver(takeOver: TakeOver | null): void;
  /** Lets out what a `shuffle` fault holds, in random order. */
  release(): void;
  idle(): Promise<void>;
  close(): void;
};

/** Pub/Sub goes on for 7 days; here a message is given up after a minute and a quarter. */
const MAX_TRIES = 20;
const MAX_IN_FLIGHT = 64;

/** Keeps every notice and sends it, at least once and in no order, as Pub/Sub does (facts section 12). */
export function createPublisher(faults: Faults, now: Clock, random: Random = cryptoRandom()): Publisher {
  const all: Notification[] = [];
  const stop = new AbortController();
  const enter = gate(MAX_IN_FLIGHT);
  let deliver: Deliver | null = null;
  let takeOver: TakeOver | null = null;
  let held: Notification[] = [];
  let inFlight = 0;
  let waiters: (() => void)[] = [];

  async function bring(notification: Notification): Promise<void> {
    if (deliver === null) {
      notification.delivery = "kept";
      return;
    }
    inFlight += 1;
    notification.delivery = "waiting";
    notification.delivery = await tryUntilTaken(notification).catch(() => "failed" as const);
    landed();
  }

  /** Asks for the target at each try: a service that comes back elsewhere gets what the old one missed. */
  async function tryUntilTaken(notification: Notification): Promise<Notification["delivery"]> {
    for (let tries = 1; tries <= MAX_TRIES && !stop.signal.aborted; tries += 1) {
      const leave = await enter();
      if (deliver === null) {
        leave();
        return "kept";
      }
      notification.attempts += 1;
      const taken = await deliver(notification, stop.signal).catch(() => false);
      leave();
      if (taken) return "delivered";
      await faults.sleep(Math.min(5000, 50 * 2 ** tries), stop.signal);
    }
    return "failed";
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
    if (fault === null) go(notification);
    else strike(fault, notification);
  }

  function go(notification: Notification): void {
    if (takeOver === null) {
      void bring(notification);
      return;
    }
    notification.attempts += 1;
    notification.delivery = "delivered";
    takeOver(notification);
  }

  function strike(fault: Fault, notification: Notification): void {
    if (fault.kind === "lose") {
      notification.delivery = "lost";
      return;
    }
    if (fault.kind === "shuffle") {
      notification.delivery = "held";
      held.push(notification);
      if (fault.left === 0) release();
      return;
    }
    if (fault.kind === "double") {
      go(notification);
      go(notification);
      return;
    }
    inFlight += 1;
    void faults
      .sleep(fault.delayMs ?? 1000, stop.signal)
      .then(
        () => go(notification),
        () => undefined,
      )
      .finally(landed);
  }

  function release(): void {
    const out = shuffled(held, random);
    held = [];
    for (const notification of out) go(notification);
  }

  return {
    all,
    publish(body, purchaseToken, how) {
      const notification: Notification = {
        messageId: newMessageId(random),
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
    release,
    setDeliver(next) {
      deliver = next;
    },
    handOver(next) {
      takeOver = next;
    },
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    close: () => stop.abort(),
  };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** Pub/Sub's message ids are long numbers. */
function newMessageId(random: Random): string {
  return `${whole(random, 1e8, 2 ** 47)}${whole(random, 100, 1000)}`;
}
