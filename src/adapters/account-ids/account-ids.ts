import { createHmac } from "node:crypto";
import { asCustomerId, type CustomerId } from "../../domain/ids.ts";
import type { Secret } from "../../domain/secret.ts";
import type { AccountIds } from "../../ports.ts";

/** Remembers whom an id was given to. Both may be repeated. */
export interface AccountDirectory {
  remember(accountId: string, customerId: CustomerId): Promise<void>;
  find(accountId: string): Promise<CustomerId | null>;
}

/** `OBFUSCATED_ACCOUNT_ID=uid`: the app passes the uid, and what stands there is believed. */
export function createUidAccountIds(): AccountIds {
  return {
    give: async (customerId) => customerId,
    whose: async (accountId) => {
      const id = accountId === null ? null : asCustomerId(accountId);
      return id === null ? { kind: "nobody" } : { kind: "customer", id };
    },
  };
}

/** `OBFUSCATED_ACCOUNT_ID=none`: Google's id is not looked at. */
export function createNoAccountIds(): AccountIds {
  return { give: async () => null, whose: async () => ({ kind: "nobody" }) };
}

const HMAC_HEX = /^[0-9a-f]{64}$/;

/**
 * `OBFUSCATED_ACCOUNT_ID=hmac`: HMAC-SHA256 of the uid in hex, which is just the 64 characters Google allows and tells
 * nobody anything (google-play.md section 8). Whom it names is known once the app has asked for it.
 */
export function createHmacAccountIds(key: Secret, directory: AccountDirectory): AccountIds {
  const idFor = (customerId: CustomerId) =>
    createHmac("sha256", Buffer.from(key.reveal(), "base64")).update(customerId).digest("hex");
  return {
    give: async (customerId) => {
      const accountId = idFor(customerId);
      await directory.remember(accountId, customerId);
      return accountId;
    },
    whose: async (accountId, asker) => {
      if (accountId === null || !HMAC_HEX.test(accountId)) return { kind: "nobody" };
      if (asker !== null && idFor(asker) === accountId) return { kind: "customer", id: asker };
      const id = await directory.find(accountId);
      return id === null ? { kind: "stranger" } : { kind: "customer", id };
    },
  };
}
