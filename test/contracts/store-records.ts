import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orphanId, slotId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { DeadLetter } from "../../src/ports.ts";
import { grant, NOW } from "../support/builders.ts";
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

/** Reads beside the file, and what is put aside for a person. */
export function recordsContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const rows = (count: number, createdAt: (index: number) => number) =>
    Array.from({ length: count }, (_, index) =>
      grant({
        id: `egr_${index}` as never,
        customerId,
        createdAt: createdAt(index),
        updatedAt: NOW,
        expiresAt: null,
      }),
    );

  describe("grants", () => {
    it("finds those of a customer by id, and nobody else's", async () => {
      const [first, second] = rows(2, () => NOW);
      await under.store.update(ofCustomer(customerId), () => write({ grants: rows(2, () => NOW) }));
      expect(await under.records.grant(customerId, first?.id as never)).toEqual(first);
      expect(await under.records.grant(newCustomer(), first?.id as never)).toBeNull();
      expect(await under.records.grants(customerId, [])).toEqual([]);
      const found = await under.records.grants(customerId, [second?.id as never, "egr_none" as never]);
      expect(found).toEqual([second]);
    });

    it("lists them page by page, newest first, those of one moment once each", async () => {
      const written = rows(7, (index) => NOW + Math.floor(index / 3) * 1_000);
      await under.store.update(ofCustomer(customerId), () => write({ grants: written }));
      const pages = await allPages((page) => under.records.listGrants(customerId, page), 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
      const ids = pages.flat().map((row) => row.id);
      expect([...ids].sort()).toEqual(written.map((row) => row.id).sort());
      const times = pages.flat().map((row) => row.createdAt);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });

    it("has no next page after the last row", async () => {
      await under.store.update(ofCustomer(customerId), () =>
        write({ grants: rows(2, (index) => NOW + index) }),
      );
      const page = await under.records.listGrants(customerId, { limit: 2, cursor: null });
      expect([page.data.length, page.nextCursor]).toEqual([2, null]);
      const none = await under.records.listGrants(newCustomer(), { limit: 2, cursor: null });
      expect(none).toEqual({ data: [], nextCursor: null });
    });

    it("shows the row as it was written last", async () => {
      const [row] = rows(1, () => NOW);
      if (row === undefined) throw new Error("no row");
      await under.store.update(ofCustomer(customerId), () => write({ grants: [row] }));
      const ended = { ...row, status: "Revoked", revokedAt: NOW + 5, revocationReason: "refund" } as const;
      await under.store.update(ofCustomer(customerId), () => write({ grants: [ended] }));
      expect(await under.records.grant(customerId, row.id)).toEqual(ended);
    });
  });

  describe("purchases", () => {
    it("lists a customer's, newest first, page by page", async () => {
      const mine = [0, 1, 2].map((index) => newPurchase({ customerId, createdAt: NOW + index * 1_000 }));
      for (const purchase of [...mine, newPurchase({ customerId: newCustomer() }), newPurchase()]) {
        await under.store.update(ofPurchase(purchase), () => write({ purchase }));
      }
      const pages = await allPages((page) => under.records.listPurchases(customerId, page), 2);
      expect(pages.map((page) => page.length)).toEqual([2, 1]);
      expect(pages.flat().map(({ id }) => id)).toEqual(mine.map(({ id }) => id).reverse());
    });

    it("names those about which Google must be asked, the longest due first", async () => {
      const at = [NOW + 2_000, NOW + 1_000, NOW + 60_000, null];
      const written = at.map((nextSyncAt) => newPurchase({ nextSyncAt }));
      for (const purchase of written)
        await under.store.update(ofPurchase(purchase), () => write({ purchase }));
      const due = await under.records.dueForSync(NOW + 10_000, 10);
      expect(due.map(({ id }) => id)).toEqual([written[1]?.id, written[0]?.id]);
      expect(due[0]).toMatchObject({ packageName: written[1]?.packageName, type: "subscription" });
      expect(due[0]?.token.reveal()).toBe(written[1]?.token.reveal());
      expect(await under.records.dueForSync(NOW + 10_000, 1)).toHaveLength(1);
      expect(await under.records.dueForSync(NOW, 10)).toEqual([]);
    });
  });

  describe("cursors that are not ours", () => {
    it.each([
      ["no base64", "%%%"],
      ["text", Buffer.from("hello").toString("base64url")],
      ["other JSON", Buffer.from(JSON.stringify({ page: 2 })).toString("base64url")],
      [
        "a path for an id",
        Buffer.from(JSON.stringify({ createdAt: "2026-11-22T12:00:00.000Z", id: "a/b" })).toString(
          "base64url",
        ),
      ],
      ["no time", Buffer.from(JSON.stringify({ createdAt: "yesterday", id: "egr_1" })).toString("base64url")],
    ])("are refused: %s", async (_, cursor) => {
      const refused = { code: "invalid_request" };
      await expect(under.records.listGrants(customerId, { limit: 2, cursor })).rejects.toMatchObject(refused);
      await expect(under.records.listPurchases(customerId, { limit: 2, cursor })).rejects.toMatchObject(
        refused,
      );
    });
  });

  it("answers that it is there", async () => {
    await expect(under.records.ping()).resolves.toBeUndefined();
  });

  it("remembers whom an account id was given to", async () => {
    await under.accountDirectory.remember("abc", customerId);
    await under.accountDirectory.remember("abc", customerId);
    expect(await under.accountDirectory.find("abc")).toBe(customerId);
    expect(await under.accountDirectory.find("abd")).toBeNull();
  });

  describe("what is put aside", () => {
    const letter = (overrides: Partial<DeadLetter> = {}): DeadLetter => ({
      reason: "not_json",
      messageId: "m1",
      source: "push",
      receivedAt: NOW,
      packageName: null,
      data: "{",
      ...overrides,
    });

    it("keeps one letter of a message that comes again, by its id or by what it says", async () => {
      await under.intake.addDeadLetter(letter());
      await under.intake.addDeadLetter(letter({ receivedAt: NOW + 1, source: "pull" }));
      expect(await under.countIntake()).toMatchObject({ letters: 1 });
      await under.intake.addDeadLetter(letter({ messageId: null, data: "a" }));
      await under.intake.addDeadLetter(letter({ messageId: null, data: "a" }));
      await under.intake.addDeadLetter(letter({ messageId: null, data: "b" }));
      expect(await under.countIntake()).toMatchObject({ letters: 3 });
    });

    it("keeps one orphan of a licence, and one review of a refund", async () => {
      const slot = slotId(customerId, "scope", "desktop", 0);
      const orphan = {
        id: orphanId(slot, "lic_1"),
        licenseId: "lic_1",
        slotId: slot,
        grantId: null,
        customerId,
        orderId: null,
        foundAt: NOW,
        resolvedAt: null,
      };
      await under.intake.addOrphan(orphan);
      await under.intake.addOrphan({ ...orphan, foundAt: NOW + 1 });
      const review = {
        packageName: "th.example.lumen",
        pendingRefundToken: new Secret("prt_1"),
        orderId: "GPA.1",
        refundReason: null,
        receivedAt: NOW,
        answerBy: NOW + 1,
      };
      await under.intake.addRefundReview(review);
      await under.intake.addRefundReview({
        ...review,
        receivedAt: NOW + 5,
        pendingRefundToken: new Secret("prt_1"),
      });
      await under.intake.addRefundReview({ ...review, pendingRefundToken: new Secret("prt_2") });
      expect(await under.countIntake()).toEqual({ letters: 0, orphans: 1, reviews: 2 });
    });
  });
}
