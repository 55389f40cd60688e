import { byHand } from "./by-hand.ts";
import type { Chapter } from "./kit/scenario.ts";
import { oneTime } from "./one-time.ts";
import { ownership } from "./ownership.ts";
import { paymentTrouble } from "./payment-trouble.ts";
import { planChanges } from "./plan-changes.ts";
import { planShapes } from "./plan-shapes.ts";
import { refunds } from "./refunds.ts";
import { subscriptions } from "./subscriptions.ts";

/** All of docs/lifecycle.md, in its order. */
export const CHAPTERS: readonly Chapter[] = [
  subscriptions,
  paymentTrouble,
  planShapes,
  planChanges,
  oneTime,
  refunds,
  ownership,
  byHand,
];
