import { createRoute } from "@hono/zod-openapi";
import type { ReplayEvents } from "../../../domain/effect.ts";
import { parseInstant } from "../../../domain/instant.ts";
import { askReplay } from "../../../use-cases/admin/ask-replay.ts";
import { findEndpoint } from "../../../use-cases/admin/find-endpoint.ts";
import { resendDelivery } from "../../../use-cases/admin/resend-delivery.ts";
import { idParamsSchema } from "../../admin-schemas.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, jsonBody, problems } from "../../openapi.ts";
import { pageQuerySchema, pageRequest } from "../../schemas.ts";
import {
  deliveriesSchema,
  deliverySchema,
  replayRequestSchema,
  webhookReplaySchema,
} from "../../webhook-schemas.ts";
import { deliveriesView, waitingRow, webhookReplayView } from "../../webhook-views.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/webhook_endpoints/{id}/deliveries",
  summary: "What was sent to a webhook endpoint, and what waits: one row for each attempt",
  description:
    "A delivery is one event for this endpoint. `limit` counts deliveries, the one planned last first; the rows of each " +
    "come together, its newest attempt first, so that a page may hold more rows than `limit`. `next_attempt_at` stands " +
    "at the newest row of a delivery that will be tried again. One that waits for its first attempt, or was just sent " +
    "again, has a row with the outcome `pending`. Rows are kept for 30 days.",
  security: ADMIN,
  request: { params: idParamsSchema, query: pageQuerySchema },
  responses: { 200: json(deliveriesSchema, "A page"), ...problems(400, 401, 404, 503) },
});

const resend = createRoute({
  method: "post",
  path: "/v1/admin/webhook_deliveries/{id}/resend",
  summary: "Send one event to one webhook endpoint again, whatever became of it",
  description:
    "`id` is a delivery's or that of one of its attempts. `webhook-id` and body are those of before; should it fail, the " +
    "whole schedule of retries begins anew.",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 202: json(deliverySchema, "It will be sent now"), ...problems(401, 404, 409, 413, 503) },
});

const replay = createRoute({
  method: "post",
  path: "/v1/admin/webhook_endpoints/{id}/replay",
  summary: "Send a webhook endpoint all events since a moment that it has not taken",
  description:
    "Those that were never sent to it, those that failed and those that still wait. In the background; what it took " +
    "in the last 30 days is not sent again: for longer nobody remembers.",
  security: ADMIN,
  request: { params: idParamsSchema, ...jsonBody(replayRequestSchema) },
  responses: {
    202: json(webhookReplaySchema, "It has been asked for"),
    ...problems(400, 401, 404, 409, 413, 503),
  },
});

const recover = createRoute({
  method: "post",
  path: "/v1/admin/webhook_endpoints/{id}/recover",
  summary: "Send a webhook endpoint the events since a moment that failed",
  description: "Those that were tried in vain or given up. In the background.",
  security: ADMIN,
  request: { params: idParamsSchema, ...jsonBody(replayRequestSchema) },
  responses: {
    202: json(webhookReplaySchema, "It has been asked for"),
    ...problems(400, 401, 404, 409, 413, 503),
  },
});

/** What webhook endpoints were told, and telling them once more. */
export function deliveryRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(list, async (c) => {
    const { id } = await findEndpoint(ports, c.req.valid("param").id);
    const page = await ports.webhookRecords.listDeliveries(id, pageRequest(c.req.valid("query")));
    return c.json(deliveriesView(page), 200);
  });

  router.openapi(resend, async (c) => {
    const delivery = await resendDelivery(ports, c.req.valid("param").id, c.get("admin"));
    return c.json(waitingRow(delivery, delivery.nextAttemptAt ?? ports.clock.now()), 202);
  });

  const ask = async (id: string, since: string, which: ReplayEvents["which"], actor: string) =>
    webhookReplayView(await askReplay(ports, id, { since: parseInstant(since) ?? 0, which }, actor));

  router.openapi(replay, async (c) => {
    const { since } = c.req.valid("json");
    return c.json(await ask(c.req.valid("param").id, since, "missing", c.get("admin")), 202);
  });

  router.openapi(recover, async (c) => {
    const { since } = c.req.valid("json");
    return c.json(await ask(c.req.valid("param").id, since, "failed", c.get("admin")), 202);
  });

  return router;
}
