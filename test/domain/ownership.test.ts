import { describe, expect, test } from "vitest";
import type { CustomerId } from "../../src/domain/ids.ts";
import {
  type Claim,
  formerOwnerOf,
  isSomeoneElses,
  type NamedCustomer,
  ownerOf,
} from "../../src/domain/ownership.ts";
import { NO_IDS, type PurchaseFile } from "../../src/domain/purchase-file.ts";
import { ANN, BEN, customer, record, refOf } from "../support/builders.ts";

const CAT = customer("cat");
const NOBODY: NamedCustomer = { kind: "nobody" };
const STRANGER: NamedCustomer = { kind: "stranger" };
const claim = (claimant: CustomerId | null, named: NamedCustomer, more: Partial<Claim> = {}): Claim => ({
  claimant,
  named,
  inherited: null,
  transfers: false,
  ...more,
});
const names = (id: CustomerId): NamedCustomer => ({ kind: "customer", id });

function fileOf(bound: CustomerId | null, replaced: CustomerId | null): PurchaseFile {
  return {
    ids: NO_IDS,
    purchase: bound === null ? null : record({ customerId: bound }),
    related: replaced === null ? null : record({ customerId: replaced }),
    customer: null,
    former: null,
  };
}

/** Contract section 4: bound; else the owner of what it replaces; else the account id; else the first verified caller. */
describe("whose a purchase is", () => {
  test.each<
    [string, CustomerId | null, CustomerId | null, NamedCustomer, CustomerId | null, CustomerId | null]
  >([
    ["whose it was before", ANN, BEN, names(CAT), CAT, ANN],
    ["whose the replaced one is", null, BEN, names(CAT), CAT, BEN],
    ["whom the account id names", null, null, names(CAT), ANN, CAT],
    ["whom the account id names, by a notice alone", null, null, names(CAT), null, CAT],
    ["who presents it first", null, null, NOBODY, ANN, ANN],
    ["nobody's, until somebody presents it", null, null, NOBODY, null, null],
    ["nobody's, while it names somebody we don't know", null, null, STRANGER, null, null],
  ])("%s", (_, bound, replaced, named, claimant, expected) => {
    expect(ownerOf(fileOf(bound, replaced), claim(claimant, named))).toBe(expected);
  });

  test("a record that nobody has claimed binds nobody", () => {
    const file = {
      ...fileOf(ANN, ANN),
      purchase: record({ customerId: null }),
      related: record({ customerId: null }),
    };
    expect(ownerOf(file, claim(BEN, NOBODY))).toBe(BEN);
  });
});

/** Contract section 3, status 409. */
describe("who is refused", () => {
  test.each<[string, CustomerId | null, CustomerId | null, NamedCustomer, CustomerId | null, boolean]>([
    ["a notice claims nothing", BEN, BEN, names(BEN), null, false],
    ["its owner may have it", ANN, null, NOBODY, ANN, false],
    ["another may not", BEN, null, NOBODY, ANN, true],
    ["nor one who presents a successor of someone else's", null, BEN, NOBODY, ANN, true],
    ["the owner of the replaced one may", null, ANN, NOBODY, ANN, false],
    ["nor one whom the account id doesn't name", null, null, names(BEN), ANN, true],
    ["whom it names may", null, null, names(ANN), ANN, false],
    ["nor anybody, when it names somebody we don't know", null, null, STRANGER, ANN, true],
    ["the first caller may have what names nobody", null, null, NOBODY, ANN, false],
    ["who has it keeps it, whatever its account id says", ANN, null, names(BEN), ANN, false],
    ["the chain is believed before the account id", null, ANN, names(BEN), ANN, false],
    ["even before that of a stranger", null, ANN, STRANGER, ANN, false],
  ])("%s", (_, bound, replaced, named, claimant, expected) => {
    expect(isSomeoneElses(fileOf(bound, replaced), claim(claimant, named))).toBe(expected);
  });
});

/** A chain whose tokens in between were never seen here (google-play.md section 9). */
describe("an owner found further back in the chain", () => {
  const inherited = { inherited: BEN };

  test("has it, before whom its account id names", () => {
    expect(ownerOf(fileOf(null, null), claim(null, names(CAT), inherited))).toBe(BEN);
  });

  test("keeps others from it", () => {
    expect(isSomeoneElses(fileOf(null, null), claim(ANN, NOBODY, inherited))).toBe(true);
    expect(isSomeoneElses(fileOf(null, null), claim(BEN, NOBODY, inherited))).toBe(false);
  });

  test("matters no more once it is bound", () => {
    expect(ownerOf(fileOf(ANN, null), claim(ANN, NOBODY, inherited))).toBe(ANN);
  });
});

/** `PURCHASE_TRANSFER=allow`. */
describe("where purchases may move", () => {
  const transfers = { transfers: true };

  test.each<[string, CustomerId | null, CustomerId | null, NamedCustomer, CustomerId | null]>([
    ["from whom it was bound to", BEN, null, NOBODY, BEN],
    ["from the owner of what it replaces", null, BEN, NOBODY, BEN],
    ["from nobody, when only its account id names another", null, null, names(BEN), null],
    ["from nobody, when it names somebody we don't know", null, null, STRANGER, null],
    ["from nobody, when it is the caller's already", ANN, null, NOBODY, null],
  ])("it goes to whoever presents it, %s", (_, bound, replaced, named, former) => {
    const file = fileOf(bound, replaced);
    const asked = claim(ANN, named, transfers);
    expect(isSomeoneElses(file, asked)).toBe(false);
    expect(ownerOf(file, asked)).toBe(ANN);
    expect(formerOwnerOf(file, asked)).toBe(former);
  });

  test("a notice moves nothing", () => {
    const asked = claim(null, names(CAT), transfers);
    expect(ownerOf(fileOf(BEN, null), asked)).toBe(BEN);
    expect(formerOwnerOf(fileOf(BEN, null), asked)).toBeNull();
  });

  test("one that was replaced stays where it is: its successor is what moves", () => {
    const observations = { voided: [], supersededBy: refOf("second").id, revoked: false };
    const file = { ...fileOf(BEN, null), purchase: record({ customerId: BEN, observations }) };
    expect(isSomeoneElses(file, claim(ANN, NOBODY, transfers))).toBe(true);
    expect(ownerOf(file, claim(ANN, NOBODY, transfers))).toBe(BEN);
  });
});
