import { z } from "zod";
import type { Secret } from "../../domain/secret.ts";

/**
 * A call to KeyThai that did not succeed, shaped like the official SDKs' error (facts/keythai.md "Basics").
 *
 * `code` is KeyThai's own (`QUOTA_EXCEEDED`), `UNKNOWN` for an error that isn't in its shape, or one of ours:
 * `INVALID_RESPONSE` (a 2xx that can't be read) and, with status 0, `NOT_SENT`, `CONNECTION_LOST`, `TIMEOUT`.
 */
export class KeyThaiApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** How long KeyThai asked us to stay away (Retry-After), in ms. */
  readonly retryAfterMs: number | null;

  constructor(code: string, status: number, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = "KeyThaiApiError";
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const errorBody = z.looseObject({
  error: z.looseObject({
    code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
    message: z.string().catch(""),
  }),
});

/** What an answer that isn't a 2xx says. `secrets` are those that the request carried: the other side may quote them. */
export function errorOfAnswer(
  status: number,
  text: string,
  retryAfter: string | null,
  secrets: readonly Secret[],
): KeyThaiApiError {
  const parsed = errorBody.safeParse(parseJson(text));
  const retryAfterMs = parseRetryAfter(retryAfter, Date.now());
  if (!parsed.success)
    return new KeyThaiApiError("UNKNOWN", status, `KeyThai answered ${status}`, retryAfterMs);
  const { code, message } = parsed.data.error;
  return new KeyThaiApiError(code, status, withoutSecrets(message, secrets), retryAfterMs);
}

/** @returns undefined when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * @param header Seconds or an HTTP date (RFC 9110); whether KeyThai sends one is UNCONFIRMED.
 * @returns Milliseconds, at most an hour: a slip of theirs must not put a licence off for years. Null: not told.
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

function withoutSecrets(message: string, secrets: readonly Secret[]): string {
  const known = secrets.reduce((text, secret) => text.replaceAll(secret.reveal(), "[secret]"), message);
  return known.replace(/KEYT-[A-Z0-9-]+/gi, "[secret]").slice(0, 300);
}
