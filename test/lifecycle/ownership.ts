import { IN_FORCE, NOTHING } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";

export const ownership: Chapter = {
  title: "Whose purchase it is",
  file: "ownership.ts",
  scenarios: [
    {
      id: "unclaimed",
      state: "–",
      event: "bought without an account id, and the app says nothing",
      ...NOTHING,
      story: async (s) => void (await s.buys("lifetime", { obfuscatedAccountId: null })),
    },
    {
      id: "claimed",
      state: "unclaimed",
      event: "the app of a first customer verifies it",
      ...IN_FORCE,
      story: async (s) => {
        await s.buys("lifetime", { obfuscatedAccountId: null });
        await s.days(1);
        await s.verifies();
      },
    },
    {
      id: "account-id-uid",
      state: "–",
      event: "bought with the uid as account id (`uid`)",
      ...IN_FORCE,
      appHeals: true,
      story: async (s) => void (await s.buys("lifetime")),
    },
    {
      id: "account-id-hmac",
      state: "–",
      event: "bought with the HMAC as account id (`hmac`)",
      ...IN_FORCE,
      appHeals: true,
      world: { accountIds: "hmac" },
      story: async (s) => {
        const obfuscatedAccountId = await s.accountId("ann");
        await s.buys("lifetime", { obfuscatedAccountId });
      },
    },
    {
      id: "account-id-none",
      state: "–",
      event: "bought with an account id that is not looked at (`none`)",
      ...NOTHING,
      world: { accountIds: "none" },
      story: async (s) => void (await s.buys("lifetime")),
    },
    {
      id: "stranger",
      state: "purchased by another customer",
      event: "a stranger presents the token: 409",
      ...NOTHING,
      acknowledge: "acknowledged",
      customer: "ben",
      refusals: ["purchase_owned_by_another_customer"],
      story: async (s) => {
        await s.bought("lifetime");
        await s.verifies(s.subject, "ben");
      },
    },
    {
      id: "stranger-first",
      state: "–",
      event: "a stranger presents a token that names another customer: 409",
      ...NOTHING,
      customer: "ben",
      refusals: ["purchase_owned_by_another_customer"],
      appHeals: true,
      acknowledge: "acknowledged",
      story: async (s) => {
        await s.buys("lifetime");
        await s.verifies(s.subject, "ben");
      },
    },
    {
      id: "two-claim",
      state: "unclaimed",
      event: "two customers present it: the first has it",
      ...NOTHING,
      acknowledge: "acknowledged",
      customer: "ben",
      refusals: ["purchase_owned_by_another_customer"],
      story: async (s) => {
        await s.bought("lifetime", { obfuscatedAccountId: null });
        await s.verifies(s.subject, "ben");
      },
    },
    {
      id: "transfer-gives",
      state: "purchased by another customer",
      event: "presented by a new one, `PURCHASE_TRANSFER=allow`: the new one has it",
      ...IN_FORCE,
      licence: "active",
      customer: "ben",
      world: { transfers: true },
      story: async (s) => {
        await s.bought("lifetime", { obfuscatedAccountId: null });
        await s.days(1);
        await s.verifies(s.subject, "ben");
      },
    },
    {
      id: "transfer-takes",
      state: "purchased",
      event: "presented by a new customer, `PURCHASE_TRANSFER=allow`: the old one has it no more",
      access: "no",
      grant: "revoked: manual",
      licence: "revoked",
      acknowledge: "acknowledged",
      world: { transfers: true },
      story: async (s) => {
        await s.bought("lifetime", { obfuscatedAccountId: null });
        await s.days(1);
        await s.verifies(s.subject, "ben");
      },
    },
    {
      id: "chain-keeps-owner",
      state: "active, of another customer",
      event: "a stranger presents the token of its plan change: 409",
      ...NOTHING,
      acknowledge: "acknowledged",
      customer: "ben",
      refusals: ["purchase_owned_by_another_customer"],
      story: async (s) => {
        await s.subscribed("plan", { obfuscatedAccountId: null });
        const { play } = s.world.sandbox;
        const next = play.act(s.subject, "change_plan", { productId: "plan_max" }).purchaseToken;
        s.subject = next;
        await s.verifies(next, "ben");
        await s.verifies(next, "ann");
      },
    },
  ],
};
