import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { Notification } from "../rtdn/publisher.ts";
import { actionInput, buyInput, camelKeys } from "./inputs.ts";
import type { Play, PurchaseView } from "./play.ts";

const notifyInput = z.strictObject({ times: z.number().int().min(1).max(1000).optional() });

/** `/sandbox/purchases`: what the page for people does, in snake_case (contract section 9). */
export function purchaseControl(play: Play): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();

  app.post("/", async (context) => {
    const made = play.buy(parse(buyInput, camelKeys(await jsonBody(context))));
    return context.json({ purchase_token: made.purchaseToken, order_id: made.orderId }, 201);
  });

  app.get("/", (context) =>
    context.json({
      data: play
        .purchases(context.req.query("uid"))
        .slice(-500)
        .map((purchase) => view(play.purchase(purchase.purchaseToken))),
    }),
  );

  app.get("/:token", (context) => {
    const token = context.req.param("token");
    const notices = play.notifications.filter((notification) => notification.purchaseToken === token);
    return context.json({ ...view(play.purchase(token)), notices: notices.map(noticeView) });
  });

  app.post("/:token/notify", async (context) => {
    const { times } = parse(notifyInput, await jsonBody(context));
    const sent = play.republish(context.req.param("token"), times);
    return context.json({ sent: sent.length });
  });

  app.post("/:token/:action", async (context) => {
    const input = parse(actionInput, camelKeys(await jsonBody(context)));
    const made = play.act(context.req.param("token"), context.req.param("action"), input);
    return context.json({
      purchase_token: made.purchaseToken,
      order_id: made.orderId,
      state: play.purchase(made.purchaseToken).state,
    });
  });

  return app;
}

function view(purchase: PurchaseView) {
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    purchase_token: purchase.purchaseToken,
    uid: purchase.uid,
    package_name: purchase.packageName,
    type: purchase.type,
    state: purchase.state,
    acknowledged: purchase.acknowledged,
    order_ids: purchase.orderIds,
    test: purchase.test,
    bought_at: time(purchase.boughtAt),
    ...(purchase.type === "subscription"
      ? {
          items: purchase.items.map((item) => ({
            product_id: item.productId,
            base_plan_id: item.basePlanId,
            expires_at: time(item.expiresAt),
            auto_renewing: item.autoRenew,
          })),
          linked_purchase_token: purchase.linkedPurchaseToken,
          replaced_by: purchase.replacedBy,
        }
      : {
          product_id: purchase.productId,
          quantity: purchase.quantity,
          refundable_quantity: purchase.refundableQuantity,
          consumed: purchase.consumed,
        }),
    possible: purchase.possible,
    calls: purchase.calls,
    play: purchase.answer,
  };
}

function noticeView(notification: Notification) {
  const { messageId, publishTime, delivery, attempts, body } = notification;
  return { message_id: messageId, publish_time: publishTime, delivery, attempts, notification: body };
}
