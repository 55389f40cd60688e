import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Grant } from "../../src/domain/grant.ts";
import { grantId, slotId } from "../../src/domain/ids.ts";
import type { PurchaseRecord } from "../../src/domain/purchase-file.ts";
import type { GrantFilter, PurchaseFilter } from "../../src/ports.ts";
import { grant, NOW, oneTime, subscription } from "../support/builders.ts";
import {
  allPages,
  type CreateStore,
  newCustomer,
  newPurchase,
  ofCustomer,
  ofPurchase,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** Purchases and rows of all customers, by what people know of them. */
export function adminRecordsContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let [ann, ben] = [newCustomer(), newCustomer()];

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    [ann, ben] = [newCustomer(), newCustomer()];
  });
  afterEach(() => under.close());

  describe("purchases", () => {
    const put = async (overrides: Partial<PurchaseRecord>) => {
      const purchase = newPurchase(overrides);
      await under.store.update(ofPurchase(purchase), () => write({ purchase }));
      return purchase;
    };
    const find = async (filter: PurchaseFilter) => {
      const pages = await allPages((page) => under.adminRecords.findPurchases(filter, page), 2);
      return pages.flat().map(({ id }) => id);
    };
    const onHold = subscription({ state: "on_hold" });

    it("are read by their ids, those that are there", async () => {
      const [first, second] = [await put({}), await put({})];
      const found = await under.adminRecords.purchases([first.id, newPurchase().id, second.id]);
      expect(found.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
      expect(await under.adminRecords.purchases([])).toEqual([]);
    });

    it("are listed page by page, newest first, whosever they are", async () => {
      const written = [];
      for (const [index, customerId] of [ann, null, ben, ann, null].entries())
        written.push(await put({ customerId, createdAt: NOW + Math.floor(index / 2) * 1_000 }));
      const pages = await allPages((page) => under.adminRecords.findPurchases({}, page), 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      const found = pages.flat();
      expect(found.map(({ id }) => id).sort()).toEqual(written.map(({ id }) => id).sort());
      const times = found.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });

    it("are found by customer and by state, both if both are given", async () => {
      const mine = await put({ customerId: ann, answer: subscription(), createdAt: NOW });
      const held = await put({ customerId: ann, answer: onHold, createdAt: NOW + 1 });
      const theirs = await put({ customerId: ben, answer: onHold, createdAt: NOW + 2 });
      await put({ customerId: ann, answer: null, createdAt: NOW + 3 });
      expect(await find({ state: "on_hold" })).toEqual([theirs.id, held.id]);
      expect(await find({ customerId: ann, state: "on_hold" })).toEqual([held.id]);
      expect(await find({ customerId: ann, state: "active" })).toEqual([mine.id]);
      expect(await find({ customerId: ben, state: "active" })).toEqual([]);
    });

    it("are found by the state that the contract gives them, not by Google's word alone", async () => {
      const voided = [{ orderId: "GPA.1", extent: "full" as const, at: NOW }];
      const observations = { voided, supersededBy: null, revoked: false };
      const refunded = await put({ answer: oneTime(), observations, type: "one_time" });
      expect(await find({ state: "refunded" })).toEqual([refunded.id]);
      expect(await find({ state: "purchased" })).toEqual([]);
    });

    it("are found by the state they are in now", async () => {
      const purchase = await put({ answer: subscription() });
      await under.store.update(ofPurchase(purchase), () =>
        write({ purchase: { ...purchase, answer: onHold } }),
      );
      expect(await find({ state: "active" })).toEqual([]);
      expect(await find({ state: "on_hold" })).toEqual([purchase.id]);
    });

    it("are found by any order that ever paid for them, and by nothing that only looks like it", async () => {
      const renewed = await put({ customerId: ann, orderIds: ["GPA.1", "GPA.1..0"], createdAt: NOW });
      const linked = await put({ customerId: ben, orderIds: ["GPA.1"], createdAt: NOW + 1 });
      await put({ orderIds: ["GPA.2"] });
      expect(await find({ orderId: "GPA.1" })).toEqual([linked.id, renewed.id]);
      expect(await find({ orderId: "GPA.1..0" })).toEqual([renewed.id]);
      expect(await find({ orderId: "GPA" })).toEqual([]);
      expect(await find({ orderId: "GPA.1", customerId: ann })).toEqual([renewed.id]);
      expect(await find({ orderId: "GPA.1", customerId: ann, state: "active" })).toEqual([]);
    });
  });

  describe("grants", () => {
    const put = async (customerId: typeof ann, index: number, overrides: Partial<Grant> = {}) => {
      const slot = slotId(customerId, "scope", "desktop", index);
      const row = grant({ id: grantId(slot, 1), slotId: slot, customerId, expiresAt: null, ...overrides });
      await under.store.update(ofCustomer(customerId), () => write({ grants: [row] }));
      return row;
    };
    const find = async (filter: GrantFilter) =>
      (await allPages((page) => under.adminRecords.findGrants(filter, page), 2)).flat().map(({ id }) => id);

    it("are found by their id alone", async () => {
      const [mine, theirs] = [await put(ann, 0), await put(ben, 0)];
      expect(await under.adminRecords.findGrant(theirs.id)).toEqual(theirs);
      expect(await under.adminRecords.findGrant(mine.id)).toEqual(mine);
      expect(await under.adminRecords.findGrant(grantId(mine.slotId, 2))).toBeNull();
    });

    it("of all customers are listed page by page, newest first, those of one moment once each", async () => {
      const written = [];
      for (const [index, customerId] of [ann, ben, ann, ben, ben, ann, ann].entries())
        written.push(await put(customerId, index, { createdAt: NOW + Math.floor(index / 3) * 1_000 }));
      const pages = await allPages((page) => under.adminRecords.findGrants({}, page), 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
      const found = pages.flat();
      expect(found.map(({ id }) => id).sort()).toEqual(written.map(({ id }) => id).sort());
      const times = found.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });

    it("are found by all that is asked for at once", async () => {
      const failed = { status: "Failed", failure: { code: "x", message: "It failed." } } as const;
      const first = await put(ann, 0, { ...failed, createdAt: NOW });
      const second = await put(ben, 1, { ...failed, entitlementId: "pro", createdAt: NOW + 1 });
      const third = await put(ann, 2, { entitlementId: "pro", createdAt: NOW + 2 });
      const fourth = await put(ann, 3, { ...failed, entitlementId: "pro", createdAt: NOW + 3 });
      expect(await find({ status: "Failed" })).toEqual([fourth.id, second.id, first.id]);
      expect(await find({ entitlementId: "pro" })).toEqual([fourth.id, third.id, second.id]);
      expect(await find({ status: "Failed", entitlementId: "pro" })).toEqual([fourth.id, second.id]);
      expect(await find({ customerId: ann })).toEqual([fourth.id, third.id, first.id]);
      expect(await find({ customerId: ann, status: "Failed" })).toEqual([fourth.id, first.id]);
      expect(await find({ customerId: ann, entitlementId: "pro" })).toEqual([fourth.id, third.id]);
      expect(await find({ customerId: ann, status: "Failed", entitlementId: "pro" })).toEqual([fourth.id]);
      expect(await find({ customerId: ben, status: "Delivered" })).toEqual([]);
    });
  });

  it.each(["%%%", "e30", Buffer.from('{"createdAt":"0000-01-01T00:00:00Z","id":"x"}').toString("base64url")])(
    "refuses a cursor that isn't ours: %s",
    async (cursor) => {
      const page = { limit: 2, cursor };
      const refused = { code: "invalid_request" };
      await expect(under.adminRecords.findPurchases({}, page)).rejects.toMatchObject(refused);
      await expect(under.adminRecords.findGrants({}, page)).rejects.toMatchObject(refused);
      await expect(under.adminRecords.findGrants({ customerId: ann }, page)).rejects.toMatchObject(refused);
      await expect(under.adminRecords.timeline(ann, page)).rejects.toMatchObject(refused);
      await expect(under.desk.listDeadLetters(page)).rejects.toMatchObject(refused);
      await expect(under.desk.listOrphans(page)).rejects.toMatchObject(refused);
      await expect(under.desk.listReviews(page)).rejects.toMatchObject(refused);
    },
  );
}
