import { z } from "zod";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { SHOP_SYSTEM } from "./shop.ts";

/** What the outside was told of the story so far: the shop's system by webhook, Somchai by mail. */
export interface News {
  /** What comes from now on. */
  fromNow(): Since;
  /** All that ever came, in words to compare. */
  all(): { readonly webhooks: number; readonly mails: number; readonly flaws: readonly string[] };
}

export interface Since {
  webhooks(): readonly Webhook[];
  mails(): readonly Mail[];
  /** How long after that the last of all these came, in ms. */
  lastAfterMs(): number;
}

export interface Webhook {
  readonly type: string;
  readonly entitlementId: string;
  readonly reason: string | null;
  readonly key: string | null;
  readonly verified: boolean;
}

export type Mail = Sandbox["mailbox"]["mails"][number];

const bodySchema = z.object({
  type: z.string().transform((type) => type.replace("entitlement_grant.", "")),
  data: z.object({
    entitlement_id: z.string(),
    revocation_reason: z.string().nullable(),
    license_key: z.object({ key: z.string() }).nullable(),
  }),
});

export function createNews({ webhooks, mailbox }: Sandbox, address: string): News {
  const received = () => webhooks.received(SHOP_SYSTEM);
  return {
    fromNow() {
      const at = Date.now();
      const seen = { webhooks: received().length, mails: mailbox.mails.length };
      const newWebhooks = () => received().slice(seen.webhooks);
      const newMails = () => mailbox.mails.slice(seen.mails).filter(({ to }) => to.includes(address));
      return {
        webhooks: () => newWebhooks().map(readWebhook),
        mails: newMails,
        lastAfterMs: () =>
          Math.max(...[...newWebhooks(), ...newMails()].map(({ receivedAt }) => Date.parse(receivedAt))) - at,
      };
    },
    all() {
      const { mails } = mailbox;
      const flaws = [
        ...received().flatMap(({ verified }) => (verified ? [] : ["a signature that doesn't hold"])),
        ...received().flatMap(({ duplicate }) => (duplicate ? ["a webhook that came twice"] : [])),
        ...mails.flatMap(({ duplicate }) => (duplicate ? ["a mail that came twice"] : [])),
        ...mails.flatMap(({ to }) => (to.join() === address ? [] : ["a mail to somebody else"])),
      ];
      return { webhooks: received().length, mails: mails.length, flaws };
    },
  };
}

function readWebhook({ body, verified }: ReturnType<Sandbox["webhooks"]["received"]>[number]): Webhook {
  const { type, data } = bodySchema.parse(JSON.parse(body));
  return {
    type,
    entitlementId: data.entitlement_id,
    reason: data.revocation_reason,
    key: data.license_key?.key ?? null,
    verified: verified === true,
  };
}
