import type { z } from "zod";
import { GoogleError } from "./google-error.ts";

/** A ready JSON text as an answer: no second walk over it. */
export function json(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "application/json; charset=UTF-8" } });
}

/** Google's custom verbs: the last path segment `{id}:{verb}`. */
export function verbOf(segment: string): { id: string; verb: string } {
  const colon = segment.lastIndexOf(":");
  return colon < 0
    ? { id: segment, verb: "" }
    : { id: segment.slice(0, colon), verb: segment.slice(colon + 1) };
}

/** A request's body, or Google's 400 for one that is not as it should be. */
export function googleBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GoogleError(400, "invalidValue", issue?.message ?? "Invalid Value", issue?.path.join("."));
}
