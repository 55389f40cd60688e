import { KeyThaiApiError } from "./keythai-error.ts";

/**
 * What a `fetch` that threw means: was anything sent?
 *
 * The error itself is not kept as cause: the HTTP parser's hold the bytes that came, and so perhaps a licence key.
 */
export function connectionError(error: unknown): KeyThaiApiError {
  if (nameOf(error) === "TimeoutError")
    return new KeyThaiApiError("TIMEOUT", 0, "KeyThai did not answer in time");
  const cause = propertyOf(error, "cause");
  const reason = codeOf(cause) ?? "no code";
  return neverConnected(cause)
    ? new KeyThaiApiError("NOT_SENT", 0, `KeyThai could not be reached (${reason})`)
    : new KeyThaiApiError("CONNECTION_LOST", 0, `the connection to KeyThai was lost (${reason})`);
}

/**
 * Only a failed look-up or connect proves that nothing was sent. An error code alone does not: EHOSTUNREACH may also
 * end a connection in the middle of a request.
 */
function neverConnected(cause: unknown): boolean {
  // Several addresses were tried: each has its own error.
  const each = propertyOf(cause, "errors");
  if (Array.isArray(each) && each.length > 0) return each.every(neverConnected);
  const syscall = propertyOf(cause, "syscall");
  return syscall === "connect" || syscall === "getaddrinfo" || codeOf(cause) === "UND_ERR_CONNECT_TIMEOUT";
}

function codeOf(error: unknown): string | null {
  const code = propertyOf(error, "code");
  return typeof code === "string" ? code : null;
}

function nameOf(error: unknown): unknown {
  return propertyOf(error, "name");
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
