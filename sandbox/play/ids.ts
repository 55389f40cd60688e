import { bytes, type Random, whole } from "../random.ts";

const LETTERS = "abcdefghijklmnop";

/** Everything that Google makes up by chance. */
export type Ids = {
  /** Looks like Play's: 24 lower-case letters, a dot, base64url; opaque to all. */
  purchaseToken(): string;
  /** `GPA.dddd-dddd-dddd-ddddd`; renewals add `..0`, `..1` (facts section 8: a habit, not a contract). */
  orderId(): string;
  /** Changes with every change of the purchase; `subscriptionsv2.defer` wants it back. */
  etag(): string;
  pendingRefundToken(): string;
};

export function createIds(random: Random): Ids {
  const digits = (length: number) => String(whole(random, 0, 10 ** length)).padStart(length, "0");
  return {
    purchaseToken() {
      let letters = "";
      for (const byte of bytes(random, 24)) letters += LETTERS[byte & 15];
      return `${letters}.AO-J1O${bytes(random, 88).toString("base64url")}`;
    },
    orderId: () => `GPA.${digits(4)}-${digits(4)}-${digits(4)}-${digits(5)}`,
    etag: () => bytes(random, 11).toString("hex"),
    pendingRefundToken: () => `prt_${bytes(random, 20).toString("hex")}`,
  };
}

/** True for what Google could have made; anything else is a 400 there and not a 404. */
export function looksLikeToken(token: string): boolean {
  return /^[a-z]{24}\.[A-Za-z0-9_-]{20,}$/.test(token);
}
