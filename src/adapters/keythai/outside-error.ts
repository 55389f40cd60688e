import { OutsideError } from "../../domain/errors.ts";
import { KeyThaiApiError } from "./keythai-error.ts";

/** What a failed call says about what was done at KeyThai; the one place that sorts KeyThai's answers. */
type Failure = "refused" | "not_done" | "unsure";

/** Those need a person, whatever their status: a used-up quota told with a 429 is not a matter of waiting (facts 5). */
const REFUSALS: Readonly<Record<string, string>> = {
  QUOTA_EXCEEDED: "keythai_quota_exceeded",
  VALIDATION_ERROR: "keythai_validation_error",
  UNAUTHORIZED: "keythai_unauthorized",
};

/**
 * @param unsure What it means that nobody knows whether the call was done: `unknown` for a create, which made one
 *   licence too many if it is repeated; `busy` for a call that may be repeated.
 */
export function toOutsideError(error: unknown, unsure: "unknown" | "busy"): OutsideError {
  if (!(error instanceof KeyThaiApiError)) return outside(unsure, "keythai_unavailable", "failed", error);
  switch (failureOf(error)) {
    case "refused":
      return outside("refused", refusalCode(error), "refused", error);
    case "not_done":
      return outside(
        "busy",
        error.status === 0 ? "keythai_unavailable" : "keythai_rate_limited",
        "is busy",
        error,
      );
    case "unsure":
      return outside(unsure, "keythai_unavailable", "gave no usable answer", error);
  }
}

/** True when the very same call may succeed later, if it may be repeated at all. */
export function isPassing(error: KeyThaiApiError): boolean {
  return failureOf(error) !== "refused";
}

/**
 * KeyThai no longer knows the key, or has revoked it for good (facts 6). A 401 is about our API key, whatever its code
 * says: taken for a dead licence it would leave one alive.
 */
export function isGone(error: unknown): error is KeyThaiApiError {
  if (!(error instanceof KeyThaiApiError) || failureOf(error) !== "refused" || error.status === 401)
    return false;
  return error.code === "INVALID_KEY" || error.code === "LICENSE_REVOKED";
}

export function licenseGone(cause: KeyThaiApiError): OutsideError {
  return outside("refused", "keythai_license_gone", "no longer has this licence", cause);
}

function failureOf({ code, status }: KeyThaiApiError): Failure {
  if (code === "NOT_SENT") return "not_done";
  // A time-out (408 is a proxy's), a cut, a 5xx, a redirect, a 2xx that can't be read.
  if (status < 400 || status > 499 || status === 408) return "unsure";
  if (REFUSALS[code] !== undefined) return "refused";
  return status === 429 || code === "RATE_LIMITED" ? "not_done" : "refused";
}

function refusalCode({ code, status }: KeyThaiApiError): string {
  return REFUSALS[code] ?? (status === 401 ? "keythai_unauthorized" : "keythai_refused");
}

/** The message is ours alone; KeyThai's words, without keys, stay in the cause. */
function outside(kind: OutsideError["kind"], code: string, what: string, cause: unknown): OutsideError {
  const told = cause instanceof KeyThaiApiError ? ` (${cause.status} ${cause.code})` : "";
  const retryAfterMs = cause instanceof KeyThaiApiError ? cause.retryAfterMs : null;
  return new OutsideError(kind, code, `KeyThai ${what}${told}`, {
    cause,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}
