import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody } from "../http/json-body.ts";
import { GoogleError, noSuchMethod } from "./google-error.ts";
import type { Order } from "./model.ts";
import { orderAnswer } from "./order-view.ts";
import type { Play } from "./play.ts";
import { answerRefundReview } from "./refund-review.ts";
import { googleBody, verbOf } from "./wire.ts";

const reviewBody = z.object({
  pendingRefundToken: z.string(),
  refundPreference: z.enum(["APPROVE", "DECLINE", "NEUTRAL"]),
  sampleContentProvided: z.boolean(),
  consumptionPercentageMilliunits: z.number().int().min(0).max(100_000).optional(),
  consumptionUsageEvents: z.array(z.object({})).max(1000).optional(),
});

/** `orders.get`, `orders.batchGet`, `orders.refund`, `orders.reviewrefund`. */
export function orderRoutes(play: Play): Hono<SandboxEnv> {
  const { world } = play;
  const app = new Hono<SandboxEnv>();

  function orderOf(packageName: string, orderId: string): Order {
    const order = world.orders.get(orderId);
    if (order?.packageName === packageName) return order;
    throw new GoogleError(404, "notFound", "The order was not found.", "orderId");
  }

  /** One bad id fails all. */
  app.get("/:package/orders:batchGet", (context) => {
    play.count("orders_get", "orders");
    const ids = context.req.queries("orderIds") ?? [];
    if (ids.length === 0 || ids.length > 1000) {
      throw new GoogleError(400, "invalidValue", "orderIds: 1 to 1000.", "orderIds");
    }
    return context.json({
      orders: ids.map((id) => orderAnswer(orderOf(context.req.param("package") ?? "", id))),
    });
  });

  app.get("/:package/orders/:order", (context) => {
    play.count("orders_get", "orders");
    return context.json(orderAnswer(orderOf(context.req.param("package"), context.req.param("order"))));
  });

  app.post("/:package/orders/:order", async (context) => {
    const { id, verb } = verbOf(context.req.param("order"));
    if (verb !== "refund" && verb !== "reviewrefund") throw noSuchMethod();
    play.count(verb, "orders");
    const order = orderOf(context.req.param("package"), id);
    if (verb === "refund") refund(order, context.req.query("revoke") === "true");
    else review(order, googleBody(reviewBody, await jsonBody(context)));
    return context.body(null, 200);
  });

  function refund(order: Order, revoke: boolean): void {
    const purchase = world.purchases.get(order.purchaseToken);
    if (purchase === undefined) throw new GoogleError(404, "notFound", "The order was not found.", "orderId");
    play.actAsGoogle(purchase, "refund", { orderId: order.orderId, revoke, source: 1 });
  }

  function review(order: Order, body: z.output<typeof reviewBody>): void {
    const asked = world.reviews.get(body.pendingRefundToken);
    if (asked?.orderId !== order.orderId) {
      throw new GoogleError(400, "invalidValue", "No such refund is pending.", "pendingRefundToken");
    }
    answerRefundReview(asked, body.refundPreference);
  }

  return app;
}
