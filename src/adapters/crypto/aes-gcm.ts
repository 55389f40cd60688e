import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Secret } from "../../domain/secret.ts";

const ALGORITHM = "aes-256-gcm";
export const KEY_BYTES = 32;
/** 96 random bits: one key may seal 2^32 texts before two are likely to share one (NIST SP 800-38D, 8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param bound What is authenticated with the text, and must be given again to open it. @returns `<iv>.<text and tag>`, base64url. */
export function sealText(key: Buffer, secret: Secret, bound: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(bound, "utf8"));
  const body = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [iv, body].map((part) => part.toString("base64url")).join(".");
}

/** @throws Error when it was changed, or bound to something else; it never holds plaintext. */
export function openText(key: Buffer, sealed: string, bound: string): Secret {
  const [ivText = "", bodyText = "", ...rest] = sealed.split(".");
  const iv = decode(ivText, "base64url");
  const body = decode(bodyText, "base64url");
  const isWhole = iv?.length === IV_BYTES && body !== null && body.length >= TAG_BYTES && rest.length === 0;
  if (!isWhole) throw notSealed();
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(bound, "utf8"));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const plain = decipher.update(body.subarray(0, -TAG_BYTES));
  try {
    return new Secret(Buffer.concat([plain, decipher.final()]).toString("utf8"));
  } catch {
    throw new Error("a sealed text was changed, or belongs to something else");
  }
}

export function notSealed(): Error {
  return new Error("a text is not in the form of a sealed one");
}

/** Node ignores what is no base64; here a text that isn't exactly what encoding gives is null. */
export function decode(text: string, encoding: "base64" | "base64url"): Buffer | null {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : null;
}
