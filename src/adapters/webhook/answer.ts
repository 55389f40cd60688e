import { DAY, type Instant, SECOND } from "../../domain/instant.ts";

const EXCERPT_BYTES = 1024;

/**
 * What is kept of an answer: at most 1 KiB of UTF-8, cut between characters. What no text holds, what steers a terminal
 * and what turns the reading direction is replaced, and so is a licence key that the receiver sent back.
 *
 * @param body What it answers to.
 */
export function excerptOf(answer: Uint8Array, body: string): string {
  const keys = keysIn(body);
  const text = keys.reduce((all, key) => all.replaceAll(key, "[key]"), new TextDecoder().decode(answer));
  const harmless = text.replace(/\r\n?/g, "\n").replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, "\uFFFD");
  // A stream keeps an unfinished character for what may come.
  return new TextDecoder().decode(Buffer.from(harmless).subarray(0, EXCERPT_BYTES), { stream: true });
}

/** Shorter ones are none, and would be found in any text. */
const SHORTEST_KEY = 8;

/** The licence keys of a payload: `data.license_key.key` (entitlement-grants.md section 1). */
function keysIn(body: string): string[] {
  const keys: string[] = [];
  try {
    JSON.parse(body, (name, value: unknown) => {
      if (name === "key" && typeof value === "string" && value.length >= SHORTEST_KEY) keys.push(value);
      return value;
    });
  } catch {
    // Not JSON: not one of our payloads.
  }
  return keys;
}

/** Nobody may put us off for longer. */
const LONGEST = DAY;

/**
 * @param header Seconds or a date (RFC 9110).
 * @returns How long to stay away in ms, at most a day; null: the receiver didn't say.
 */
export function readRetryAfter(header: string | string[] | undefined, now: Instant): number | null {
  const text = [header].flat()[0]?.trim() ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST);
}

/** Reads no further than `max` bytes, nor than the connection lasts: what came by then is the answer. */
export async function readUpTo(body: AsyncIterable<Uint8Array>, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      // Leaving the loop closes the connection.
      if (length >= max) break;
    }
  } catch {
    // Cut off, or out of time. The status came, and it is what counts.
  }
  return Buffer.concat(chunks).subarray(0, max);
}
