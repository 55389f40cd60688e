import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../domain/errors.ts";

export const KIB = 1024;

/** Refuses a longer body before it is read. @param maxSize Bytes. @throws AppError `request_too_large`. */
export function limited(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new AppError("request_too_large", `The body may have ${maxSize / KIB} KiB at most.`);
    },
  });
}
