import { createRoute } from "@hono/zod-openapi";
import { rotateSecret } from "../../../use-cases/admin/rotate-secret.ts";
import { testEndpoint } from "../../../use-cases/admin/test-endpoint.ts";
import { idParamsSchema } from "../../admin-schemas.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, optionalJsonBody, problems } from "../../openapi.ts";
import {
  endpointWithSecretSchema,
  rotationSchema,
  webhookTestResultSchema,
  webhookTestSchema,
} from "../../webhook-schemas.ts";
import { endpointWithSecretView, testResultView } from "../../webhook-views.ts";

const rotate = createRoute({
  method: "post",
  path: "/v1/admin/webhook_endpoints/{id}/rotate_secret",
  summary: "Give a webhook endpoint a new secret, shown this once",
  description:
    "For 24 hours the former secrets sign as well: `webhook-signature` then holds a signature of each, and a receiver " +
    "accepts any. `expire_old` ends the former ones at once.",
  security: ADMIN,
  request: { params: idParamsSchema, ...optionalJsonBody(rotationSchema) },
  responses: {
    200: json(endpointWithSecretSchema, "The endpoint and its new secret"),
    ...problems(400, 401, 404, 413, 503),
  },
});

const test = createRoute({
  method: "post",
  path: "/v1/admin/webhook_endpoints/{id}/test",
  summary: "Send a webhook endpoint a sample event now",
  description:
    "Signed as real ones are and about nobody; sent once, also to an endpoint that is disabled. It isn't in the log of " +
    "deliveries. Whatever the receiver does, the answer here is a 200 that says so.",
  security: ADMIN,
  request: { params: idParamsSchema, ...optionalJsonBody(webhookTestSchema) },
  responses: {
    200: json(webhookTestResultSchema, "What the receiver answered"),
    ...problems(400, 401, 404, 413, 503),
  },
});

/** `/v1/admin/webhook_endpoints/{id}`: how messages to it are signed, and whether it understands them. */
export function webhookTryRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(rotate, async (c) => {
    const { expire_old = false } = c.req.valid("json");
    const rotated = await rotateSecret(ports, c.req.valid("param").id, expire_old, c.get("admin"));
    return c.json(endpointWithSecretView(rotated), 200);
  });

  router.openapi(test, async (c) => {
    const { event_type = null } = c.req.valid("json");
    return c.json(testResultView(await testEndpoint(ports, c.req.valid("param").id, event_type)), 200);
  });

  return router;
}
