import { IN_FORCE, NOTHING, over, RUNNING_OUT } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";
import { catalogWith } from "./kit/shop.ts";

const PREPAID = { autoRenewing: false, periodDays: 30 } as const;
const WITH_ADDON = {
  items: [
    { productId: "plan", basePlanId: "monthly" },
    { productId: "addon", basePlanId: "monthly" },
  ],
};

export const planShapes: Chapter = {
  title: "Trials, prepaid plans, add-ons, instalments, prices, test purchases",
  file: "plan-shapes.ts",
  scenarios: [
    {
      id: "trial",
      state: "–",
      event: "free trial begun (4)",
      ...IN_FORCE,
      story: async (s) =>
        void (await s.subscribed("plan", { offer: { offerId: "trial", freeTrialDays: 7 } })),
    },
    {
      id: "trial-paid",
      state: "in free trial",
      event: "first charge (2)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed("plan", { offer: { offerId: "trial", freeTrialDays: 7 } });
        await s.days(8);
      },
    },
    {
      id: "trial-cancelled",
      state: "in free trial",
      event: "cancelled (3), and the trial ends (13)",
      ...over("subscription_cancelled"),
      story: async (s) => {
        await s.subscribed("plan", { offer: { offerId: "trial", freeTrialDays: 7 } });
        await s.google("cancel");
        await s.days(7);
      },
    },
    {
      id: "prepaid",
      state: "–",
      event: "prepaid plan bought (4)",
      ...RUNNING_OUT,
      story: async (s) => void (await s.subscribed("plan", PREPAID)),
    },
    {
      id: "prepaid-topped-up",
      state: "prepaid",
      event: "topped up (13 of the old token, 4 with link)",
      ...RUNNING_OUT,
      grant: "revoked: plan_changed, then delivered",
      later: { days: 20, when: "when the first time would have ended", ...RUNNING_OUT },
      appHeals: true,
      story: async (s) => {
        await s.subscribed("plan", PREPAID);
        await s.days(20);
        await s.google("change_plan");
      },
    },
    {
      id: "prepaid-top-up-pending",
      state: "prepaid",
      event: "topped up, payment pending",
      ...RUNNING_OUT,
      acknowledge: "no",
      story: async (s) => {
        await s.subscribed("plan", PREPAID);
        await s.days(20);
        await s.google("change_plan", { pending: true });
        await s.verifies();
      },
    },
    {
      id: "prepaid-top-up-cancelled",
      state: "prepaid, top-up pending",
      event: "payment cancelled (20 with link)",
      ...RUNNING_OUT,
      acknowledge: "no",
      story: async (s) => {
        await s.subscribed("plan", PREPAID);
        await s.days(20);
        await s.google("change_plan", { pending: true });
        await s.verifies();
        await s.google("cancel");
      },
    },
    {
      id: "prepaid-ends",
      state: "prepaid",
      event: "its time is over (13)",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed("plan", PREPAID);
        await s.days(30);
      },
    },
    {
      id: "addons",
      state: "–",
      event: "bought with an add-on (4)",
      ...IN_FORCE,
      story: async (s) => void (await s.subscribed("plan", WITH_ADDON)),
    },
    {
      id: "addon-added",
      state: "active",
      event: "add-on added (17)",
      ...IN_FORCE,
      later: { days: 28, when: "when the period ends", ...IN_FORCE },
      story: async (s) => {
        await s.subscribed();
        await s.days(5);
        await s.google("add_item", { productId: "addon" });
      },
    },
    {
      id: "addon-removed",
      state: "active with an add-on",
      event: "add-on removed (17): it runs to its end",
      ...IN_FORCE,
      access: "extra: until its end; premium and studio: yes",
      later: {
        days: 28,
        when: "when the period ends",
        access: "extra: no; premium and studio: yes",
        grant: "extra: revoked: plan_changed; premium and studio: delivered",
      },
      story: async (s) => {
        await s.subscribed("plan", WITH_ADDON);
        await s.days(5);
        await s.google("remove_item", { productId: "addon" });
      },
    },
    {
      id: "addon-gone",
      state: "active, add-on leaving",
      event: "renewed without it (2)",
      ...IN_FORCE,
      access: "extra: no; premium and studio: yes",
      grant: "extra: revoked: plan_changed; premium and studio: delivered",
      story: async (s) => {
        await s.subscribed("plan", WITH_ADDON);
        await s.google("remove_item", { productId: "addon" });
        await s.days(31);
      },
    },
    {
      id: "addon-revoked",
      state: "active with an add-on",
      event: "the add-on alone is refunded (12)",
      ...IN_FORCE,
      access: "extra: no; premium and studio: yes",
      grant: "extra: revoked: refund; premium and studio: delivered",
      swapped: { grant: "extra: revoked: plan_changed; premium and studio: delivered" },
      later: { days: 30, when: "when the period ends", access: "extra: no; premium and studio: yes" },
      story: async (s) => {
        await s.subscribed("plan", WITH_ADDON);
        await s.google("revoke_item", { productId: "addon" });
      },
    },
    {
      id: "addon-declined",
      state: "active with an add-on",
      event: "the add-on's charge fails: all on hold (5)",
      access: "no",
      grant: "revoked: subscription_on_hold",
      licence: "suspended",
      acknowledge: "acknowledged",
      story: async (s) => {
        await s.subscribed("plan", WITH_ADDON);
        await s.google("decline", { productId: "addon", silentHours: 0, graceDays: 0, holdDays: 10 });
        await s.days(31);
      },
    },
    {
      id: "addon-lost-in-hold",
      state: "on hold for its add-on",
      event: "hold ends: the add-on is over, the plan resumes (1)",
      ...IN_FORCE,
      access: "extra: no; premium and studio: yes",
      grant:
        "extra: revoked: subscription_on_hold; premium and studio: revoked: subscription_on_hold, then delivered",
      story: async (s) => {
        await s.subscribed("plan", WITH_ADDON);
        await s.google("decline", { productId: "addon", silentHours: 0, graceDays: 0, holdDays: 10 });
        await s.days(42);
      },
    },
    {
      id: "instalments-cancelled",
      state: "paying by instalments",
      event: "cancellation scheduled (18)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed("plan", { installments: 3 });
        await s.google("cancel");
      },
    },
    {
      id: "instalments-charged",
      state: "paying by instalments, cancellation scheduled",
      event: "next instalment (2)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed("plan", { installments: 3 });
        await s.google("cancel");
        await s.days(31);
      },
    },
    {
      id: "instalments-over",
      state: "paying by instalments, cancellation scheduled",
      event: "the commitment ends (3, 13)",
      ...over("subscription_cancelled"),
      story: async (s) => {
        await s.subscribed("plan", { installments: 3 });
        await s.google("cancel");
        await s.days(90);
      },
    },
    {
      id: "deferral",
      state: "active",
      event: "billing deferred (9)",
      ...IN_FORCE,
      later: { days: 40, when: "when the period would have ended", ...IN_FORCE },
      story: async (s) => {
        await s.subscribed();
        await s.google("defer", { days: 60 });
      },
    },
    {
      id: "price-change",
      state: "active",
      event: "price raised, consent outstanding (19, 8)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("price_change", { price: 199 });
      },
    },
    {
      id: "price-accepted",
      state: "active, new price outstanding",
      event: "consented (19, 8), and charged (2)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("price_change", { price: 199 });
        await s.google("accept_price");
        await s.days(31);
      },
    },
    {
      id: "price-refused",
      state: "active, new price outstanding",
      event: "never consented: cancelled at the renewal (3, 13)",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed();
        await s.google("price_change", { price: 199 });
        await s.days(30);
      },
    },
    {
      id: "step-up",
      state: "in an offer, in Korea",
      event: "consent to the full price asked for (22)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("step_up", { price: 199 });
      },
    },
    {
      id: "step-up-refused",
      state: "in an offer, consent outstanding",
      event: "never consented: cancelled at the renewal (3, 13)",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed();
        await s.google("step_up", { price: 199 });
        await s.days(30);
      },
    },
    {
      id: "test-purchase",
      state: "–",
      event: "a licence tester subscribes (4)",
      ...IN_FORCE,
      world: { automatic: false },
      story: async (s) => void (await s.subscribed("plan", { test: true })),
    },
    {
      id: "test-purchase-ends",
      state: "a licence tester's, active",
      event: "renewed six times, five minutes each (2), and expired (3, 13)",
      ...over("subscription_expired"),
      story: async (s) => {
        await s.subscribed("plan", { test: true });
        await s.hours(1);
      },
    },
    {
      id: "test-purchase-ignored",
      state: "–",
      event: "a licence tester subscribes (4), and the catalogue ignores them",
      ...NOTHING,
      world: { automatic: false, catalog: catalogWith({ test_purchases: "ignore" }) },
      story: async (s) => void (await s.subscribed("plan", { test: true })),
    },
  ],
};
