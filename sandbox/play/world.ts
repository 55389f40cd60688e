import type { Clock } from "../clock.ts";
import { cryptoRandom, type Random } from "../random.ts";
import { createIds, type Ids } from "./ids.ts";
import type { Order, Purchase, RefundReview, Void } from "./model.ts";
import { productAnswer } from "./product-view.ts";
import { subscriptionAnswer } from "./subscription-view.ts";
import type { UnacknowledgedTells } from "./unacknowledged.ts";

/** Everything that the sandbox's Google knows. */
export type World = {
  readonly now: Clock;
  readonly random: Random;
  readonly ids: Ids;
  /** Google acts by itself as time goes by. */
  readonly automatic: boolean;
  readonly unacknowledgedTells: UnacknowledgedTells;
  readonly purchases: Map<string, Purchase>;
  readonly orders: Map<string, Order>;
  /** In the order in which they were recorded, which is what `voidedpurchases.list` filters on. */
  readonly voids: Void[];
  readonly reviews: Map<string, RefundReview>;
  /** What changed since Google last looked at what comes next, and when. */
  readonly touched: Map<Purchase | RefundReview, number>;
  readonly answers: WeakMap<Purchase, { current: string | null; previous: string | null }>;
};

/** The world cannot do what was asked: a 409 of the control API, with what is possible instead. */
export class Conflict extends Error {
  override readonly name = "Conflict";
}

export type WorldOptions = {
  /** Tokens, orders and etags come from it; default: true chance. */
  random?: Random | undefined;
  /** Default: only what is asked for happens. */
  automatic?: boolean | undefined;
  /** Default: revoked (12, one-time 2). */
  unacknowledgedTells?: UnacknowledgedTells | undefined;
};

export function createWorld(now: Clock, options: WorldOptions = {}): World {
  const { random = cryptoRandom(), automatic = false, unacknowledgedTells = "revoked" } = options;
  return {
    now,
    automatic,
    unacknowledgedTells,
    random,
    ids: createIds(random),
    purchases: new Map(),
    orders: new Map(),
    voids: [],
    reviews: new Map(),
    touched: new Map(),
    answers: new WeakMap(),
  };
}

/** The JSON of the version 2 `get`, made once per change: the bench reads it far more often than it changes. */
export function answerOf(world: World, purchase: Purchase): string {
  const kept = world.answers.get(purchase);
  if (kept?.current) return kept.current;
  const answer = purchase.type === "subscription" ? subscriptionAnswer(purchase) : productAnswer(purchase);
  const current = JSON.stringify(answer);
  world.answers.set(purchase, { current, previous: kept?.previous ?? null });
  return current;
}

/** The answer before the last change, for the `stale` fault; a new purchase has none but its own. */
export function staleAnswerOf(world: World, purchase: Purchase): string {
  return world.answers.get(purchase)?.previous ?? answerOf(world, purchase);
}

/** Every change of a known purchase goes through here: it gets a new etag and leaves a stale answer behind. */
export function change<T>(world: World, purchase: Purchase, work: () => T): T {
  const previous = answerOf(world, purchase);
  const result = work();
  purchase.etag = world.ids.etag();
  world.answers.set(purchase, { current: null, previous });
  touch(world, purchase);
  return result;
}

export function add<P extends Purchase>(world: World, purchase: P): P {
  world.purchases.set(purchase.purchaseToken, purchase);
  touch(world, purchase);
  return purchase;
}

function touch(world: World, purchase: Purchase): void {
  if (world.automatic) world.touched.set(purchase, world.now());
}
