import { createRoute } from "@hono/zod-openapi";
import { replayDeadLetter } from "../../../use-cases/admin/replay-dead-letter.ts";
import { deadLetterSchema, idParamsSchema, replaySchema } from "../../admin-schemas.ts";
import { letterView, pageView, replayView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, problems } from "../../openapi.ts";
import { pageOf, pageQuerySchema, pageRequest } from "../../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/dead_letters",
  summary: "Notices that never worked, newest first",
  security: ADMIN,
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(deadLetterSchema, "DeadLetters"), "A page"), ...problems(400, 401, 503) },
});

const replay = createRoute({
  method: "post",
  path: "/v1/admin/dead_letters/{id}/replay",
  summary: "Send a notice through again; one that works now leaves the list",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 200: json(replaySchema, "What came of it"), ...problems(401, 404, 413, 502, 503) },
});

/** `/v1/admin/dead_letters`. */
export function deadLetterRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(list, async (c) => {
    const page = await ports.desk.listDeadLetters(pageRequest(c.req.valid("query")));
    return c.json(pageView(page, letterView), 200);
  });

  router.openapi(replay, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(replayView(id, await replayDeadLetter(ports, id, c.get("admin"))), 200);
  });

  return router;
}
