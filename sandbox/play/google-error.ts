/** An error as the Android Publisher API tells it (facts section 11): status first, then `errors[0].reason`. */
export class GoogleError extends Error {
  override readonly name = "GoogleError";
  readonly code: number;
  readonly reason: string;
  readonly location: string | undefined;

  constructor(code: number, reason: string, message: string, location?: string) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.location = location;
  }
}

const STATUS: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

const REASON: Record<number, string> = {
  401: "authError",
  403: "userInsufficientPermission",
  429: "rateLimitExceeded",
  500: "backendError",
  503: "backendError",
};

/** The JSON body of an error; Google leaves `status` out of some, as the 410 here. */
export function googleErrorBody(error: GoogleError): unknown {
  const { code, message, reason, location } = error;
  const global = code === 401 || code === 429 || code >= 500;
  const detail = {
    message,
    domain: global ? "global" : "androidpublisher",
    reason,
    ...(location === undefined ? {} : { location, locationType: "parameter" }),
  };
  const status = STATUS[code];
  return { error: { code, message, errors: [detail], ...(status === undefined ? {} : { status }) } };
}

/** The error that Google gives for a bare status, for faults on demand. */
export function googleErrorOf(code: number, reason?: string): GoogleError {
  return new GoogleError(code, reason ?? REASON[code] ?? "backendError", `Sandbox: fault ${code}`);
}

export function noSuchMethod(): GoogleError {
  return new GoogleError(404, "notFound", "There is no such method.");
}
