import {
  createHmacAccountIds,
  createNoAccountIds,
  createUidAccountIds,
} from "../../src/adapters/account-ids/account-ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { AccountIds, Settings } from "../../src/ports.ts";
import { catalog } from "./shop.ts";
import type { Storage, StorageKind } from "./storage.ts";
import type { WorldOptions } from "./world.ts";

/** What an owner would have set. */

export function settingsOf(options: WorldOptions, { leaseMs }: StorageKind): Settings {
  return {
    policy: {
      catalog: catalog(options.catalog),
      renewalLeewayHours: 72,
      transfers: options.transfers ?? false,
    },
    verifyFreshMs: 30_000,
    verifyWaitMs: 5_000,
    leaseMs,
    refundReviewDefault: null,
    ...options.settings,
  };
}

const ACCOUNT_KEY = new Secret(Buffer.alloc(32, 9).toString("base64"));

export function accountIdsOf(
  { accountIds = "uid" }: WorldOptions,
  { accountDirectory }: Storage,
): AccountIds {
  switch (accountIds) {
    case "uid":
      return createUidAccountIds();
    case "none":
      return createNoAccountIds();
    case "hmac":
      return createHmacAccountIds(ACCOUNT_KEY, accountDirectory);
  }
}
