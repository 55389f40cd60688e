import type { Context } from "hono";
import type { z } from "zod";

/** The request's body is not what was asked for: a 400 with where and why. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
}

/** The body as JSON; an absent one is `{}`. */
export async function jsonBody(context: Context): Promise<unknown> {
  const text = await context.req.text();
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest("the body is not JSON");
  }
}

export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadRequest(
    result.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`).join("; "),
  );
}
