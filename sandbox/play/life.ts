import type { SandboxClock } from "../clock.ts";
import { createAgenda } from "./agenda.ts";
import type { Due } from "./due.ts";
import type { OneTimePurchase, Purchase, RefundReview } from "./model.ts";
import type { Notice } from "./notices.ts";
import { oneTimeActions } from "./one-time-actions.ts";
import { reviewDue } from "./refund-review.ts";
import { nextOf } from "./subscription-life.ts";
import { takeBack, takenBackAt } from "./unacknowledged.ts";
import type { World } from "./world.ts";

export type Life = {
  /** Lets everything happen that is due by now, in order of time, each thing as of its own moment. */
  tick(): void;
  /** When the next thing happens of itself (epoch milliseconds); null: nothing is to come. */
  nextAt(): number | null;
};

/** Google goes on by itself: it renews, waits, holds, ends and takes back, and tells by notices. */
export function createLife(
  world: World,
  clock: SandboxClock,
  tell: (purchase: Purchase, notices: Notice[]) => void,
): Life {
  const agenda = createAgenda<Purchase | RefundReview>();
  let ticking = false;

  function plan(): void {
    if (world.touched.size === 0) return;
    for (const [subject, since] of world.touched) {
      const next = nextDue(world, subject);
      // What should have been before the change is made up for at once.
      agenda.put(subject, next === null ? null : Math.max(next.at, since));
    }
    world.touched.clear();
  }

  function happen({ subject, at }: { subject: Purchase | RefundReview; at: number }): void {
    clock.during(at, () => {
      const outcome = nextDue(world, subject)?.happen();
      world.touched.set(subject, at);
      const about = "pendingRefundToken" in subject ? world.purchases.get(subject.purchaseToken) : subject;
      if (outcome !== undefined && about !== undefined) tell(about, outcome.notices);
    });
  }

  function tick(): void {
    if (ticking || !world.automatic) return;
    ticking = true;
    try {
      plan();
      for (let next = agenda.take(clock.now()); next !== null; next = agenda.take(clock.now())) {
        happen(next);
        plan();
      }
    } finally {
      ticking = false;
    }
  }

  return {
    tick,
    nextAt() {
      if (!world.automatic) return null;
      plan();
      return agenda.nextAt();
    },
  };
}

/** The sooner of what its state brings and of the end of its acknowledgement window. */
function nextDue(world: World, subject: Purchase | RefundReview): Due | null {
  if ("pendingRefundToken" in subject) return reviewDue(world, subject);
  const next = subject.type === "subscription" ? nextOf(world, subject) : nextOfOneTime(world, subject);
  const at = takenBackAt(subject);
  if (at === null || (next !== null && next.at < at)) return next;
  return { at, happen: () => ({ notices: takeBack(world, subject) }) };
}

/** A pre-order is released and paid; any other pending payment runs out. */
function nextOfOneTime(world: World, purchase: OneTimePurchase): Due | null {
  if (purchase.state !== "PENDING") return null;
  const { releasesAt, payBy } = purchase;
  const [at, action] = releasesAt === null ? [payBy, "cancel"] : [releasesAt, "pay"];
  if (at === null) return null;
  return { at, happen: () => oneTimeActions[action]?.act(world, purchase, {}) ?? { notices: [] } };
}
