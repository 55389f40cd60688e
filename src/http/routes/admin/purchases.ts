import { createRoute, type z } from "@hono/zod-openapi";
import { AppError } from "../../../domain/errors.ts";
import { Secret } from "../../../domain/secret.ts";
import { findPurchases, type PurchaseQuery } from "../../../use-cases/admin/find-purchases.ts";
import { syncNow } from "../../../use-cases/admin/sync-now.ts";
import {
  adminPurchasesSchema,
  idParamsSchema,
  purchaseQuerySchema,
  syncedSchema,
} from "../../admin-schemas.ts";
import { adminPurchaseView, pageView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, problems } from "../../openapi.ts";
import { pageRequest } from "../../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/purchases",
  summary: "Purchases of all customers, newest first; all that is given must hold",
  security: ADMIN,
  request: { query: purchaseQuerySchema },
  responses: { 200: json(adminPurchasesSchema, "A page"), ...problems(400, 401, 503) },
});

const sync = createRoute({
  method: "post",
  path: "/v1/admin/purchases/{id}/sync",
  summary: "Ask Google about a purchase now",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: {
    200: json(syncedSchema, "The purchase as Google has it"),
    ...problems(401, 404, 409, 410, 413, 422, 502, 503),
  },
});

/** `/v1/admin/purchases`. */
export function adminPurchaseRoutes(ports: HttpPorts) {
  const { policy } = ports.settings;
  const router = createRouter();

  router.openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await findPurchases(ports, queryOf(query), pageRequest(query));
    const now = ports.clock.now();
    return c.json(
      pageView(page, (purchase) => adminPurchaseView(purchase, policy, now)),
      200,
    );
  });

  router.openapi(sync, async (c) => {
    const synced = await syncNow(ports, c.req.valid("param").id, c.get("admin"));
    const purchase = adminPurchaseView(synced, policy, ports.clock.now());
    if (purchase === null) {
      throw new AppError("play_unavailable", "Google names no product of this purchase.", {
        retryable: true,
      });
    }
    return c.json({ purchase }, 200);
  });

  return router;
}

function queryOf(query: z.output<typeof purchaseQuerySchema>): PurchaseQuery {
  const { customer_id, order_id, purchase_token, state } = query;
  return {
    filter: {
      ...(customer_id === undefined ? {} : { customerId: customer_id }),
      ...(order_id === undefined ? {} : { orderId: order_id }),
      ...(state === undefined ? {} : { state }),
    },
    token: purchase_token === undefined ? null : new Secret(purchase_token),
  };
}
