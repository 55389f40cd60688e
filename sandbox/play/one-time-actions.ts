import { chargeOneTime } from "./charge.ts";
import type { ActionInput } from "./inputs.ts";
import type { OneTimePurchase, OneTimeState } from "./model.ts";
import { oneTimeNotice } from "./notices.ts";
import type { Outcome } from "./outcome.ts";
import { refund } from "./refunds.ts";
import { change, type World } from "./world.ts";

type Act = (world: World, purchase: OneTimePurchase, input: ActionInput) => Outcome;

/** What can happen to a one-time product; the notices are those of facts section 3. */
export const oneTimeActions: Record<string, { from: readonly OneTimeState[]; act: Act }> = {
  pay: { from: ["PENDING"], act: pay },
  cancel: { from: ["PENDING"], act: cancel },
  refund: {
    from: ["PURCHASED"],
    act: (world, purchase, input) => ({ notices: refund(world, purchase, input) }),
  },
  revoke: {
    from: ["PURCHASED"],
    act: (world, purchase, input) => ({
      notices: refund(world, purchase, { source: 1, ...input, revoked: true }),
    }),
  },
};

function pay(world: World, purchase: OneTimePurchase): Outcome {
  change(world, purchase, () => chargeOneTime(world, purchase));
  return { notices: [oneTimeNotice(purchase, "PURCHASED", world.now())] };
}

function cancel(world: World, purchase: OneTimePurchase): Outcome {
  change(world, purchase, () => {
    purchase.state = "CANCELLED";
    purchase.refundableQuantity = 0;
  });
  return { notices: [oneTimeNotice(purchase, "CANCELED", world.now())] };
}
