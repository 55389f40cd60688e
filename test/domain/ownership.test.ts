import { describe, expect, test } from "vitest";
import type { CustomerId } from "../../src/domain/ids.ts";
import { isSomeoneElses, type NamedCustomer, ownerOf } from "../../src/domain/ownership.ts";
import type { PurchaseFile } from "../../src/domain/purchase-file.ts";
import { ANN, BEN, customer, record } from "../support/builders.ts";

const CAT = customer("cat");
const NOBODY: NamedCustomer = { kind: "nobody" };
const STRANGER: NamedCustomer = { kind: "stranger" };
const names = (id: CustomerId): NamedCustomer => ({ kind: "customer", id });

function fileOf(bound: CustomerId | null, replaced: CustomerId | null): PurchaseFile {
  return {
    ids: { purchaseId: null, relatedId: null, customerId: null },
    purchase: bound === null ? null : record({ customerId: bound }),
    related: replaced === null ? null : record({ customerId: replaced }),
    customer: null,
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
    expect(ownerOf(fileOf(bound, replaced), { claimant, named })).toBe(expected);
  });

  test("a record that nobody has claimed binds nobody", () => {
    const file = {
      ...fileOf(ANN, ANN),
      purchase: record({ customerId: null }),
      related: record({ customerId: null }),
    };
    expect(ownerOf(file, { claimant: BEN, named: NOBODY })).toBe(BEN);
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
    expect(isSomeoneElses(fileOf(bound, replaced), { claimant, named })).toBe(expected);
  });
});
