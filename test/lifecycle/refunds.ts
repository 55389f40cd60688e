import { must } from "../support/builders.ts";
import { IN_FORCE, NOTHING, over } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";

export const refunds: Chapter = {
  title: "Refunds, voids, chargebacks",
  file: "refunds.ts",
  scenarios: [
    {
      id: "refund",
      state: "purchased",
      event: "refunded in full (void, refundType 1)",
      ...over("refund"),
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("refund");
      },
    },
    {
      id: "refund-while-read-says-purchased",
      state: "purchased",
      event: "voided while Google's read still says purchased",
      ...over("refund"),
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("refund", { keepState: true });
      },
    },
    {
      id: "refund-without-revoke",
      state: "purchased",
      event: "refunded, access left to the customer",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("refund", { revoke: false });
      },
    },
    {
      id: "refund-units",
      state: "three purchased",
      event: "one of them refunded (void, refundType 2)",
      access: "yes",
      grant: "2 × delivered and revoked: refund",
      licence: "2 × active and revoked",
      acknowledge: "consumed",
      story: async (s) => {
        await s.bought("seats", { quantity: 3 });
        await s.google("refund", { quantity: 1 });
      },
    },
    {
      id: "refund-units-then-all",
      state: "three purchased, one refunded",
      event: "the others refunded as well (void, refundType 1)",
      access: "no",
      grant: "3 × revoked: refund",
      licence: "3 × revoked",
      acknowledge: "consumed",
      story: async (s) => {
        await s.bought("seats", { quantity: 3 });
        await s.google("refund", { quantity: 1 });
        await s.google("refund");
      },
    },
    {
      id: "chargeback",
      state: "purchased",
      event: "charged back (void)",
      ...over("refund"),
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("chargeback");
      },
    },
    {
      id: "void-before-purchase",
      state: "unknown to us",
      event: "refunded before anybody told us of it (void)",
      ...NOTHING,
      story: async (s) => {
        await s.buys("lifetime", { notify: false });
        await s.google("refund", { keepState: true });
        await s.hours(2);
        await s.verifies();
      },
    },
    {
      id: "unacknowledged",
      state: "purchased, claimed by nobody",
      event: "three days without acknowledgement: Google takes it back (void, reason 8)",
      ...NOTHING,
      story: async (s) => {
        await s.buys("lifetime", { obfuscatedAccountId: null });
        await s.days(3);
        await s.verifies();
      },
    },
    {
      id: "revoke",
      state: "active",
      event: "revoked with a refund (12, void)",
      ...over("refund"),
      swapped: { grant: "revoked: subscription_cancelled" },
      story: async (s) => {
        await s.subscribed();
        await s.days(5);
        await s.google("revoke");
      },
    },
    {
      id: "subscription-refund",
      state: "active",
      event: "the order that pays for now is refunded (12, void)",
      ...over("refund"),
      swapped: { grant: "revoked: subscription_expired" },
      story: async (s) => {
        await s.subscribed();
        await s.days(35);
        await s.google("refund");
      },
    },
    {
      id: "subscription-void-while-active",
      state: "active",
      event: "voided while Google's read still says active",
      ...over("refund"),
      story: async (s) => {
        await s.subscribed();
        await s.google("refund", { keepState: true });
      },
    },
    {
      id: "subscription-refund-without-revoke",
      state: "active",
      event: "refunded, access left to the customer",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.google("refund", { revoke: false });
      },
    },
    {
      id: "older-renewal-refunded",
      state: "active, renewed",
      event: "an older order is refunded (void)",
      ...IN_FORCE,
      story: async (s) => {
        await s.subscribed();
        await s.days(35);
        await s.google("refund", { orderId: must(s.orders()[0]) });
      },
    },
    {
      id: "expired-order-refunded",
      state: "expired",
      event: "its last order is refunded (void)",
      ...over("subscription_cancelled"),
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(31);
        await s.google("refund");
      },
    },
    {
      id: "subscription-chargeback",
      state: "active",
      event: "charged back (12, void)",
      ...over("refund"),
      swapped: { grant: "revoked: subscription_expired" },
      story: async (s) => {
        await s.subscribed();
        await s.google("chargeback");
      },
    },
    {
      id: "hold-refunded",
      state: "on hold",
      event: "the last order is refunded (12, void)",
      ...over("subscription_on_hold"),
      swapped: { grant: "revoked: subscription_on_hold" },
      story: async (s) => {
        await s.subscribed();
        await s.google("decline", { silentHours: 0, graceDays: 0, holdDays: 30 });
        await s.days(31);
        await s.google("refund");
      },
    },
    {
      id: "subscription-unacknowledged",
      state: "active, claimed by nobody",
      event: "three days without acknowledgement: Google takes it back (12, void)",
      ...NOTHING,
      story: async (s) => {
        await s.subscribes("plan", { obfuscatedAccountId: null });
        await s.days(3);
        await s.verifies();
      },
    },
    {
      id: "refund-review",
      state: "purchased",
      event: "Google asks for a view of a refund",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("refund_review", { outcome: "keep" });
      },
    },
  ],
};
