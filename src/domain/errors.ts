/** The closed list of what can go wrong, as the outside names it (contract section 3). Codes are API; messages may change. */
export type ErrorCode =
  | "invalid_request"
  | "request_too_large"
  | "unauthenticated"
  | "not_found"
  | "package_not_allowed"
  | "purchase_not_found"
  | "purchase_owned_by_another_customer"
  | "purchase_token_expired"
  | "grant_not_failed"
  | "refund_review_decided"
  | "endpoint_disabled"
  | "product_mismatch"
  | "product_not_in_catalog"
  | "rate_limited"
  | "play_rejected_credentials"
  | "play_unavailable"
  | "store_unavailable"
  | "notice_not_handled"
  | "internal_error";

interface AppErrorOptions {
  readonly cause?: unknown;
  /** True when the very same call may succeed later. */
  readonly retryable?: boolean;
  /** How long the other side asked us to stay away. */
  readonly retryAfterMs?: number;
  /** What exactly is wrong with a request, by path. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

/**
 * A failure with a stable code. The message is a sentence for the caller that says what to do; it never holds a token,
 * a key or the other side's words, which stay in `cause`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly issues: AppErrorOptions["issues"];

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.issues = options.issues;
  }
}

/**
 * A call to a licence server or a platform that did not do what it should.
 *
 * - `refused`: it said no for good; a person has to look.
 * - `busy`: surely nothing was done; try later.
 * - `unknown`: nobody knows whether it was done: a time-out, a cut connection, a 5xx.
 */
export class OutsideError extends Error {
  readonly kind: "refused" | "busy" | "unknown";
  /** Stable, for the grant's `error_code`: `keythai_quota_exceeded`. */
  readonly code: string;
  readonly retryAfterMs: number | null;

  constructor(
    kind: OutsideError["kind"],
    code: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OutsideError";
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Closes a union: a new variant that nobody handles fails the type check here. */
export function assertNever(value: never): never {
  throw new Error(`unhandled variant: ${JSON.stringify(value)}`);
}
