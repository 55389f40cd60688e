import { changePlan } from "./change-plan.ts";
import type { ActionInput } from "./inputs.ts";
import { addItem, deferAction, removeItem, revokeItem } from "./item-actions.ts";
import type { Subscription, SubscriptionState } from "./model.ts";
import type { Outcome } from "./outcome.ts";
import { acceptPrice, changePrice, stepUp, withdrawPrice } from "./price-actions.ts";
import { CHARGEBACK, refund } from "./refunds.ts";
import { cancel, expire, restart } from "./subscription-ends.ts";
import {
  accept,
  decline,
  grace,
  hold,
  pause,
  pay,
  recover,
  renew,
  resume,
  schedulePause,
  unschedulePause,
} from "./subscription-payments.ts";
import type { World } from "./world.ts";

type Act = (world: World, purchase: Subscription, input: ActionInput) => Outcome;
type Action = {
  from: readonly SubscriptionState[];
  act: Act;
  /** Why it is not possible all the same; null: it is. */
  refused?: (world: World, purchase: Subscription) => string | null;
};

const LIVE = ["ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED", "CANCELED"] as const;
const CHARGED = ["ACTIVE", "IN_GRACE_PERIOD", "ON_HOLD", "PAUSED"] as const;

/** Which state allows what, and what it does: the notices are those of facts section 3. */
export const subscriptionActions: Record<string, Action> = {
  pay: { from: ["PENDING"], act: pay },
  cancel: { from: ["PENDING", ...CHARGED], act: cancel },
  restart: { from: ["CANCELED"], act: restart },
  renew: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: (world, purchase) => renew(world, purchase) },
  grace: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: grace },
  hold: { from: ["ACTIVE", "IN_GRACE_PERIOD"], act: hold },
  recover: { from: ["ON_HOLD", "IN_GRACE_PERIOD"], act: recover },
  pause: { from: ["ACTIVE"], act: pause },
  resume: { from: ["PAUSED"], act: resume },
  expire: { from: LIVE, act: (world, purchase) => expire(world, purchase) },
  revoke: {
    from: LIVE,
    act: (world, purchase, input) => ({ notices: refund(world, purchase, { source: 1, ...input }) }),
  },
  refund: {
    from: [...LIVE, "EXPIRED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, input) }),
  },
  chargeback: {
    from: [...LIVE, "EXPIRED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, { ...input, ...CHARGEBACK }) }),
  },
  change_plan: {
    from: ["ACTIVE", "IN_GRACE_PERIOD", "CANCELED"],
    act: changePlan,
    refused: (world, { acknowledged }) =>
      acknowledged || !world.automatic ? null : "Play changes no plan before it is acknowledged",
  },
  decline: { from: CHARGED, act: decline },
  accept: { from: CHARGED, act: accept },
  defer: { from: ["ACTIVE"], act: deferAction },
  schedule_pause: { from: ["ACTIVE"], act: schedulePause },
  unschedule_pause: { from: ["ACTIVE"], act: unschedulePause },
  price_change: { from: ["ACTIVE"], act: changePrice },
  step_up: { from: ["ACTIVE"], act: stepUp },
  accept_price: { from: CHARGED, act: acceptPrice },
  withdraw_price: { from: CHARGED, act: withdrawPrice },
  add_item: { from: ["ACTIVE"], act: addItem },
  remove_item: { from: ["ACTIVE"], act: removeItem },
  revoke_item: { from: LIVE, act: revokeItem },
};
