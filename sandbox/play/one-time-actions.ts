import { chargeOneTime } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import type { OneTimePurchase, OneTimeState } from "./model.ts";
import { oneTimeNotice } from "./notices.ts";
import type { Outcome } from "./outcome.ts";
import { CHARGEBACK, refund } from "./refunds.ts";
import { Conflict, change, type World } from "./world.ts";

type Act = (world: World, purchase: OneTimePurchase, input: ActionInput) => Outcome;

/** What can happen to a one-time product; the notices are those of facts section 3. */
export const oneTimeActions: Record<string, { from: readonly OneTimeState[]; act: Act }> = {
  pay: { from: ["PENDING"], act: pay },
  cancel: { from: ["PENDING"], act: cancel },
  refund: {
    from: ["PURCHASED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, input) }),
  },
  chargeback: {
    from: ["PURCHASED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, { ...input, ...CHARGEBACK }) }),
  },
  /** Out now and not when it was announced. */
  preorder_release: { from: ["PENDING"], act: release },
  revoke: {
    from: ["PURCHASED"],
    act: (world, purchase, input) => ({
      notices: refund(world, purchase, { source: 1, ...input, revoked: true }),
    }),
  },
};

function pay(world: World, purchase: OneTimePurchase, _input: ActionInput): Outcome {
  change(world, purchase, () => chargeOneTime(world, purchase));
  return { notices: [oneTimeNotice(purchase, "PURCHASED", world.now())] };
}

function release(world: World, purchase: OneTimePurchase, input: ActionInput): Outcome {
  if (purchase.releasesAt === null) throw new Conflict("it is no pre-order");
  return pay(world, purchase, input);
}

function cancel(world: World, purchase: OneTimePurchase): Outcome {
  change(world, purchase, () => {
    purchase.state = "CANCELLED";
    purchase.refundableQuantity = 0;
    purchase.payBy = null;
    const ordered = world.orders.get(purchase.orderIds[0] ?? "");
    if (ordered !== undefined) ordered.state = "CANCELED";
  });
  return { notices: [oneTimeNotice(purchase, "CANCELED", world.now())] };
}
