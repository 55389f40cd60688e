import { z } from "zod";
import { parseInstant } from "../instant.ts";

/** Google's times: RFC 3339 UTC with 0 to 9 fraction digits. */
export const googleTime = z.string().transform((text, context) => {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  context.addIssue({ code: "custom", message: "not a time" });
  return z.NEVER;
});
