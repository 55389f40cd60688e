import { createRoute, type z } from "@hono/zod-openapi";
import type { GrantFilter } from "../../../ports.ts";
import { giveGrant } from "../../../use-cases/admin/give-grant.ts";
import { retryGrant } from "../../../use-cases/admin/retry-grant.ts";
import { revokeGrant } from "../../../use-cases/admin/revoke-grant.ts";
import {
  adminGrantSchema,
  adminGrantsSchema,
  giftRequestSchema,
  grantQuerySchema,
  idParamsSchema,
  pendingGiftSchema,
} from "../../admin-schemas.ts";
import { adminGrantView, pageView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, jsonBody, problems } from "../../openapi.ts";
import { instantOf, pageRequest } from "../../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/grants",
  summary: "Grants of all customers, newest first; all that is given must hold",
  security: ADMIN,
  request: { query: grantQuerySchema },
  responses: { 200: json(adminGrantsSchema, "A page"), ...problems(400, 401, 503) },
});

const give = createRoute({
  method: "post",
  path: "/v1/admin/grants",
  summary: "Give an entitlement as a gift",
  description:
    "A customer has one gift of an entitlement: the same again gives no second one, another `expires_at` moves its end. " +
    "After it was revoked or has ended, the next one is a new grant.",
  security: ADMIN,
  request: jsonBody(giftRequestSchema),
  responses: {
    201: json(adminGrantSchema, "The grant"),
    202: json(pendingGiftSchema, "Given, and what it gives is still being made: ask for the grants later"),
    ...problems(400, 401, 413, 503),
  },
});

const revoke = createRoute({
  method: "post",
  path: "/v1/admin/grants/{id}/revoke",
  summary: "Take a grant away; nothing gives it again by itself",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 200: json(adminGrantSchema, "The grant as it stands then"), ...problems(401, 404, 413, 503) },
});

const retry = createRoute({
  method: "post",
  path: "/v1/admin/grants/{id}/retry",
  summary: "Try a delivery that failed once more",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: {
    200: json(
      adminGrantSchema,
      "The newest grant in its place; the failed one itself while that takes longer",
    ),
    ...problems(401, 404, 409, 413, 503),
  },
});

/** `/v1/admin/grants`. */
export function adminGrantRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await ports.adminRecords.findGrants(filterOf(query), pageRequest(query));
    return c.json(pageView(page, adminGrantView), 200);
  });

  router.openapi(give, async (c) => {
    const { customer_id, entitlement_id, expires_at, note } = c.req.valid("json");
    const gift = {
      customerId: customer_id,
      entitlementId: entitlement_id,
      expiresAt: instantOf(expires_at),
      note: note ?? null,
    };
    const grant = await giveGrant(ports, gift, c.get("admin"));
    return grant === null
      ? c.json({ pending_entitlements: [entitlement_id] }, 202)
      : c.json(adminGrantView(grant), 201);
  });

  router.openapi(revoke, async (c) => {
    const grant = await revokeGrant(ports, c.req.valid("param").id, c.get("admin"));
    return c.json(adminGrantView(grant), 200);
  });

  router.openapi(retry, async (c) => {
    const grant = await retryGrant(ports, c.req.valid("param").id, c.get("admin"));
    return c.json(adminGrantView(grant), 200);
  });

  return router;
}

function filterOf({ customer_id, status, entitlement_id }: z.output<typeof grantQuerySchema>): GrantFilter {
  return {
    ...(customer_id === undefined ? {} : { customerId: customer_id }),
    ...(status === undefined ? {} : { status }),
    ...(entitlement_id === undefined ? {} : { entitlementId: entitlement_id }),
  };
}
