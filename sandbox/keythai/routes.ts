import { Hono, type MiddlewareHandler } from "hono";
import type { Faults } from "../faults.ts";
import type { SandboxEnv } from "../http/env.ts";
import { faultGate } from "../http/fault-gate.ts";
import { BadRequest } from "../http/json-body.ts";
import { type KeyThai, READ_ONLY_KEY } from "./keythai.ts";
import { licenceRoutes } from "./licence-routes.ts";
import { managementRoutes } from "./management-routes.ts";
import { KeyThaiError } from "./model.ts";

const CODE: Record<number, string> = { 401: "UNAUTHORIZED", 403: "UNAUTHORIZED", 429: "RATE_LIMITED" };

function tell({ status, code, message }: KeyThaiError): Response {
  return Response.json({ error: { code, message } }, { status });
}

/** `/keythai/v1` (facts "The wire contract"). */
export function keythaiRoutes(keythai: KeyThai, faults: Faults): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.use(
    faultGate(faults, "keythai", (_context, status, fault) =>
      tell(
        new KeyThaiError(status, fault.code ?? CODE[status] ?? "INTERNAL_ERROR", `Sandbox: fault ${status}`),
      ),
    ),
  );
  app.route("/", licenceRoutes(keythai));
  app.use(apiKey(keythai));
  app.route("/", managementRoutes(keythai));
  app.all("*", () => tell(new KeyThaiError(404, "NOT_FOUND", "There is no such method.")));
  app.onError((error) => {
    if (error instanceof KeyThaiError) return tell(error);
    if (error instanceof BadRequest) return tell(new KeyThaiError(400, "VALIDATION_ERROR", error.message));
    return tell(new KeyThaiError(500, "INTERNAL_ERROR", error.message));
  });
  return app;
}

/** `license:read` for GET, `license:write` for the rest; the second key has the former alone. */
function apiKey(keythai: KeyThai): MiddlewareHandler<SandboxEnv> {
  return (context, next) => {
    const given = context.req.header("Authorization");
    if (given === `Bearer ${keythai.apiKey}`) return next();
    if (given !== `Bearer ${READ_ONLY_KEY}`) {
      throw new KeyThaiError(401, "UNAUTHORIZED", "The API key is missing or wrong.");
    }
    if (context.req.method === "GET") return next();
    throw new KeyThaiError(403, "UNAUTHORIZED", "The API key lacks the scope license:write.");
  };
}
