import { createRoute } from "@hono/zod-openapi";
import { listGrants, readCustomer, readGrant } from "../../use-cases/customer-reads.ts";
import { signedIn } from "../auth.ts";
import type { HttpPorts } from "../context.ts";
import { CUSTOMER, createRouter, json, problems, z } from "../openapi.ts";
import {
  accountSchema,
  entitlementsSchema,
  grantSchema,
  pageOf,
  pageQuerySchema,
  pageRequest,
} from "../schemas.ts";
import { entitlementViews, grantView } from "../views.ts";

const entitlements = createRoute({
  method: "get",
  path: "/v1/entitlements",
  summary: "What the caller holds",
  security: CUSTOMER,
  responses: { 200: json(entitlementsSchema, "All entitlements, ended ones too"), ...problems(401, 503) },
});

const grants = createRoute({
  method: "get",
  path: "/v1/grants",
  summary: "The caller's grants with their licence keys, newest first",
  security: CUSTOMER,
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(grantSchema, "Grants"), "A page"), ...problems(400, 401, 503) },
});

const grant = createRoute({
  method: "get",
  path: "/v1/grants/{id}",
  summary: "One of the caller's grants",
  security: CUSTOMER,
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json(grantSchema, "The grant"), ...problems(401, 404, 503) },
});

const account = createRoute({
  method: "get",
  path: "/v1/account",
  summary: "The obfuscated account id that the app passes to Google Play at a purchase",
  security: CUSTOMER,
  responses: { 200: json(accountSchema, "The account"), ...problems(401, 503) },
});

/** What a customer holds (contract section 3). */
export function holdingRoutes(ports: HttpPorts) {
  const router = createRouter();
  for (const path of ["/v1/entitlements", "/v1/grants", "/v1/grants/*", "/v1/account"]) {
    router.use(path, signedIn(ports));
  }

  router.openapi(entitlements, async (c) => {
    const customer = await readCustomer(ports, c.get("caller").customerId);
    return c.json({ entitlements: entitlementViews(customer, ports.clock.now()) }, 200);
  });

  router.openapi(grants, async (c) => {
    const page = await listGrants(ports, c.get("caller").customerId, pageRequest(c.req.valid("query")));
    return c.json({ data: page.data.map(grantView), next_cursor: page.nextCursor }, 200);
  });

  router.openapi(grant, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(grantView(await readGrant(ports, c.get("caller").customerId, id)), 200);
  });

  router.openapi(account, async (c) => {
    const { customerId } = c.get("caller");
    const accountId = await ports.accountIds.give(customerId);
    return c.json({ customer_id: customerId, obfuscated_account_id: accountId }, 200);
  });

  return router;
}
