import { OpenAPIHono, z } from "@hono/zod-openapi";
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

/** A body that may be left out, and then has no fields: defaults of the schema don't apply. */
export function optionalJsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: false, content: { "application/json": { schema } } } } as const;
}

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
