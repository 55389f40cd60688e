import { Hono } from "hono";
import type { SandboxEnv } from "../http/env.ts";
import { GoogleError, noSuchMethod } from "./google-error.ts";
import { assertProduct, oneTimeOf } from "./lookup.ts";
import type { OneTimePurchase } from "./model.ts";
import type { Play } from "./play.ts";
import { legacyProductAnswer } from "./product-view.ts";
import { json, verbOf } from "./wire.ts";
import { answerOf, change, staleAnswerOf } from "./world.ts";

/** `purchases.productsv2` and the older `purchases.products`, which alone can acknowledge and consume. */
export function productRoutes(play: Play): Hono<SandboxEnv> {
  const { world } = play;
  const app = new Hono<SandboxEnv>();

  app.get("/:package/purchases/productsv2/tokens/:token", (context) => {
    play.count("get", "one_time");
    const purchase = oneTimeOf(world, context.req.param("package"), context.req.param("token"));
    purchase.calls.get += 1;
    return json(context.get("stale") ? staleAnswerOf(world, purchase) : answerOf(world, purchase));
  });

  app.get("/:package/purchases/products/:product/tokens/:token", (context) => {
    play.count("get", "one_time");
    const purchase = oneTimeOf(world, context.req.param("package"), context.req.param("token"));
    assertProduct([purchase.productId], context.req.param("product"));
    purchase.calls.get += 1;
    return json(JSON.stringify(legacyProductAnswer(purchase)));
  });

  app.post("/:package/purchases/products/:product/tokens/:token", (context) => {
    const { id: token, verb } = verbOf(context.req.param("token"));
    if (verb !== "acknowledge" && verb !== "consume") throw noSuchMethod();
    play.count(verb, "one_time");
    const purchase = oneTimeOf(world, context.req.param("package"), token);
    assertProduct([purchase.productId], context.req.param("product"));
    purchase.calls[verb] += 1;
    if (verb === "acknowledge") acknowledge(purchase);
    else consume(purchase);
    return context.body(null, 200);
  });

  /** Never while pending, never after a refund; a second time is fine (UNCONFIRMED, taken as OK). */
  function acknowledge(purchase: OneTimePurchase): void {
    if (purchase.state !== "PURCHASED") throw notOwned();
    if (purchase.acknowledged) return;
    change(world, purchase, () => {
      purchase.acknowledged = true;
    });
  }

  /** Consuming acknowledges too; what is consumed is owned no longer, so a second time is refused. */
  function consume(purchase: OneTimePurchase): void {
    if (purchase.state !== "PURCHASED" || purchase.consumed) throw notOwned();
    change(world, purchase, () => {
      purchase.acknowledged = true;
      purchase.consumed = true;
    });
  }

  return app;
}

export function notOwned(): GoogleError {
  const message = "The item is not owned by the user, so it cannot be acknowledged or consumed.";
  return new GoogleError(400, "productNotOwnedByUser", message, "token");
}
