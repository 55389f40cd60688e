import { IN_FORCE, NOTHING, over, RUNNING_OUT } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";

export const subscriptions: Chapter = {
  title: "Subscriptions: bought, renewed, cancelled, over",
  file: "subscriptions.ts",
  scenarios: [
    {
      id: "subscribe",
      state: "–",
      event: "subscribed (4)",
      ...IN_FORCE,
      story: async (s) => void (await s.subscribed()),
    },
    {
      id: "subscribe-app-killed",
      state: "–",
      event: "subscribed (4), and the app is killed before it tells us",
      ...IN_FORCE,
      appHeals: true,
      story: async (s) => void (await s.subscribes()),
    },
    {
      id: "subscribe-pending",
      state: "–",
      event: "subscribed, payment pending",
      ...NOTHING,
      story: async (s) => void (await s.subscribed("plan", { pending: true, autoRenewing: false })),
    },
    {
      id: "subscribe-pending-paid",
      state: "pending",
      event: "paid (4)",
      ...RUNNING_OUT,
      story: async (s) => {
        await s.subscribed("plan", { pending: true, autoRenewing: false });
        await s.google("pay");
      },
    },
    {
      id: "subscribe-pending-cancelled",
      state: "pending",
      event: "payment cancelled (20)",
      ...NOTHING,
      story: async (s) => {
        await s.subscribed("plan", { pending: true, autoRenewing: false });
        await s.google("cancel");
      },
    },
    {
      id: "subscribe-pending-runs-out",
      state: "pending",
      event: "never paid (20)",
      ...NOTHING,
      story: async (s) => {
        await s.subscribed("plan", { pending: true, autoRenewing: false, pendingDays: 2 });
        await s.days(2);
      },
    },
    {
      id: "renew",
      state: "active",
      event: "renewed (2)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.days(30);
      },
    },
    {
      id: "silent-day",
      state: "active",
      event: "the period ends, and Google says nothing",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("decline", { silentHours: 48 });
        await s.days(31);
      },
    },
    {
      id: "silent-day-renewed",
      state: "active, overdue in silence",
      event: "renewed (2) a day late",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("decline", { silentHours: 48 });
        await s.days(31);
        await s.google("accept");
      },
    },
    {
      id: "silent-too-long",
      state: "active, overdue in silence",
      event: "the leeway of three days is over",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed();
        await s.google("decline", { silentHours: 240 });
        await s.days(33);
      },
    },
    {
      id: "cancel",
      state: "active",
      event: "cancelled by the user (3)",
      ...RUNNING_OUT,
      later: { days: 20, when: "when the period ends", ...over("subscription_cancelled") },
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("cancel");
      },
    },
    {
      id: "cancel-by-developer",
      state: "active",
      event: "cancelled by the developer (3)",
      ...RUNNING_OUT,
      later: { days: 30, when: "when the period ends", ...over("subscription_cancelled") },
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel", { by: "developer" });
      },
    },
    {
      id: "cancelled-expires",
      state: "cancelled",
      event: "expired (13)",
      ...over("subscription_cancelled"),
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(30);
      },
    },
    {
      id: "restart",
      state: "cancelled",
      event: "restarted (7)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(10);
        await s.google("restart");
      },
    },
    {
      id: "renewal-fails",
      state: "active",
      event: "the renewal fails, and there is neither grace nor hold (3, 13)",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed();
        await s.google("decline", { silentHours: 24, graceDays: 0, holdDays: 0 });
        await s.days(31);
      },
    },
    {
      id: "forgotten",
      state: "expired for 60 days",
      event: "Google has forgotten the token (410)",
      ...over("subscription_cancelled"),
      refusals: ["purchase_token_expired"],
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(95);
        await s.verifies();
      },
    },
  ],
};
