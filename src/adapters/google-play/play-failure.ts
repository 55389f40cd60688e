import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { type Instant, SECOND } from "../../domain/instant.ts";

/**
 * What one failed attempt tells us (google-play.md section 11).
 *
 * - `not_found`, `expired`: Google's word on the purchase.
 * - `rejected`: our set-up is wrong; a person has to look.
 * - `throttled`, `conflict`: surely nothing was done; later it may work.
 * - `unknown`: a 5xx, a time-out, a cut connection; nobody knows whether it was done.
 */
export type FailureKind = "not_found" | "expired" | "rejected" | "throttled" | "conflict" | "unknown";

interface FailureDetails {
  readonly status?: number;
  /** Google's `errors[0].reason`, or the code of a connection that broke. */
  readonly reason?: string | null;
  readonly retryAfterMs?: number | null;
}

/** Small on purpose: the client's own error carries the URL with the token in it, and must not reach a log. */
export class PlayFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number | null;
  readonly reason: string | null;
  readonly retryAfterMs: number | null;

  constructor(kind: FailureKind, details: FailureDetails = {}) {
    const { status = null, reason = null, retryAfterMs = null } = details;
    super(`Google Play: ${status ?? "no answer"}${reason === null ? "" : ` ${reason}`}`);
    this.name = "PlayFailure";
    this.kind = kind;
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

const QUOTA_REASON = /^(quotaExceeded|(user)?rateLimitExceeded|dailyLimitExceeded|RATE_LIMIT_EXCEEDED)$/i;
/** A reason is one word of a known shape. Anything else may be a sentence with somebody's token in it. */
const WORD = /^[A-Za-z_]{1,64}$/;

const reasons = z.array(z.looseObject({ reason: z.string().optional().catch(undefined) })).catch([]);
const errorBody = z
  .looseObject({
    error: z.looseObject({
      status: z.string().optional().catch(undefined),
      errors: reasons,
      details: reasons,
    }),
  })
  .transform(({ error }) => ({
    status: error.status,
    reasons: [...error.errors, ...error.details].flatMap(({ reason }) =>
      reason !== undefined && WORD.test(reason) ? [reason] : [],
    ),
  }))
  .catch({ status: undefined, reasons: [] });

/** Not the platform's `Headers`: the client brings a fetch of its own. */
const headers = z.custom<{ get(name: string): string | null }>(
  (value) => typeof value === "object" && value !== null && "get" in value && typeof value.get === "function",
);

const answer = z.looseObject({
  status: z.number(),
  headers: headers.optional().catch(undefined),
  data: errorBody,
});

/** `GaxiosError` belongs to a package that isn't ours to import, so it is known by its shape. */
const clientError = z.looseObject({
  config: z.unknown(),
  response: answer.optional().catch(undefined),
  code: z.string().regex(WORD).optional().catch(undefined),
});

/**
 * @param error What the client threw.
 * @param now For a `Retry-After` that is a date.
 * @returns null when it came from no request at all: a bug, to be thrown on as it is.
 */
export function playFailure(error: unknown, now: Instant): PlayFailure | null {
  if (!(error instanceof Error) || !("config" in error)) return null;
  const parsed = clientError.safeParse(error);
  if (!parsed.success) return null;
  const { response, code } = parsed.data;
  if (response === undefined) return new PlayFailure("unknown", { reason: code ?? null });
  const { status, data } = response;
  const outOfQuota =
    data.status === "RESOURCE_EXHAUSTED" || data.reasons.some((word) => QUOTA_REASON.test(word));
  return new PlayFailure(kindOf(status, outOfQuota), {
    status,
    reason: data.reasons[0] ?? null,
    retryAfterMs: readRetryAfter(response.headers?.get("retry-after") ?? null, now),
  });
}

function kindOf(status: number, outOfQuota: boolean): FailureKind {
  switch (status) {
    case 400:
    case 404:
      return "not_found";
    case 401:
      return "rejected";
    case 403:
      return outOfQuota ? "throttled" : "rejected";
    case 409:
      return "conflict";
    case 410:
      return "expired";
    case 429:
      return "throttled";
    default:
      return "unknown";
  }
}

/** RFC 9110: seconds, or a date. */
function readRetryAfter(text: string | null, now: Instant): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * SECOND;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Told to callers when Google didn't say how long to stay away. */
const RETRY_AFTER_MS = 5 * SECOND;

/**
 * The failure as the core names it (contract section 3). Only 400, 404 and 410 are about the purchase: an app that is
 * told so for anything else would drop a purchase that was paid for.
 */
export function toAppError(failure: PlayFailure): AppError {
  switch (failure.kind) {
    case "not_found":
      return new AppError("purchase_not_found", "Google Play knows no such purchase.", { cause: failure });
    case "expired":
      return new AppError(
        "purchase_token_expired",
        "Google Play has forgotten this purchase token: it is too old.",
        {
          cause: failure,
        },
      );
    case "rejected":
      return new AppError(
        "play_rejected_credentials",
        "Google Play refuses this service's credentials: check the service account and its rights in the Play Console.",
        { cause: failure, retryable: true },
      );
    default:
      return new AppError("play_unavailable", "Google Play can't answer right now. Try again later.", {
        cause: failure,
        retryable: true,
        retryAfterMs: failure.retryAfterMs ?? RETRY_AFTER_MS,
      });
  }
}
