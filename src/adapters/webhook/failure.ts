import { LookupFailure } from "./guarded-agent.ts";

/** Our own words for why no answer came; what the libraries say may quote the URL or what was received. */
export type NoAnswer = "timeout" | "address_refused" | "dns_failed" | "connection_failed" | "tls_failed";

/** Of undici, and of the operating system. */
const TIMEOUTS = /^(UND_ERR_(CONNECT|HEADERS)_TIMEOUT|ETIMEDOUT)$/;
/** Of OpenSSL and of Node's check of the name; the last line is OpenSSL's verdicts on certificates (Node's docs, "X509"). */
const TLS =
  /^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_|INVALID_|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** What a request that threw means for the owner who reads why a webhook didn't arrive. */
export function failureOf(error: unknown): NoAnswer {
  if (error instanceof LookupFailure) return error.reason;
  const code = codeOf(error);
  if (TIMEOUTS.test(code)) return "timeout";
  return TLS.test(code) ? "tls_failed" : "connection_failed";
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "";
}
