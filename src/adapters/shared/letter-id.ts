import { createHash } from "node:crypto";
import type { DeadLetter } from "../../ports.ts";

/** The same message again is the same letter; a message without an id is known by what it says. */
export function letterId({ messageId, data }: DeadLetter): string {
  const text = messageId ?? data;
  return `dlt_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
