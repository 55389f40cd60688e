import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createRoute } from "@hono/zod-openapi";
import { Hono } from "hono";
import { admin } from "../auth.ts";
import type { HttpEnv, HttpPorts } from "../context.ts";
import { ADMIN, createRouter, json, problems, z } from "../openapi.ts";

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Is the process alive?",
  responses: { 200: json(z.object({ status: z.literal("ok") }), "It is") },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Is everything there that requests need?",
  responses: { 200: json(z.object({ status: z.literal("ready") }), "It is"), ...problems(503) },
});

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  summary: "What it has done, and what waits, in Prometheus' words",
  security: ADMIN,
  responses: {
    200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } },
    ...problems(401, 503),
  },
});

/** Is it alive, is it ready, what has it done. */
export function healthRoutes(ports: HttpPorts) {
  const router = createRouter();
  router.openapi(healthz, (c) => c.json({ status: "ok" } as const, 200));
  router.openapi(readyz, async (c) => {
    // Settings were complete, or the process would not have started: what is left is the database.
    await ports.records.ping();
    return c.json({ status: "ready" } as const, 200);
  });
  router.use(metrics.path, admin(ports));
  router.openapi(metrics, async (c) => {
    const { contentType, body } = await ports.metrics.text();
    return c.text(body, 200, { "Content-Type": contentType });
  });
  return router;
}

const ASSETS: ReadonlyMap<string, string> = new Map([
  ["swagger-ui.css", "text/css; charset=utf-8"],
  ["swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
]);

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>playgrant API</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>`;

const START = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true });`;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/** The API's description for people, served whole from here: nothing is fetched from elsewhere. */
export function docsRoutes(): Hono<HttpEnv> {
  const router = new Hono<HttpEnv>();
  router.get("/docs", (c) => c.html(PAGE, 200, { "Content-Security-Policy": POLICY }));
  router.get("/docs/start.js", (c) =>
    c.body(START, 200, { "Content-Type": "text/javascript; charset=utf-8" }),
  );
  router.get("/docs/:asset", async (c) => {
    const type = ASSETS.get(c.req.param("asset"));
    if (type === undefined) return c.notFound();
    const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
    const file = await readFile(join(folder, c.req.param("asset")));
    return c.body(new Uint8Array(file), 200, {
      "Content-Type": type,
      "Cache-Control": "public, max-age=86400",
    });
  });
  return router;
}
