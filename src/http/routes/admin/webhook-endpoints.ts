import { createRoute, type z } from "@hono/zod-openapi";
import type { EndpointPatch } from "../../../domain/webhook-endpoint.ts";
import { changeEndpoint, removeEndpoint } from "../../../use-cases/admin/change-endpoint.ts";
import { createEndpoint } from "../../../use-cases/admin/create-endpoint.ts";
import { findEndpoint } from "../../../use-cases/admin/find-endpoint.ts";
import { idParamsSchema } from "../../admin-schemas.ts";
import { pageView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, jsonBody, problems } from "../../openapi.ts";
import { pageQuerySchema, pageRequest } from "../../schemas.ts";
import {
  endpointPatchSchema,
  endpointRequestSchema,
  endpointSchema,
  endpointsSchema,
  endpointWithSecretSchema,
} from "../../webhook-schemas.ts";
import { endpointView, endpointWithSecretView } from "../../webhook-views.ts";

const create = createRoute({
  method: "post",
  path: "/v1/admin/webhook_endpoints",
  summary: "Register an address that hears of grants; its secret is shown this once",
  description:
    "There may be 20 at most. It hears of what happens from now on: `replay` brings what happened before.",
  security: ADMIN,
  request: jsonBody(endpointRequestSchema),
  responses: {
    201: json(endpointWithSecretSchema, "The endpoint and its secret"),
    ...problems(400, 401, 413, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/admin/webhook_endpoints",
  summary: "Webhook endpoints, newest first",
  security: ADMIN,
  request: { query: pageQuerySchema },
  responses: { 200: json(endpointsSchema, "A page"), ...problems(400, 401, 503) },
});

const read = createRoute({
  method: "get",
  path: "/v1/admin/webhook_endpoints/{id}",
  summary: "One webhook endpoint",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 200: json(endpointSchema, "The endpoint"), ...problems(401, 404, 503) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/admin/webhook_endpoints/{id}",
  summary: "Change what is given of a webhook endpoint, switch it on or off",
  description:
    "What waits for an endpoint when it is switched off counts as failed. Switched on again it hears of what happens " +
    "from then on: `recover` and `replay` bring the rest.",
  security: ADMIN,
  request: { params: idParamsSchema, ...jsonBody(endpointPatchSchema) },
  responses: { 200: json(endpointSchema, "The endpoint"), ...problems(400, 401, 404, 413, 503) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/admin/webhook_endpoints/{id}",
  summary: "Delete a webhook endpoint; nothing more is sent to it",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 204: { description: "It is gone" }, ...problems(401, 404, 413, 503) },
});

/** `/v1/admin/webhook_endpoints`: what there is. */
export function endpointRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(create, async (c) => {
    const { url, description, event_types } = c.req.valid("json");
    const created = await createEndpoint(
      ports,
      { url, description, eventTypes: event_types },
      c.get("admin"),
    );
    return c.json(endpointWithSecretView(created), 201);
  });

  router.openapi(list, async (c) => {
    const page = await ports.webhookRecords.listEndpoints(pageRequest(c.req.valid("query")));
    return c.json(pageView(page, endpointView), 200);
  });

  router.openapi(read, async (c) =>
    c.json(endpointView(await findEndpoint(ports, c.req.valid("param").id)), 200),
  );

  router.openapi(change, async (c) => {
    const patch = patchOf(c.req.valid("json"));
    const endpoint = await changeEndpoint(ports, c.req.valid("param").id, patch, c.get("admin"));
    return c.json(endpointView(endpoint), 200);
  });

  router.openapi(remove, async (c) => {
    await removeEndpoint(ports, c.req.valid("param").id, c.get("admin"));
    return c.body(null, 204);
  });

  return router;
}

function patchOf(patch: z.output<typeof endpointPatchSchema>): EndpointPatch {
  const { url, description, event_types, enabled, disabled_reason } = patch;
  return {
    ...(url === undefined ? {} : { url }),
    ...(description === undefined ? {} : { description }),
    ...(event_types === undefined ? {} : { eventTypes: event_types }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(disabled_reason === undefined ? {} : { disabledReason: disabled_reason }),
  };
}
