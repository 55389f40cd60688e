import type { z } from "zod";
import { AppError } from "../errors.ts";

/**
 * Google's answer through its schema. A 200 with something else in it (the client hands broken JSON over as a string)
 * is Google's trouble, not the caller's: nothing is changed and the call may be repeated.
 *
 * @throws AppError `play_unavailable`, retryable. The message names paths, never values.
 */
export function readAnswer<T extends z.ZodType>(schema: T, json: unknown): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join(".") || "(root)").join(", ");
  throw new AppError("play_unavailable", "Google Play gave an answer that can't be read. Try again later.", {
    retryable: true,
    cause: new Error(`unreadable at ${paths}`),
  });
}
