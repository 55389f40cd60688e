import type { SandboxClock } from "../clock.ts";
import type { Notification, Publisher } from "../rtdn/publisher.ts";
import { act, possibleActions } from "./actions.ts";
import { buy } from "./buy.ts";
import { noCalls, type PlayCalls, type PlayMethod } from "./calls.ts";
import { GoogleError } from "./google-error.ts";
import { type ActionInput, actionInput, type BuyInput, buyInput } from "./inputs.ts";
import { createLife } from "./life.ts";
import type { Order, Purchase, RefundReview, Void } from "./model.ts";
import { type Notice, testNotice, tokenOf } from "./notices.ts";
import { type Bucket, createQuota } from "./quota.ts";
import { answerOf, Conflict, change, createWorld, type World, type WorldOptions } from "./world.ts";

export type Made = { purchaseToken: string; orderId: string | null };

/** The purchase as the world has it, with Google's answer for it. */
export type PurchaseView = Readonly<Purchase> & { possible: string[]; answer: unknown; orders: Order[] };

export type Play = {
  readonly world: World;
  readonly calls: PlayCalls;
  /** Every notice there was, oldest first. */
  readonly notifications: readonly Notification[];
  readonly voids: readonly Void[];
  readonly reviews: ReadonlyMap<string, RefundReview>;
  buy(input: BuyInput): Made;
  /** `change_plan` gives the new token, all others the same. */
  act(purchaseToken: string, action: string, input?: ActionInput): Made;
  purchase(purchaseToken: string): PurchaseView;
  purchases(uid?: string): Purchase[];
  /** Acknowledges as the app itself may, without the server's call. */
  acknowledge(purchaseToken: string): void;
  /** The last action's notices once more, under new message ids, as Play may. */
  republish(purchaseToken: string, times?: number): Notification[];
  /** One message again under its own id, as Pub/Sub may. */
  redeliver(notification: Notification): void;
  /** Any notice, for what the actions do not make: unknown types, other packages. A string goes as it is. */
  publish(notice: object | string): Notification;
  sendTestNotice(packageName: string): Notification;
  /** Waits until every notice has been delivered, lost or given up. */
  delivered(): Promise<void>;
  /**
   * Lets everything happen that is due by now, in order of time, each thing as of its own moment, where life is
   * automatic. Every call does so first; only for the notices to come in time it has to be called.
   */
  tick(): void;
  /** When the next thing happens of itself (epoch milliseconds); null: nothing, or life is not automatic. */
  nextAt(): number | null;
  /** Lets out the notices that a `shuffle` fault still holds, in random order. */
  releaseNotices(): void;
  /** For the routes: counts a call and spends its quota. */
  count(method: PlayMethod, bucket: Bucket): void;
  actAsGoogle(purchase: Purchase, action: string, input: ActionInput): void;
  tell(purchase: Purchase, notices: Notice[], notify: boolean): void;
};

export type PlayOptions = WorldOptions & {
  clock: SandboxClock;
  publisher: Publisher;
  packageNames: readonly string[] | undefined;
  quotaPerMinute: number | undefined;
};

/** The sandbox's Google Play: a world of purchases, and the notices that its changes make. */
export function createPlay(options: PlayOptions): Play {
  const { clock, publisher } = options;
  const { now } = clock;
  const world = createWorld(now, options);
  const calls = noCalls();
  const last = new WeakMap<Purchase, Notice[]>();
  const quota = createQuota(options.quotaPerMinute, now, () => {
    calls.status429 += 1;
  });

  const life = createLife(world, clock, (purchase, notices) => tell(purchase, notices, true));

  function find(purchaseToken: string): Purchase {
    life.tick();
    const purchase = world.purchases.get(purchaseToken);
    if (purchase === undefined) throw new RangeError("no such purchase token");
    return purchase;
  }

  function tell(purchase: Purchase, notices: Notice[], notify: boolean): void {
    if (notices.length === 0) return;
    last.set(purchase, notices);
    for (const notice of notices) publisher.publish(notice, tokenOf(notice), notify ? "send" : "withhold");
  }

  function perform(purchase: Purchase, action: string, input: ActionInput): Purchase {
    const outcome = act(world, purchase, action, input);
    const made = outcome.purchase ?? purchase;
    tell(made, outcome.notices, input.notify ?? true);
    return made;
  }

  return {
    world,
    calls,
    notifications: publisher.all,
    voids: world.voids,
    reviews: world.reviews,
    buy(input) {
      life.tick();
      const parsed = buyInput.parse(input);
      const { packageNames } = options;
      if (packageNames && !packageNames.includes(parsed.packageName)) {
        throw new Conflict(`package ${parsed.packageName} is not one of ${packageNames.join(", ")}`);
      }
      const { purchase, notices } = buy(world, parsed);
      tell(purchase, notices, parsed.notify ?? true);
      return made(purchase);
    },
    act: (token, action, input = {}) => made(perform(find(token), action, actionInput.parse(input))),
    purchase(token) {
      const purchase = find(token);
      const orders = purchase.orderIds.flatMap((id) => world.orders.get(id) ?? []);
      const answer: unknown = JSON.parse(answerOf(world, purchase));
      return { ...structuredClone(purchase), possible: possibleActions(world, purchase), answer, orders };
    },
    purchases(uid) {
      life.tick();
      return [...world.purchases.values()].filter((purchase) => uid === undefined || purchase.uid === uid);
    },
    acknowledge(token) {
      const purchase = find(token);
      if (purchase.completedAt === null) throw new Conflict("a pending purchase cannot be acknowledged");
      change(world, purchase, () => {
        purchase.acknowledged = true;
      });
    },
    republish(token, times = 1) {
      const notices = last.get(find(token)) ?? [];
      return Array.from({ length: times }).flatMap(() =>
        notices.map((notice) => publisher.publish(notice, tokenOf(notice), "send")),
      );
    },
    redeliver: (notification) => publisher.redeliver(notification),
    publish: (notice) => publisher.publish(notice, null, "send"),
    sendTestNotice: (packageName) => publisher.publish(testNotice(packageName, now()), null, "send"),
    delivered: () => publisher.idle(),
    tick: life.tick,
    nextAt: life.nextAt,
    releaseNotices: () => publisher.release(),
    count(method, bucket) {
      life.tick();
      calls[method] += 1;
      quota.spend(bucket);
    },
    actAsGoogle(purchase, action, input) {
      try {
        perform(purchase, action, input);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw new GoogleError(400, "invalidValue", error.message, "token");
      }
    },
    tell,
  };
}

function made(purchase: Purchase): Made {
  return { purchaseToken: purchase.purchaseToken, orderId: purchase.orderIds.at(-1) ?? null };
}
