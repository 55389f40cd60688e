import type { NodemailerError } from "nodemailer/lib/errors";
import { OutsideError } from "../../domain/errors.ts";

/** These say that we may not send at all, wherever in the talk they come (RFC 4954 section 6). */
const LOGIN_CODES = new Set([530, 534, 535, 538]);

/**
 * What a failed talk with the mail server says about the letter. Neither the error nor the server's words are kept: both
 * may hold the address.
 *
 * @param begun The message itself had begun to leave: from then on no answer may mean that it was taken.
 */
export function smtpFailure(error: unknown, begun: boolean): OutsideError {
  const { code, responseCode: answer, command, originalCode } = propertiesOf(error);
  if (!begun && isTls(code, originalCode))
    return new OutsideError("busy", "smtp_tls", "No trusted TLS connection to the mail server.");
  if (answer !== undefined && answer >= 400 && answer <= 599) return answered(answer, code, command);
  if (begun)
    return new OutsideError(
      "unknown",
      "smtp_no_answer",
      "The mail server didn't say whether it took the letter.",
    );
  if (code === "EENVELOPE" || code === "EMESSAGE") return noSuchAddress();
  if (code === "EAUTH" || code === "ENOAUTH") return loginRefused();
  return new OutsideError("busy", "smtp_unreachable", "The mail server couldn't be reached in time.");
}

/** What can't be an address, or can't be told to the server as one. */
export function noSuchAddress(): OutsideError {
  return new OutsideError(
    "refused",
    "smtp_bad_address",
    "The customer's address isn't one that can be written to.",
  );
}

/** Checked certificates and those handed to Node's TLS fail with codes of OpenSSL. */
function isTls(code: string | undefined, originalCode: string | undefined): boolean {
  return code === "ETLS" || /CERT|TLS|SSL|SIGNATURE/.test(originalCode ?? "");
}

/** A 5yz is about the letter only where it answers its recipient or its text; elsewhere it is about us, and passes. */
function answered(answer: number, code: string | undefined, command: string | undefined): OutsideError {
  if (LOGIN_CODES.has(answer) || (code === "EAUTH" && answer >= 500)) return loginRefused();
  const aboutLetter = command === "RCPT TO" || command === "DATA";
  const kind = answer >= 500 && aboutLetter ? "refused" : "busy";
  return new OutsideError(kind, `smtp_${answer}`, `The mail server answered ${answer}.`);
}

function loginRefused(): OutsideError {
  return new OutsideError("busy", "smtp_auth", "The mail server refused the login of SMTP_URL.");
}

function propertiesOf(error: unknown): Partial<NodemailerError> {
  return error instanceof Error ? error : {};
}
