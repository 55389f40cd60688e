import type { ActionInput } from "./inputs.ts";
import type { Purchase } from "./model.ts";
import { oneTimeActions } from "./one-time-actions.ts";
import type { Outcome } from "./outcome.ts";
import { requestRefundReview } from "./refund-review.ts";
import { subscriptionActions } from "./subscription-actions.ts";
import { Conflict, type World } from "./world.ts";

/** Something happens to a purchase; what its state does not allow is refused with what it does allow. */
export function act(world: World, purchase: Purchase, action: string, input: ActionInput): Outcome {
  if (action === "refund_review") return { notices: [requestRefundReview(world, purchase, input)] };
  if (!possibleActions(world, purchase).includes(action))
    throw new Conflict(refusal(world, purchase, action));
  const outcome =
    purchase.type === "subscription"
      ? subscriptionActions[action]?.act(world, purchase, input)
      : oneTimeActions[action]?.act(world, purchase, input);
  return outcome ?? { notices: [] };
}

function refusal(world: World, purchase: Purchase, action: string): string {
  const possible = possibleActions(world, purchase).join(", ") || "nothing";
  const why =
    purchase.type === "subscription" ? subscriptionActions[action]?.refused?.(world, purchase) : null;
  const state = `${purchase.type} in state ${purchase.state}`;
  return `${action} is not possible for a ${state}${why ? ` (${why})` : ""}; possible: ${possible}`;
}

/** What the page offers for a purchase, and a 409 tells. */
export function possibleActions(world: World, purchase: Purchase): string[] {
  if (purchase.type === "one_time")
    return namesOf(oneTimeActions, (action) => action.from.includes(purchase.state));
  return namesOf(
    subscriptionActions,
    ({ from, refused }) => from.includes(purchase.state) && !refused?.(world, purchase),
  );
}

function namesOf<T>(actions: Record<string, T>, possible: (action: T) => boolean): string[] {
  return Object.entries(actions)
    .filter(([, action]) => possible(action))
    .map(([name]) => name);
}
