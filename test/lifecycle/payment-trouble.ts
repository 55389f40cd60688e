import { IN_FORCE, over, RUNNING_OUT, regranted, suspended } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";
import type { Stage } from "./kit/stage.ts";

/** Bought, and from then on every charge is refused. */
async function declining(s: Stage, graceDays: number): Promise<void> {
  await s.subscribed();
  await s.google("decline", { silentHours: 0, graceDays, holdDays: 30 });
}

async function onHold(s: Stage): Promise<void> {
  await declining(s, 0);
  await s.days(31);
}

async function paused(s: Stage): Promise<void> {
  await s.subscribed();
  await s.google("schedule_pause", { days: 30 });
  await s.days(31);
}

export const paymentTrouble: Chapter = {
  title: "Grace, hold, pause",
  file: "payment-trouble.ts",
  scenarios: [
    {
      id: "grace",
      state: "active",
      event: "in grace period (6)",
      ...IN_FORCE,
      story: async (s) => {
        await declining(s, 7);
        await s.days(30.5);
      },
    },
    {
      id: "grace-pushed-on",
      state: "in grace period",
      event: "Google moves its end on, without a word",
      ...IN_FORCE,
      story: async (s) => {
        await declining(s, 14);
        await s.days(36);
      },
    },
    {
      id: "grace-recovered",
      state: "in grace period",
      event: "paid (2)",
      ...IN_FORCE,
      story: async (s) => {
        await declining(s, 7);
        await s.days(33);
        await s.google("accept");
      },
    },
    {
      id: "grace-cancelled",
      state: "in grace period",
      event: "cancelled by the user (3): it ends with the grace period",
      ...RUNNING_OUT,
      later: { days: 8, when: "when the grace period ends", ...over("subscription_cancelled") },
      story: async (s) => {
        await declining(s, 7);
        await s.days(30.5);
        await s.google("cancel");
      },
    },
    {
      id: "grace-to-hold",
      state: "in grace period",
      event: "on hold (5)",
      ...suspended(),
      story: async (s) => {
        await declining(s, 7);
        await s.days(38);
      },
    },
    { id: "hold", state: "active", event: "on hold (5)", ...suspended(), story: onHold },
    {
      id: "hold-recovered",
      state: "on hold",
      event: "recovered (1)",
      ...regranted(),
      later: { days: 1, when: "within a day", access: "yes", licence: "active" },
      story: async (s) => {
        await onHold(s);
        await s.google("accept");
      },
    },
    {
      id: "hold-runs-out",
      state: "on hold",
      event: "cancelled and expired (3, 13)",
      ...over("subscription_expired"),
      grant: "revoked: subscription_on_hold",
      story: async (s) => {
        await onHold(s);
        await s.days(30);
      },
    },
    {
      id: "hold-cancelled",
      state: "on hold",
      event: "cancelled by the user (3, expiry past; 13)",
      ...over("subscription_on_hold"),
      later: { days: 1, when: "within a day", ...over("subscription_on_hold") },
      story: async (s) => {
        await onHold(s);
        await s.google("cancel");
      },
    },
    {
      id: "pause-scheduled",
      state: "active",
      event: "pause scheduled (11)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("schedule_pause", { days: 30 });
      },
    },
    {
      id: "pause-taken-back",
      state: "active, pause scheduled",
      event: "pause taken back (11)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("schedule_pause", { days: 30 });
        await s.google("unschedule_pause");
        await s.days(31);
      },
    },
    {
      id: "pause",
      state: "active, pause scheduled",
      event: "paused (10)",
      ...suspended(" (paused)"),
      story: paused,
    },
    {
      id: "pause-ends",
      state: "paused",
      event: "resumed by itself (1)",
      ...regranted(" (paused)"),
      story: async (s) => {
        await paused(s);
        await s.days(30);
      },
    },
    {
      id: "pause-resumed",
      state: "paused",
      event: "resumed by the user (1)",
      ...regranted(" (paused)"),
      later: { days: 1, when: "within a day", access: "yes", licence: "active" },
      story: async (s) => {
        await paused(s);
        await s.google("resume");
      },
    },
    {
      id: "pause-to-hold",
      state: "paused",
      event: "resuming fails: on hold (5)",
      ...suspended(" (paused)"),
      story: async (s) => {
        await paused(s);
        await s.google("decline", { holdDays: 30 });
        await s.days(30);
      },
    },
    {
      id: "pause-cancelled",
      state: "paused",
      event: "cancelled by the user (3, 13)",
      ...over("subscription_on_hold (paused)"),
      later: { days: 1, when: "within a day", ...over("subscription_on_hold (paused)") },
      story: async (s) => {
        await paused(s);
        await s.google("cancel");
      },
    },
  ],
};
