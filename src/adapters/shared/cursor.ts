import type { z } from "zod";
import { AppError } from "../../domain/errors.ts";

/** Where a list goes on, as text that means nothing to whoever carries it. */
export function writeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/**
 * Goes on where a cursor says.
 *
 * @param from Makes something of the position: what it throws is the cursor's fault.
 * @throws AppError `invalid_request` on a cursor that isn't ours.
 */
export function readCursor<Schema extends z.ZodType, T>(
  cursor: string,
  schema: Schema,
  from: (position: z.output<Schema>) => T,
): T {
  try {
    return from(schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString())));
  } catch (cause) {
    const message = "is not one of ours: leave it out to start over";
    const issues = [{ path: "cursor", message }];
    throw new AppError("invalid_request", `The cursor ${message}.`, { cause, issues });
  }
}
