import { createRoute } from "@hono/zod-openapi";
import { resolveOrphan } from "../../../use-cases/admin/resolve-orphan.ts";
import { idParamsSchema, orphanSchema } from "../../admin-schemas.ts";
import { orphanView, pageView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, problems } from "../../openapi.ts";
import { pageOf, pageQuerySchema, pageRequest } from "../../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/license_orphans",
  summary: "Licences that KeyThai has and whose key was lost, newest first",
  security: ADMIN,
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(orphanSchema, "LicenseOrphans"), "A page"), ...problems(400, 401, 503) },
});

const resolve = createRoute({
  method: "post",
  path: "/v1/admin/license_orphans/{id}/resolve",
  summary: "Say that a person has revoked it at KeyThai",
  security: ADMIN,
  request: { params: idParamsSchema },
  responses: { 200: json(orphanSchema, "The orphan"), ...problems(401, 404, 413, 503) },
});

/** `/v1/admin/license_orphans`. */
export function orphanRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(list, async (c) => {
    const page = await ports.desk.listOrphans(pageRequest(c.req.valid("query")));
    return c.json(pageView(page, orphanView), 200);
  });

  router.openapi(resolve, async (c) => {
    const orphan = await resolveOrphan(ports, c.req.valid("param").id, c.get("admin"));
    return c.json(orphanView(orphan), 200);
  });

  return router;
}
