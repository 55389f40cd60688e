import { afterEach, beforeEach, expect, it } from "vitest";
import { grantId, slotId } from "../../src/domain/ids.ts";
import type { AuditEntry } from "../../src/domain/purchase-file.ts";
import { NOW } from "../support/builders.ts";
import {
  aChange,
  allPages,
  type CreateStore,
  newCustomer,
  newPurchase,
  ofCustomer,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** What happened to a customer, change by change. */
export function timelineContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const commit = (...audit: AuditEntry[]) =>
    under.store.update(ofCustomer(customerId), () => write({ audit }));
  /** A commit with a change for each summary. */
  const changes = (at: number, ...summaries: string[]): AuditEntry => ({
    ...aChange(customerId, "", at),
    changes: summaries.map((summary) => ({ kind: "grant", grantId: null, summary })),
  });
  const pages = async (limit: number) => {
    const found = await allPages((page) => under.adminRecords.timeline(customerId, page), limit);
    return found.map((page) => page.map(({ summary }) => summary));
  };

  it("tells of a change all that is known", async () => {
    const purchase = newPurchase();
    const row = grantId(slotId(customerId, "scope", "desktop", 0), 1);
    const by = { at: NOW, cause: "admin", actor: "alice", customerId, purchaseId: purchase.id } as const;
    await commit({ ...by, changes: [{ kind: "grant", grantId: row, summary: "desktop Revoked manual" }] });
    const { data } = await under.adminRecords.timeline(customerId, { limit: 5, cursor: null });
    expect(data).toEqual([
      {
        at: NOW,
        kind: "grant",
        cause: "admin",
        actor: "alice",
        purchaseId: purchase.id,
        grantId: row,
        summary: "desktop Revoked manual",
      },
    ]);
  });

  it("tells what nobody in particular did", async () => {
    await commit({ ...changes(NOW, "by itself"), actor: null, cause: "sweep" });
    const { data } = await under.adminRecords.timeline(customerId, { limit: 5, cursor: null });
    expect(data).toMatchObject([{ cause: "sweep", actor: null, purchaseId: null, grantId: null }]);
  });

  it("is the newest first, each commit's changes in their order", async () => {
    await commit(changes(NOW, "a1", "a2", "a3"));
    await commit(changes(NOW + 2, "c1"));
    await commit(changes(NOW + 1, "b1", "b2"));
    expect(await pages(10)).toEqual([["c1", "b1", "b2", "a1", "a2", "a3"]]);
  });

  it.each([1, 2, 3, 4, 5, 6])("cuts a commit where a page of %i ends, and goes on there", async (limit) => {
    await commit(changes(NOW, "a1", "a2", "a3"));
    await commit(changes(NOW + 1, "b1", "b2"));
    await commit(changes(NOW + 2, "c1"));
    const found = await pages(limit);
    expect(found.flat()).toEqual(["c1", "b1", "b2", "a1", "a2", "a3"]);
    expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect(found.at(-1)?.length).toBeGreaterThan(0);
  });

  it("shows commits of one moment once each, over all pages", async () => {
    for (const name of ["a", "b", "c", "d"]) await commit(changes(NOW, `${name}1`, `${name}2`));
    for (const limit of [1, 3]) {
      const found = (await pages(limit)).flat();
      expect([...found].sort()).toEqual(["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"]);
      // A commit's own changes stay together, and in their order.
      for (const name of ["a", "b", "c", "d"])
        expect(found.indexOf(`${name}2`)).toBe(found.indexOf(`${name}1`) + 1);
    }
  });

  it("goes on past commits that changed nothing", async () => {
    await commit(changes(NOW, "first"));
    for (let index = 1; index <= 4; index += 1) await commit(changes(NOW + index));
    await commit(changes(NOW + 9, "last"));
    expect((await pages(1)).flat()).toEqual(["last", "first"]);
  });

  it("stays where it is when something happens between two pages", async () => {
    await commit(changes(NOW, "a1", "a2"));
    const first = await under.adminRecords.timeline(customerId, { limit: 1, cursor: null });
    await commit(changes(NOW + 1, "b1"));
    const second = await under.adminRecords.timeline(customerId, { limit: 1, cursor: first.nextCursor });
    expect(second.data.map(({ summary }) => summary)).toEqual(["a2"]);
    expect(second.nextCursor).toBeNull();
  });

  it("is the customer's alone", async () => {
    const other = newCustomer();
    await commit(changes(NOW, "mine"), aChange(other, "theirs", NOW), aChange(null, "nobody's", NOW));
    expect(await pages(5)).toEqual([["mine"]]);
    const none = await under.adminRecords.timeline(newCustomer(), { limit: 5, cursor: null });
    expect(none).toEqual({ data: [], nextCursor: null });
  });
}
