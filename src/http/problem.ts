import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, type ErrorCode } from "../domain/errors.ts";

/** Every code's status, exhaustively: a new code without one fails the build. */
const STATUS: Readonly<
  Record<ErrorCode, 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 500 | 502 | 503>
> = {
  invalid_request: 400,
  unauthenticated: 401,
  package_not_allowed: 403,
  not_found: 404,
  purchase_not_found: 404,
  purchase_owned_by_another_customer: 409,
  grant_not_failed: 409,
  refund_review_decided: 409,
  endpoint_disabled: 409,
  purchase_token_expired: 410,
  request_too_large: 413,
  product_mismatch: 422,
  product_not_in_catalog: 422,
  rate_limited: 429,
  internal_error: 500,
  play_rejected_credentials: 502,
  play_unavailable: 503,
  store_unavailable: 503,
  notice_not_handled: 503,
};

const TITLES: Readonly<Record<ErrorCode, string>> = {
  invalid_request: "The request is not valid",
  unauthenticated: "Sign in first",
  package_not_allowed: "Unknown app",
  not_found: "Nothing here",
  purchase_not_found: "Google Play knows no such purchase",
  purchase_owned_by_another_customer: "Somebody else's purchase",
  grant_not_failed: "Nothing to retry",
  refund_review_decided: "Decided already",
  endpoint_disabled: "Nothing is sent there",
  purchase_token_expired: "Google Play has forgotten this purchase",
  request_too_large: "The request is too large",
  product_mismatch: "Another product",
  product_not_in_catalog: "Not sold here",
  rate_limited: "Too many requests",
  internal_error: "Something went wrong here",
  play_rejected_credentials: "Google Play refuses this server",
  play_unavailable: "Google Play is not available",
  store_unavailable: "The database is not available",
  notice_not_handled: "Not now: send it again",
};

/** RFC 9457, with our stable `code`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

export type Problem = z.output<typeof problemSchema>;

/** What is said of an error. What is none of ours says nothing about itself. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known =
    error instanceof AppError
      ? error
      : new AppError("internal_error", "This is our fault and has been noted.");
  const whole =
    known.code === "invalid_request" ? [{ path: "(request)", message: known.message }] : undefined;
  const errors = known.issues ?? whole;
  return {
    type: `urn:playgrant:problem:${known.code}`,
    title: TITLES[known.code],
    status: STATUS[known.code],
    detail: known.message,
    code: known.code,
    request_id: requestId,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
}

/** How long to stay away where the other side didn't say. */
const DEFAULT_RETRY_MS = 5000;

export function problemResponse(c: Context, error: unknown): Response {
  const problem = toProblem(error, c.get("requestId") ?? "");
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
  };
  if (problem.status === 401) headers["WWW-Authenticate"] = "Bearer";
  if (problem.status === 429 || problem.status === 503) {
    const afterMs = (error instanceof AppError ? error.retryAfterMs : null) ?? DEFAULT_RETRY_MS;
    headers["Retry-After"] = String(Math.max(1, Math.ceil(afterMs / 1000)));
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** A validation failure of zod, as our error. Paths, never values. */
export function invalidRequest(error: z.ZodError): AppError {
  const issues = error.issues.map(({ path, message }) => ({
    path: path.map(String).join(".") || "(body)",
    message,
  }));
  const [first] = issues;
  const detail = first === undefined ? "The request is not as described." : `${first.path}: ${first.message}`;
  return new AppError("invalid_request", detail, { issues });
}
