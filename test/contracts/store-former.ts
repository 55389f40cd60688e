import { afterEach, beforeEach, expect, it } from "vitest";
import { only } from "../support/builders.ts";
import {
  aChange,
  type CreateStore,
  newCustomer,
  newPurchase,
  noted,
  notesOf,
  ofCustomer,
  ofPurchase,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** One customer's file and another's change in one commit, each under its own guard. */
export function formerContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let [customerId, formerId] = [newCustomer(), newCustomer()];

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    [customerId, formerId] = [newCustomer(), newCustomer()];
  });
  afterEach(() => under.close());

  const note = (id: typeof customerId, text: string) =>
    under.store.update(ofCustomer(id), ({ customer }) => write({ customer: noted(customer, id, text) }));
  const notes = async (id: typeof customerId) =>
    notesOf((await under.store.load(ofCustomer(id))).file.customer);
  const ids = () => ({ ...ofPurchase(newPurchase()), customerId, formerId });

  it("reads both files, and takes neither for the other", async () => {
    await note(customerId, "mine");
    await note(formerId, "theirs");
    const both = await under.store.load(ids());
    expect([notesOf(both.file.customer), notesOf(both.file.former)]).toEqual([["mine"], ["theirs"]]);
    const turned = await under.store.load({ ...ids(), customerId: formerId, formerId: customerId }, both);
    expect([notesOf(turned.file.customer), notesOf(turned.file.former)]).toEqual([["theirs"], ["mine"]]);
  });

  it("reads on: the second file alone is fetched", async () => {
    await note(formerId, "a");
    const known = await under.store.load(ofCustomer(customerId));
    await note(customerId, "too late to be seen");
    const both = await under.store.load({ ...ofCustomer(customerId), formerId }, known);
    expect([notesOf(both.file.customer), notesOf(both.file.former)]).toEqual([[], ["a"]]);
  });

  it("writes both, each with its own entitlements and history", async () => {
    await note(formerId, "a");
    const mine = noted(null, customerId, "mine");
    const theirs = noted(null, formerId, "theirs");
    const { after } = await under.store.update(ids(), () =>
      write({
        customer: mine,
        entitlements: Object.values(mine.entitlements),
        former: { customer: theirs, entitlements: Object.values(theirs.entitlements) },
        audit: [aChange(customerId, "given"), aChange(formerId, "taken")],
      }),
    );
    expect([after.file.customer, after.file.former]).toEqual([mine, theirs]);
    expect([await notes(customerId), await notes(formerId)]).toEqual([["mine"], ["theirs"]]);
    expect(await under.entitlementRows(customerId)).toEqual(["mine"]);
    expect(await under.entitlementRows(formerId)).toEqual(["theirs"]);
    for (const [id, summary] of [
      [customerId, "given"],
      [formerId, "taken"],
    ] as const) {
      const page = await under.adminRecords.timeline(id, { limit: 5, cursor: null });
      expect(only(page.data).summary).toBe(summary);
    }
  });

  it("decides again, and writes nothing before, where either file has changed", async () => {
    for (const changed of [customerId, formerId]) {
      const basis = await under.store.load(ids());
      await note(changed, "in between");
      const seen: boolean[] = [];
      await under.store.update(
        basis.file.ids,
        ({ customer, former }) => {
          seen.push([...notesOf(customer), ...notesOf(former)].includes("in between"));
          return write({
            customer: noted(customer, customerId, "mine"),
            former: { customer: noted(former, formerId, "theirs"), entitlements: [] },
          });
        },
        { basis },
      );
      expect(seen.length).toBe(2);
      expect(await notes(changed)).toContain("in between");
    }
    expect(await notes(customerId)).toContain("mine");
    expect(await notes(formerId)).toContain("theirs");
  });

  it("decides the next change on what it left, without another read", async () => {
    const first = await under.store.update(ids(), () =>
      write({ former: { customer: noted(null, formerId, "a"), entitlements: [] } }),
    );
    let decisions = 0;
    await under.store.update(
      first.after.file.ids,
      ({ former }) => {
        decisions += 1;
        return write({ former: { customer: noted(former, formerId, "b"), entitlements: [] } });
      },
      { basis: first.after },
    );
    expect([decisions, await notes(formerId)]).toEqual([1, ["a", "b"]]);
  });

  it("loses none of 10 changes to the one and the other at once", async () => {
    const wanted = Array.from({ length: 10 }, (_, index) => `n${index}`).sort();
    const move = (text: string) =>
      under.store.update(ids(), ({ customer, former }) =>
        write({
          customer: noted(customer, customerId, text),
          former: { customer: noted(former, formerId, text), entitlements: [] },
        }),
      );
    await Promise.all(wanted.map((text, index) => (index % 2 === 0 ? move(text) : note(formerId, text))));
    expect(await notes(formerId)).toEqual(wanted);
    expect(await notes(customerId)).toEqual(wanted.filter((_, index) => index % 2 === 0));
  });
}
