import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Webhook } from "standardwebhooks";
import type { GrantMessage } from "./grants.ts";
import type { GrantStore } from "./store.ts";

/** Messages of playgrant are a kilobyte or two. */
const MAX_BODY = 64 * 1024;

/**
 * @param secret `whsec_…`, as playgrant showed it when the endpoint was created or its secret rotated.
 * @param store Keeps what was heard.
 */
export function createReceiver(secret: string, store: GrantStore): Hono {
  const webhook = new Webhook(secret);
  const app = new Hono();

  app.post("/webhooks", bodyLimit({ maxSize: MAX_BODY }), async (c) => {
    // The very bytes that came: a body that was parsed and written again has another signature.
    const message = verified(webhook, await c.req.text(), c.req.header());
    if (message === null) return c.text("bad signature", 400);
    // A type that is new to us is none of our business, and no reason to be sent it again.
    if (!message.type.startsWith("entitlement_grant.")) return c.body(null, 204);
    await store.take(c.req.header("webhook-id") ?? "", message);
    // Whatever takes long, mails or other services, is done after this answer, from what the store holds.
    return c.body(null, 204);
  });

  // To look at while you try it out. Take it away, or put it behind your own sign-in.
  app.get("/grants", async (c) => {
    const grants = await store.list();
    return c.json({ live: grants.filter(({ status }) => status === "Delivered"), all: grants });
  });

  return app;
}

/** @returns Null for what playgrant didn't send, or sent more than five minutes ago. */
function verified(webhook: Webhook, body: string, headers: Record<string, string>): GrantMessage | null {
  try {
    return (webhook.verify(body, headers) ?? null) as GrantMessage | null;
  } catch {
    return null;
  }
}
