import { IN_FORCE, NOTHING, over } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";

export const oneTime: Chapter = {
  title: "One-time products",
  file: "one-time.ts",
  scenarios: [
    {
      id: "buy",
      state: "–",
      event: "bought (1)",
      ...IN_FORCE,
      story: async (s) => void (await s.bought("lifetime")),
    },
    {
      id: "buy-app-killed",
      state: "–",
      event: "bought (1), and the app is killed before it tells us",
      ...IN_FORCE,
      appHeals: true,
      story: async (s) => void (await s.buys("lifetime")),
    },
    {
      id: "buy-pending",
      state: "–",
      event: "bought, payment pending (PromptPay QR)",
      ...NOTHING,
      story: async (s) => void (await s.bought("lifetime", { pending: true })),
    },
    {
      id: "pending-paid",
      state: "pending",
      event: "paid (1)",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime", { pending: true });
        await s.hours(5);
        await s.google("pay");
      },
    },
    {
      id: "pending-unseen-paid",
      state: "pending, and the app never told us",
      event: "paid (1)",
      ...IN_FORCE,
      appHeals: true,
      story: async (s) => {
        await s.buys("lifetime", { pending: true });
        await s.google("pay");
      },
    },
    {
      id: "pending-cancelled",
      state: "pending",
      event: "cancelled (2)",
      ...NOTHING,
      story: async (s) => {
        await s.bought("lifetime", { pending: true });
        await s.google("cancel");
      },
    },
    {
      id: "pre-order",
      state: "–",
      event: "ordered ahead",
      ...NOTHING,
      story: async (s) => void (await s.bought("lifetime", { preorderDays: 20 })),
    },
    {
      id: "pre-order-released",
      state: "ordered ahead",
      event: "released (1)",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime", { preorderDays: 20 });
        await s.days(20);
      },
    },
    {
      id: "promo-code",
      state: "–",
      event: "bought with a promo code, without an order (1)",
      ...IN_FORCE,
      story: async (s) => void (await s.bought("lifetime", { promo: true, obfuscatedAccountId: null })),
    },
    {
      id: "quantity",
      state: "–",
      event: "three bought at once (1)",
      access: "yes",
      grant: "3 × delivered",
      licence: "3 × active",
      acknowledge: "consumed",
      story: async (s) => void (await s.bought("seats", { quantity: 3 })),
    },
    {
      id: "consumable",
      state: "–",
      event: "a consumable that gives nothing of ours is bought (1)",
      ...NOTHING,
      acknowledge: "consumed",
      story: async (s) => void (await s.bought("coins")),
    },
    {
      id: "consumable-again",
      state: "consumed",
      event: "bought again (1)",
      access: "yes",
      grant: "2 × delivered",
      licence: "2 × active",
      acknowledge: "consumed",
      story: async (s) => {
        await s.bought("seats");
        await s.days(1);
        await s.bought("seats");
      },
    },
    {
      id: "rental",
      state: "–",
      event: "rented (1)",
      access: "until its end",
      grant: "delivered",
      licence: "none",
      acknowledge: "acknowledged",
      story: async (s) => void (await s.bought("rental", { rental: true })),
    },
    {
      id: "rental-over",
      state: "rented",
      event: "its time is over, which we say and not Google",
      access: "no",
      grant: "revoked: subscription_expired (rental_ended)",
      licence: "none",
      acknowledge: "acknowledged",
      story: async (s) => {
        await s.bought("rental", { rental: true });
        await s.days(30);
      },
    },
    {
      id: "bought-again-after-refund",
      state: "refunded",
      event: "bought again (1)",
      ...IN_FORCE,
      grant: "revoked: refund, then delivered",
      licence: "revoked, then active",
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("refund");
        await s.hours(3);
        await s.bought("lifetime");
      },
    },
    {
      id: "two-products-one-entitlement",
      state: "a lifetime purchase and a subscription",
      event: "the subscription expires (13)",
      ...IN_FORCE,
      access: "desktop and premium: yes; studio: no",
      grant:
        "desktop: delivered; premium: delivered, then revoked: subscription_cancelled; studio: revoked: subscription_cancelled",
      licence: "active, then revoked",
      story: async (s) => {
        await s.bought("lifetime");
        await s.days(1);
        await s.subscribed();
        await s.google("cancel");
        await s.days(30);
      },
    },
    {
      id: "test-notice",
      state: "purchased",
      event: "a test notice of the Play Console",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime");
        s.tells({ testNotification: { version: "1.0" } });
        await s.world.settle();
      },
    },
    {
      id: "unknown-notice",
      state: "purchased",
      event: "a notice of a kind that nobody knows yet (99)",
      ...IN_FORCE,
      story: async (s) => {
        await s.bought("lifetime");
        const about = { version: "1.0", notificationType: 99, purchaseToken: s.subject, sku: "lifetime" };
        s.tells({ oneTimeProductNotification: about });
        await s.world.settle();
      },
    },
    {
      id: "test-product",
      state: "–",
      event: "a licence tester buys (1)",
      ...IN_FORCE,
      story: async (s) => void (await s.bought("lifetime", { test: true })),
    },
    {
      id: "cancelled-by-developer",
      state: "purchased",
      event: "revoked by the developer (2, void)",
      ...over("refund"),
      story: async (s) => {
        await s.bought("lifetime");
        await s.google("revoke");
      },
    },
  ],
};
