import { IN_FORCE, over } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";

const MAX = { productId: "plan_max" } as const;
/** The same product goes on: its licence waits until the new token is known, and resumes. */
const TAKEN_OVER = { ...IN_FORCE, grant: "revoked: plan_changed, then delivered" };
/** Another product: its own licence. */
const CHANGED = {
  ...IN_FORCE,
  grant: "extra: delivered; premium and studio: revoked: plan_changed, then delivered",
  licence: "revoked, then active",
};

export const planChanges: Chapter = {
  title: "Plan changes and buying again",
  file: "plan-changes.ts",
  scenarios: [
    {
      id: "upgrade",
      state: "active",
      event: "to a bigger plan, at once (13 of the old token, 4)",
      ...CHANGED,
      appHeals: true,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { ...MAX, mode: "CHARGE_PRORATED_PRICE" });
      },
    },
    {
      id: "upgrade-app-first",
      state: "active",
      event: "to a bigger plan, at once, and the app tells first",
      ...CHANGED,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.changes({ ...MAX, mode: "WITH_TIME_PRORATION" });
      },
    },
    {
      id: "downgrade",
      state: "active",
      event: "to a smaller plan, at once",
      ...IN_FORCE,
      access: "extra: no; premium and studio: yes",
      grant: "extra: revoked: plan_changed; premium and studio: revoked: plan_changed, then delivered",
      licence: "revoked, then active",
      appHeals: true,
      story: async (s) => {
        await s.subscribed("plan_max");
        await s.days(10);
        await s.google("change_plan", { productId: "plan", mode: "WITHOUT_PRORATION" });
      },
    },
    {
      id: "change-base-plan",
      state: "active",
      event: "to another base plan of the same product",
      ...TAKEN_OVER,
      appHeals: true,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { basePlanId: "yearly", periodDays: 365, mode: "CHARGE_FULL_PRICE" });
      },
    },
    {
      id: "change-base-plan-app-first",
      state: "active",
      event: "to another base plan of the same product, and the app tells first",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.changes({ basePlanId: "yearly", periodDays: 365 });
      },
    },
    {
      id: "change-keeps-add-on",
      state: "active with an add-on",
      event: "another base plan, and the app tells first: the add-on stays",
      ...IN_FORCE,
      story: async (s) => {
        const items = [
          { productId: "plan", basePlanId: "monthly" },
          { productId: "addon", basePlanId: "monthly" },
        ];
        await s.subscribed("plan", { items });
        await s.days(10);
        await s.changes({ basePlanId: "yearly", periodDays: 365 });
      },
    },
    {
      id: "change-deferred",
      state: "active",
      event: "to a smaller plan, deferred: the old one stays until its end (4)",
      ...TAKEN_OVER,
      access: "until its end",
      appHeals: true,
      story: async (s) => {
        await s.subscribed("plan_max");
        await s.days(10);
        await s.google("change_plan", { productId: "plan", mode: "DEFERRED" });
      },
    },
    {
      id: "change-deferred-switched",
      state: "active, change deferred",
      event: "it takes effect (2)",
      ...IN_FORCE,
      access: "extra: no; premium and studio: yes",
      grant: "extra: revoked: plan_changed; premium and studio: revoked: plan_changed, then delivered",
      licence: "revoked, then active",
      appHeals: true,
      story: async (s) => {
        await s.subscribed("plan_max");
        await s.days(10);
        await s.changes({ productId: "plan", mode: "DEFERRED" });
        await s.days(21);
      },
    },
    {
      id: "to-prepaid",
      state: "active",
      event: "to a prepaid plan (4)",
      ...TAKEN_OVER,
      access: "until its end",
      appHeals: true,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { autoRenewing: false, mode: "CHARGE_FULL_PRICE" });
      },
    },
    {
      id: "from-prepaid",
      state: "prepaid",
      event: "to an auto-renewing plan (4)",
      ...TAKEN_OVER,
      appHeals: true,
      story: async (s) => {
        await s.subscribed("plan", { autoRenewing: false });
        await s.days(10);
        await s.google("change_plan", { autoRenewing: true });
      },
    },
    {
      id: "change-pending",
      state: "active",
      event: "to a bigger plan, payment pending: the old one rules",
      ...IN_FORCE,
      acknowledge: "no",
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { ...MAX, pending: true });
        await s.verifies();
      },
    },
    {
      id: "change-pending-paid",
      state: "active, change pending",
      event: "paid (13 of the old token, 4)",
      ...CHANGED,
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { ...MAX, pending: true });
        await s.verifies();
        await s.google("pay");
      },
    },
    {
      id: "change-pending-cancelled",
      state: "active, change pending",
      event: "cancelled (20 with link): the old one goes on",
      ...IN_FORCE,
      acknowledge: "no",
      story: async (s) => {
        await s.subscribed();
        await s.days(10);
        await s.google("change_plan", { ...MAX, pending: true });
        await s.verifies();
        await s.google("cancel");
      },
    },
    {
      id: "old-token-expired-last",
      state: "active, plan changed",
      event: "the old token's end comes last (13)",
      ...CHANGED,
      appHeals: true,
      story: async (s) => {
        const old = await s.subscribed();
        await s.days(10);
        await s.google("change_plan", MAX);
        s.world.sandbox.play.republish(old);
        await s.world.settle();
      },
    },
    {
      id: "old-token-still-active",
      state: "active, plan changed",
      event: "the old token still reads active",
      ...CHANGED,
      story: async (s) => {
        const { play, faults } = s.world.sandbox;
        const old = await s.subscribed();
        await s.days(10);
        await s.changes(MAX);
        faults.add({ service: "play", kind: "stale", path: old, count: 1 });
        play.republish(old);
        await s.world.settle();
        faults.clear();
      },
    },
    {
      id: "chain-never-seen",
      state: "two tokens that we never saw",
      event: "a third one takes their place (4 with link)",
      ...IN_FORCE,
      appHeals: true,
      story: async (s) => {
        const { play } = s.world.sandbox;
        const unseen = { notify: false } as const;
        s.subject = play.buy({
          uid: "ann",
          packageName: "com.example.app",
          productId: "plan",
          basePlanId: "m",
          ...unseen,
        }).purchaseToken;
        play.acknowledge(s.subject);
        s.subject = play.act(s.subject, "change_plan", { ...MAX, ...unseen }).purchaseToken;
        play.acknowledge(s.subject);
        await s.google("change_plan", { productId: "plan" });
      },
    },
    {
      id: "resubscribe-before-end",
      state: "cancelled",
      event: "subscribed again in the app before its end (4 with link)",
      ...TAKEN_OVER,
      appHeals: true,
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(10);
        await s.google("change_plan");
      },
    },
    {
      id: "resubscribe-after-end",
      state: "expired",
      event: "subscribed again in the app (4, no link)",
      ...IN_FORCE,
      grant: "revoked: subscription_cancelled, then delivered",
      licence: "revoked, then active",
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(40);
        await s.subscribed();
      },
    },
    {
      id: "resubscribe-in-play",
      state: "expired",
      event: "subscribed again in Play (4; outOfAppPurchaseContext names the old token)",
      ...IN_FORCE,
      grant: "revoked: subscription_cancelled, then delivered",
      licence: "revoked, then active",
      appHeals: true,
      story: async (s) => {
        const old = await s.subscribed();
        await s.google("cancel");
        await s.days(40);
        await s.subscribes("plan", { resubscribes: old });
      },
    },
    {
      id: "resubscribe-in-play-unnamed",
      state: "expired, account ids not looked at (`none`)",
      event: "subscribed again in Play (4): the old token tells whose it is",
      ...IN_FORCE,
      grant: "revoked: subscription_cancelled, then delivered",
      licence: "revoked, then active",
      appHeals: true,
      world: { accountIds: "none" },
      story: async (s) => {
        const old = await s.subscribed();
        await s.google("cancel");
        await s.days(40);
        await s.subscribes("plan", { resubscribes: old });
      },
    },
    {
      id: "old-token-refunded-after-change",
      state: "active, plan changed",
      event: "an order of the old token is refunded (void)",
      ...CHANGED,
      swapped: { grant: "extra: delivered; premium and studio: revoked: refund, then delivered" },
      appHeals: true,
      story: async (s) => {
        const old = await s.subscribed();
        await s.days(10);
        const changed = await s.google("change_plan", MAX);
        s.subject = old;
        await s.google("refund");
        s.subject = changed;
      },
    },
    {
      id: "plan-changed-ends",
      state: "active, plan changed",
      event: "cancelled and expired (3, 13)",
      ...over("subscription_cancelled"),
      grant:
        "extra: revoked: subscription_cancelled; premium and studio: revoked: plan_changed, then revoked: subscription_cancelled",
      licence: "2 × revoked",
      story: async (s) => {
        await s.subscribed();
        await s.days(1);
        await s.google("change_plan", MAX);
        await s.verifies();
        await s.google("cancel");
        await s.days(30);
      },
    },
  ],
};
