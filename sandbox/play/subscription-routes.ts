import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody } from "../http/json-body.ts";
import { GoogleError, noSuchMethod } from "./google-error.ts";
import { lastExpiry, subscriptionOf } from "./lookup.ts";
import type { Subscription } from "./model.ts";
import type { Play } from "./play.ts";
import { notOwned } from "./product-routes.ts";
import { deferLegacy, deferSubscription, revokeBody, revokeSubscription } from "./subscription-verbs.ts";
import { googleBody, json, verbOf } from "./wire.ts";
import { answerOf, change, staleAnswerOf } from "./world.ts";

const acknowledgeBody = z.object({
  developerPayload: z.string().optional(),
  externalAccountIds: z
    .object({
      obfuscatedAccountId: z.string().max(64).optional(),
      obfuscatedProfileId: z.string().optional(),
    })
    .optional(),
});

const cancelBody = z.object({
  cancellationContext: z.object({
    cancellationType: z.enum(["USER_REQUESTED_STOP_RENEWALS", "DEVELOPER_REQUESTED_STOP_PAYMENTS"]),
  }),
});

/** `purchases.subscriptionsv2` and version 1's acknowledge, which has no successor, cancel and defer. */
export function subscriptionRoutes(play: Play): Hono<SandboxEnv> {
  const { world } = play;
  const app = new Hono<SandboxEnv>();

  app.get("/:package/purchases/subscriptionsv2/tokens/:token", (context) => {
    play.count("get", "subscriptions");
    const purchase = subscriptionOf(world, context.req.param("package"), context.req.param("token"));
    purchase.calls.get += 1;
    return json(context.get("stale") ? staleAnswerOf(world, purchase) : answerOf(world, purchase));
  });

  app.post("/:package/purchases/subscriptionsv2/tokens/:token", async (context) => {
    const { id: token, verb } = verbOf(context.req.param("token"));
    if (verb !== "cancel" && verb !== "revoke" && verb !== "defer") throw noSuchMethod();
    play.count(verb, verb === "revoke" ? "subscription_updates" : "subscriptions");
    const purchase = subscriptionOf(world, context.req.param("package"), token);
    const body = await jsonBody(context);
    if (verb === "defer") return context.json(deferSubscription(play, purchase, body));
    if (verb === "revoke") revokeSubscription(play, purchase, googleBody(revokeBody, body));
    else cancel(purchase, googleBody(cancelBody, body).cancellationContext.cancellationType);
    return context.body(null, 200);
  });

  for (const path of ["/:product/tokens/:token", "/tokens/:token", "//tokens/:token"]) {
    app.post(`/:package/purchases/subscriptions${path}`, async (context) => {
      const { id: token, verb } = verbOf(context.req.param("token") ?? "");
      if (verb !== "acknowledge" && verb !== "cancel" && verb !== "defer") throw noSuchMethod();
      play.count(verb, verb === "acknowledge" ? "subscriptions" : "subscription_updates");
      const purchase = subscriptionOf(world, context.req.param("package") ?? "", token);
      assertItem(purchase, context.req.param("product"));
      const body = await jsonBody(context);
      if (verb === "defer") return context.json(deferLegacy(play, purchase, body));
      if (verb === "cancel") play.actAsGoogle(purchase, "cancel", { by: "developer" });
      else acknowledge(purchase, googleBody(acknowledgeBody, body));
      return context.body(null, 200);
    });
  }

  /** Never while pending; a second time is fine. The account id is taken from a resubscribe's call alone. */
  function acknowledge(purchase: Subscription, body: z.output<typeof acknowledgeBody>): void {
    purchase.calls.acknowledge += 1;
    if (purchase.completedAt === null) throw notOwned();
    if (purchase.state === "EXPIRED" && lastExpiry(purchase) <= world.now()) {
      throw new GoogleError(400, "subscriptionExpired", "The subscription has expired.", "token");
    }
    if (purchase.acknowledged) return;
    change(world, purchase, () => {
      purchase.acknowledged = true;
      const { obfuscatedAccountId, obfuscatedProfileId } = body.externalAccountIds ?? {};
      if (purchase.resubscribes === null) return;
      purchase.accountId = obfuscatedAccountId ?? purchase.accountId;
      purchase.profileId = obfuscatedProfileId ?? purchase.profileId;
    });
  }

  function cancel(purchase: Subscription, type: string): void {
    const by = type === "DEVELOPER_REQUESTED_STOP_PAYMENTS" ? "developer" : "user";
    play.actAsGoogle(purchase, "cancel", { by });
  }

  return app;
}

/** The path's product id is optional since 2025; where it stands it has to be one of the items. */
function assertItem(purchase: Subscription, productId: string | undefined): void {
  if (productId === undefined || purchase.items.some((item) => item.productId === productId)) return;
  const message = "The purchase token does not match the subscription ID.";
  throw new GoogleError(400, "purchaseTokenMismatch", message, "subscriptionId");
}
