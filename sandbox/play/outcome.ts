import type { Purchase, Subscription } from "./model.ts";
import { type Notice, subscriptionNotice } from "./notices.ts";
import type { World } from "./world.ts";

/** What an action told, and the purchase that it made where it made a new one. */
export type Outcome = { notices: Notice[]; purchase?: Purchase };

/** The common case: one notice about the subscription itself. */
export function one(
  world: World,
  purchase: Subscription,
  type: Parameters<typeof subscriptionNotice>[1],
): Outcome {
  return { notices: [subscriptionNotice(purchase, type, world.now())] };
}
