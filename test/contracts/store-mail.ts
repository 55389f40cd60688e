import { afterEach, beforeEach, expect, it } from "vitest";
import { grantId, mailId, slotId } from "../../src/domain/ids.ts";
import {
  aChange,
  type CreateStore,
  newCustomer,
  type StoreUnderTest,
  storeOptions,
} from "./store-harness.ts";

/** A letter is settled once, with the customer's history. */
export function mailContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const grant = () => grantId(slotId(customerId, "scope", "desktop", 0), 1);
  const history = async () => {
    const { data } = await under.adminRecords.timeline(customerId, { limit: 50, cursor: null });
    return data.map(({ summary }) => summary);
  };

  it.each(["sent", "given_up"] as const)("that was %s says so once, and of no other", async (outcome) => {
    const [told, other] = [mailId(grant(), "delivered"), mailId(grant(), "revoked")];
    expect(await under.mailRecords.isSent(told)).toBe(false);
    await under.mailRecords.settle(told, outcome, aChange(customerId, `a letter: ${outcome}`));
    await under.mailRecords.settle(told, outcome, aChange(customerId, "once more"));
    expect(await under.mailRecords.isSent(told)).toBe(outcome === "sent");
    expect(await under.mailRecords.isSent(other)).toBe(false);
    expect(await history()).toEqual([`a letter: ${outcome}`]);
  });

  it("may be sent after it was given up", async () => {
    const id = mailId(grant(), "delivered");
    await under.mailRecords.settle(id, "given_up", aChange(customerId, "first"));
    await under.mailRecords.settle(id, "sent", aChange(customerId, "second"));
    expect(await under.mailRecords.isSent(id)).toBe(true);
    expect((await history()).sort()).toEqual(["first", "second"]);
  });

  it("is settled by one of many at once", async () => {
    const id = mailId(grant(), "delivered");
    await Promise.all(
      [1, 2, 3, 4].map((n) => under.mailRecords.settle(id, "sent", aChange(customerId, `by ${n}`))),
    );
    expect(await under.mailRecords.isSent(id)).toBe(true);
    expect(await history()).toHaveLength(1);
  });
}
