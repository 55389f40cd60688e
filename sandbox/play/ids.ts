import { randomBytes, randomInt } from "node:crypto";

const LETTERS = "abcdefghijklmnop";

/** A purchase token that looks like Play's: 24 lower-case letters, a dot, base64url; opaque to all. */
export function newPurchaseToken(): string {
  let letters = "";
  for (const byte of randomBytes(24)) letters += LETTERS[byte & 15];
  return `${letters}.AO-J1O${randomBytes(88).toString("base64url")}`;
}

/** True for what Google could have made; anything else is a 400 there and not a 404. */
export function looksLikeToken(token: string): boolean {
  return /^[a-z]{24}\.[A-Za-z0-9_-]{20,}$/.test(token);
}

const digits = (length: number): string => String(randomInt(10 ** length)).padStart(length, "0");

/** `GPA.dddd-dddd-dddd-ddddd`; renewals add `..0`, `..1` (facts section 8: a habit, not a contract). */
export function newOrderId(): string {
  return `GPA.${digits(4)}-${digits(4)}-${digits(4)}-${digits(5)}`;
}

/** Changes with every change of the purchase; `subscriptionsv2.defer` wants it back. */
export function newEtag(): string {
  return randomBytes(11).toString("hex");
}
