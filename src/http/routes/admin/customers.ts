import { createRoute } from "@hono/zod-openapi";
import { readOverview } from "../../../use-cases/admin/read-customer.ts";
import { customerParamsSchema, customerSchema } from "../../admin-schemas.ts";
import { customerView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, problems } from "../../openapi.ts";
import { pageQuerySchema, pageRequest } from "../../schemas.ts";

const customer = createRoute({
  method: "get",
  path: "/v1/admin/customers/{uid}",
  summary: "All about one customer; one whom nobody knows is empty",
  description:
    "`limit` and `cursor` page the timeline. The `next_cursor` of `purchases` and `grants` goes on at " +
    "`/v1/admin/purchases?customer_id=` and `/v1/admin/grants?customer_id=`.",
  security: ADMIN,
  request: { params: customerParamsSchema, query: pageQuerySchema },
  responses: { 200: json(customerSchema, "The customer"), ...problems(400, 401, 503) },
});

/** `GET /v1/admin/customers/{uid}`. */
export function customerRoutes(ports: HttpPorts) {
  const router = createRouter();
  router.openapi(customer, async (c) => {
    const { uid } = c.req.valid("param");
    const overview = await readOverview(ports, uid, pageRequest(c.req.valid("query")));
    return c.json(customerView(overview, ports.settings.policy, ports.clock.now()), 200);
  });
  return router;
}
