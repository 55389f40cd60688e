import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type AccountDirectory,
  createHmacAccountIds,
  createNoAccountIds,
  createUidAccountIds,
} from "../../../src/adapters/account-ids/account-ids.ts";
import type { CustomerId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { ANN, BEN } from "../../support/builders.ts";

const NOBODY = { kind: "nobody" };
const STRANGER = { kind: "stranger" };
const ann = { kind: "customer", id: ANN };

describe("uid", () => {
  const ids = createUidAccountIds();

  test("the id is the uid, and what stands there is believed", async () => {
    expect(await ids.give(ANN)).toBe(ANN);
    expect(await ids.whose(ANN, null)).toEqual(ann);
    expect(await ids.whose(ANN, BEN)).toEqual(ann);
  });

  test.each([null, "", "a/b", ".", "..", "__x__", "x".repeat(1501)])("%j names nobody", async (id) => {
    expect(await ids.whose(id, ANN)).toEqual(NOBODY);
  });
});

describe("none", () => {
  test("there is no id, and Google's isn't looked at", async () => {
    const ids = createNoAccountIds();
    expect(await ids.give(ANN)).toBeNull();
    expect(await ids.whose(ANN, BEN)).toEqual(NOBODY);
    expect(await ids.whose(null, null)).toEqual(NOBODY);
  });
});

describe("hmac", () => {
  const key = Buffer.alloc(32, 3);
  const idOf = (customer: string) => createHmac("sha256", key).update(customer).digest("hex");

  function hmac() {
    const known = new Map<string, CustomerId>();
    const directory: AccountDirectory = {
      remember: async (accountId, customerId) => void known.set(accountId, customerId),
      find: async (accountId) => known.get(accountId) ?? null,
    };
    return { known, ids: createHmacAccountIds(new Secret(key.toString("base64")), directory) };
  }

  test("64 hex digits, just what Google allows, the same each time and each customer's own", async () => {
    const { ids } = hmac();
    expect(await ids.give(ANN)).toBe(idOf("ann"));
    expect(await ids.give(ANN)).toMatch(/^[0-9a-f]{64}$/);
    expect(await ids.give(BEN)).not.toBe(idOf("ann"));
  });

  test("whose it is is known to all once it was asked for", async () => {
    const { ids, known } = hmac();
    expect(await ids.whose(idOf("ann"), null)).toEqual(STRANGER);
    await ids.give(ANN);
    expect(known.get(idOf("ann"))).toBe(ANN);
    expect(await ids.whose(idOf("ann"), null)).toEqual(ann);
    expect(await ids.whose(idOf("ann"), BEN)).toEqual(ann);
  });

  test("the asker's own needs no asking before", async () => {
    const { ids } = hmac();
    expect(await ids.whose(idOf("ann"), ANN)).toEqual(ann);
    expect(await ids.whose(idOf("ann"), BEN)).toEqual(STRANGER);
  });

  test.each([null, "", "ann", "F".repeat(64), "f".repeat(63), `${"f".repeat(64)}\n`])(
    "%j is no id of ours and names nobody",
    async (id) => {
      expect(await hmac().ids.whose(id, ANN)).toEqual(NOBODY);
    },
  );
});
