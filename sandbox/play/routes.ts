import { Hono } from "hono";
import type { Faults } from "../faults.ts";
import type { SandboxEnv } from "../http/env.ts";
import { faultGate } from "../http/fault-gate.ts";
import { BadRequest } from "../http/json-body.ts";
import { GoogleError, googleErrorBody, googleErrorOf, noSuchMethod } from "./google-error.ts";
import { orderRoutes } from "./order-routes.ts";
import type { Play } from "./play.ts";
import { productRoutes } from "./product-routes.ts";
import { subscriptionRoutes } from "./subscription-routes.ts";
import { voidedRoutes } from "./voided-routes.ts";

function tell(error: GoogleError): Response {
  return Response.json(googleErrorBody(error), { status: error.code });
}

/** The Android Publisher API, version 3, below `…/applications/{package}`. No credentials are asked for. */
export function playRoutes(play: Play, faults: Faults, packageNames?: readonly string[]): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>().basePath("/applications");
  app.use(
    faultGate(faults, "play", (_context, status, fault) => {
      if (status === 429) play.calls.status429 += 1;
      return tell(googleErrorOf(status, fault.code));
    }),
  );
  if (packageNames !== undefined) {
    app.use("/:package/*", (context, next) => {
      if (packageNames.includes(context.req.param("package"))) return next();
      throw new GoogleError(404, "applicationNotFound", "No application was found for the package name.");
    });
  }
  app.route("/", subscriptionRoutes(play));
  app.route("/", productRoutes(play));
  app.route("/", orderRoutes(play));
  app.route("/", voidedRoutes(play));
  app.all("*", () => {
    throw noSuchMethod();
  });
  app.onError((error) => {
    if (error instanceof GoogleError) return tell(error);
    if (error instanceof BadRequest) return tell(new GoogleError(400, "parseError", error.message));
    return tell(new GoogleError(500, "backendError", error.message));
  });
  return app;
}
