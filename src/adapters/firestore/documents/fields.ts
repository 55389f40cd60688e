import { Timestamp } from "@google-cloud/firestore";
import { type Instant, parseInstant } from "../../../domain/instant.ts";

/** An instant as Firestore's own time, where a query or a client's rules look at it. */
export function stamp(instant: Instant): Timestamp;
export function stamp(instant: Instant | null): Timestamp | null;
export function stamp(instant: Instant | null): Timestamp | null {
  return instant === null ? null : Timestamp.fromMillis(instant);
}

/** An instant from the text of a row that the outside reads. */
export function timeOf(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}
