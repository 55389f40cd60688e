import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { AppError } from "../domain/errors.ts";
import type { HttpEnv } from "./context.ts";
import { invalidRequest, problemSchema } from "./problem.ts";

/** A router whose requests are checked by the very schemas that its OpenAPI document is made of. */
export function createRouter(): OpenAPIHono<HttpEnv> {
  return new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });
}

export const CUSTOMER = [{ customer: [] }];
export const ADMIN = [{ admin: [] }];
export const PUBSUB = [{ pubsub: [] }];

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { "application/json": { schema } } } } as const;
}

/** A body that may be left out; only with {@link jsonOrNothing}. Without one all its fields are. */
export function optionalJsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: false, content: { "application/json": { schema } } } } as const;
}

/** Refuses a body that isn't sent as JSON: it would be passed over, and with it what somebody asked for. */
export const jsonOrNothing: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("Content-Type") ?? "";
  const length = c.req.header("Content-Length") ?? c.req.header("Transfer-Encoding") ?? type;
  const isThere = length !== "" && length !== "0";
  if (isThere && !/^application\/json(\s*;|$)/i.test(type)) {
    const message = "must be sent as application/json";
    const issues = [{ path: "(body)", message }];
    throw new AppError("invalid_request", `The body ${message}.`, { issues });
  }
  await next();
};

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** The problems a route may answer with, by status. */
export function problems<S extends number>(...statuses: S[]) {
  const one = {
    description: "Problem",
    content: { "application/problem+json": { schema: problemSchema } },
  } as const;
  const all: Partial<Record<S, typeof one>> = {};
  for (const status of statuses) all[status] = one;
  return all as Record<S, typeof one>;
}

export { z };
