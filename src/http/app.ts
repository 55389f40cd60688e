import type { OpenAPIHono } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { AppError } from "../domain/errors.ts";
import type { HttpEnv, HttpPorts } from "./context.ts";
import { createRouter } from "./openapi.ts";
import { problemResponse } from "./problem.ts";
import { adminRoutes } from "./routes/admin/index.ts";
import { docsRoutes, healthRoutes } from "./routes/health.ts";
import { holdingRoutes } from "./routes/holdings.ts";
import { purchaseRoutes } from "./routes/purchases.ts";
import { rtdnRoutes } from "./routes/rtdn.ts";

const VERSION = "0.1.0";

/** The whole HTTP side: the same app under Node, in tests (`app.request()`) and in Firebase Functions. */
export function createApp(ports: HttpPorts): OpenAPIHono<HttpEnv> {
  const app = createRouter();
  app.use(requestId({ limitLength: 100 }));
  app.use(logged(ports));
  app.onError((error, c) => {
    const known = translated(error);
    if (!(known instanceof AppError)) ports.log.error("http.bug", { request_id: c.get("requestId") }, known);
    return problemResponse(c, known);
  });
  app.notFound((c) => problemResponse(c, new AppError("not_found", "There is nothing at this address.")));
  app.route("/", healthRoutes(ports));
  app.route("/", purchaseRoutes(ports));
  app.route("/", holdingRoutes(ports));
  app.route("/", rtdnRoutes(ports));
  app.route("/", adminRoutes(ports));
  app.route("/", docsRoutes());
  describe(app);
  return app;
}

/** One line per request, by the route's pattern: paths may hold ids. */
function logged(ports: Pick<HttpPorts, "clock" | "log">) {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const startedAt = ports.clock.monotonic();
    await next();
    c.res.headers.set("X-Content-Type-Options", "nosniff");
    c.res.headers.set("X-Request-Id", c.get("requestId"));
    const caller: HttpEnv["Variables"]["caller"] | undefined = c.get("caller");
    const admin: string | undefined = c.get("admin");
    ports.log.info("request", {
      request_id: c.get("requestId"),
      method: c.req.method,
      route: c.req.routePath,
      outcome: c.res.status,
      customer_id: caller?.customerId ?? null,
      ...(admin === undefined ? {} : { admin }),
      ms: Math.round(ports.clock.monotonic() - startedAt),
    });
  });
}

/** Hono's own refusals (a body that is no JSON, or not sent as such) in our words. */
function translated(error: unknown): unknown {
  if (!(error instanceof HTTPException) || error.status >= 500) return error;
  const message = error.status === 415 ? "must be sent as application/json" : "is not valid JSON";
  return new AppError("invalid_request", `The body ${message}.`, { issues: [{ path: "(body)", message }] });
}

/** What stands behind `Bearer`, by who asks. */
const BEARERS = {
  customer: "The app user's ID token",
  admin: "A key of ADMIN_API_KEYS",
  pubsub: "The OIDC token of the Pub/Sub push subscription",
};

function describe(app: OpenAPIHono<HttpEnv>): void {
  for (const [name, description] of Object.entries(BEARERS)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, {
      type: "http",
      scheme: "bearer",
      description,
    });
  }
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "playgrant",
      version: VERSION,
      description: "Google Play purchases in, entitlements and licences out.",
    },
  });
}
