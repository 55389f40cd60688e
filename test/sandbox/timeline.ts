import type { ActionInput, BuyInput } from "../../sandbox/play/inputs.ts";
import { seededRandom } from "../../sandbox/random.ts";
import { createSandbox, type InProcess, type InProcessOptions } from "../../sandbox/sandbox.ts";
import { DAY, PACKAGE, told } from "./support.ts";

export const START = Date.UTC(2026, 0, 1);

export type Timeline = {
  sandbox: InProcess;
  /** Moves the clock to that day and lets Google act. */
  day(day: number): void;
  now(): number;
  buy(input?: Partial<BuyInput>): string;
  /** A purchase that the app acknowledged at once. */
  bought(input?: Partial<BuyInput>): string;
  act(token: string, action: string, input?: ActionInput): string;
  /** What was told and on which day: `2@30`, as of the notice's own time. */
  told(): string[];
  answer(token: string): Answer;
};

export type AnswerItem = {
  productId: string;
  expiryTime?: string;
  latestSuccessfulOrderId?: string;
  autoRenewingPlan?: Record<string, unknown>;
  deferredItemRemoval?: object;
  offerDetails?: object;
  offerPhase?: object;
};

export type Answer = {
  subscriptionState: string;
  lineItems: AnswerItem[];
  canceledStateContext?: object;
  linkedPurchaseToken?: string;
};

/** A sandbox whose Google acts by itself on a clock that starts on day 0. */
export function timeline(options: InProcessOptions = {}): Timeline {
  let now = START;
  const sandbox = createSandbox({ now: () => now, automatic: true, random: seededRandom(1), ...options });
  const plan = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };
  const buy = (input: Partial<BuyInput> = {}) => sandbox.play.buy({ ...plan, ...input }).purchaseToken;
  return {
    sandbox,
    day(day) {
      now = START + day * DAY;
      sandbox.play.tick();
    },
    now: () => now,
    buy,
    bought(input) {
      const token = buy(input);
      sandbox.play.acknowledge(token);
      return token;
    },
    act: (token, action, input) => sandbox.play.act(token, action, input).purchaseToken,
    told() {
      const kinds = told(sandbox);
      return sandbox.play.notifications.map(({ body }, at) => {
        const { eventTimeMillis } = body as { eventTimeMillis: string };
        return `${kinds[at]}@${Math.round(((Number(eventTimeMillis) - START) / DAY) * 1000) / 1000}`;
      });
    },
    answer: (token) => sandbox.play.purchase(token).answer as Answer,
  };
}

/** One-time products have no base plan. */
export const ONE_TIME = { productId: "lifetime", type: "one_time" } as const;
