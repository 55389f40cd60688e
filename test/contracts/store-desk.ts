import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requestEffect } from "../../src/domain/effect.ts";
import { orphanId, reviewId, slotId } from "../../src/domain/ids.ts";
import type { LicenseOrphan } from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { DeadLetter, RefundReview } from "../../src/ports.ts";
import { must, NOW, only } from "../support/builders.ts";
import {
  aChange,
  allPages,
  type CreateStore,
  newCustomer,
  type StoreUnderTest,
  storeOptions,
} from "./store-harness.ts";

const ALL = { limit: 50, cursor: null };

/** What was put aside is looked through and settled, each with its history. */
export function deskContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let desk: StoreUnderTest["desk"];
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    desk = under.desk;
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const history = async () =>
    (await under.adminRecords.timeline(customerId, ALL)).data.map(({ summary }) => summary);

  describe("dead letters", () => {
    const letter = (name: string, receivedAt = NOW): DeadLetter => ({
      reason: "not_json",
      messageId: name,
      source: "pull",
      receivedAt,
      packageName: "th.example.lumen",
      data: "{",
    });

    it("are listed newest first, page by page, as they came", async () => {
      for (const [index, name] of ["a", "b", "c", "d", "e"].entries())
        await under.intake.addDeadLetter(letter(name, NOW + Math.floor(index / 2)));
      const pages = await allPages(desk.listDeadLetters, 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      expect(
        pages
          .flat()
          .map(({ messageId }) => messageId)
          .sort(),
      ).toEqual(["a", "b", "c", "d", "e"]);
      const [newest] = pages.flat();
      expect(newest).toEqual({ ...letter("e", NOW + 2), id: newest?.id });
    });

    it("are found by their id", async () => {
      await under.intake.addDeadLetter({ ...letter("a"), messageId: null, packageName: null });
      const stored = only((await desk.listDeadLetters(ALL)).data);
      expect(await desk.deadLetter(stored.id)).toEqual(stored);
      for (const id of ["dlt_0", "", "a/b", "..", "__x__"]) expect(await desk.deadLetter(id)).toBeNull();
    });

    it("are removed once, with history of that one time", async () => {
      await under.intake.addDeadLetter(letter("a"));
      const { id } = only((await desk.listDeadLetters(ALL)).data);
      await Promise.all(
        [1, 2, 3].map((n) => desk.removeDeadLetter(id, aChange(customerId, `replayed ${n}`))),
      );
      expect(await desk.deadLetter(id)).toBeNull();
      expect(await history()).toHaveLength(1);
      await desk.removeDeadLetter("a/b", aChange(customerId, "nothing"));
      expect(await history()).toHaveLength(1);
    });
  });

  describe("orphans", () => {
    const orphan = (name: string, foundAt = NOW): LicenseOrphan => {
      const slot = slotId(customerId, "scope", "desktop", 0);
      return {
        id: orphanId(slot, name),
        licenseId: name,
        slotId: slot,
        grantId: null,
        customerId,
        orderId: "GPA.1",
        foundAt,
        resolvedAt: null,
      };
    };

    it("are listed newest first, as they were found", async () => {
      for (const [index, name] of ["a", "b", "c"].entries())
        await under.intake.addOrphan(orphan(name, NOW + index));
      const pages = await allPages(desk.listOrphans, 2);
      expect(pages).toEqual([[orphan("c", NOW + 2), orphan("b", NOW + 1)], [orphan("a", NOW)]]);
    });

    it("are resolved once: the first time counts", async () => {
      const one = orphan("a");
      await under.intake.addOrphan(one);
      const audit = aChange(customerId, "resolved", NOW + 5);
      const settled = { ...one, resolvedAt: NOW + 5 };
      expect(await desk.orphan(one.id)).toEqual(one);
      expect(await desk.resolveOrphan(one.id, audit)).toEqual(settled);
      expect(await desk.orphan(one.id)).toEqual(settled);
      expect(await desk.resolveOrphan(one.id, { ...audit, at: NOW + 9 })).toEqual(settled);
      expect(only((await desk.listOrphans(ALL)).data)).toEqual(settled);
      expect(await history()).toEqual(["resolved"]);
      // Found again by a later search, it stays resolved.
      await under.intake.addOrphan(one);
      expect(only((await desk.listOrphans(ALL)).data)).toEqual(settled);
    });

    it("are resolved by one of many at once", async () => {
      const one = orphan("a");
      await under.intake.addOrphan(one);
      const times = [1, 2, 3, 4];
      const settled = await Promise.all(
        times.map((ms) => desk.resolveOrphan(one.id, aChange(customerId, "resolved", NOW + ms))),
      );
      expect(new Set(settled.map((found) => found?.resolvedAt)).size).toBe(1);
      expect(await history()).toEqual(["resolved"]);
    });

    it("that aren't there are none", async () => {
      for (const id of [orphan("z").id, "", "a/b"]) {
        expect(await desk.orphan(id)).toBeNull();
        expect(await desk.resolveOrphan(id, aChange(customerId, "nothing"))).toBeNull();
      }
      expect(await history()).toEqual([]);
    });
  });

  describe("refund reviews", () => {
    const review = (name: string, receivedAt = NOW): RefundReview => ({
      packageName: "th.example.lumen",
      pendingRefundToken: new Secret(`prt_${name}`),
      orderId: `GPA.${name}`,
      refundReason: 7,
      receivedAt,
      answerBy: NOW + 100,
    });
    const idOf = (name: string) => reviewId(review(name).pendingRefundToken);
    const decide = (name: string, preference: "approve" | "decline" | "neutral", summary: string) => {
      const effect = requestEffect({ kind: "answer_refund_review", reviewId: idOf(name) }, NOW);
      return desk.decideReview(idOf(name), preference, effect, aChange(customerId, summary, NOW));
    };

    it("are listed newest first, as they came", async () => {
      for (const [index, name] of ["a", "b", "c"].entries())
        await under.intake.addRefundReview(review(name, NOW + index));
      const pages = await allPages(desk.listReviews, 2);
      expect(pages.map((page) => page.map(({ orderId }) => orderId))).toEqual([
        ["GPA.c", "GPA.b"],
        ["GPA.a"],
      ]);
      const stored = must(await desk.review(idOf("a")));
      expect(stored).toEqual({ ...review("a"), id: idOf("a"), preference: null, answeredAt: null });
      expect(stored.pendingRefundToken.reveal()).toBe("prt_a");
      expect(await desk.review(idOf("z"))).toBeNull();
    });

    it("are decided once, with the effect that tells Google and with history", async () => {
      await under.intake.addRefundReview(review("a"));
      expect(await decide("a", "decline", "declined")).toMatchObject({
        preference: "decline",
        answeredAt: null,
      });
      expect(await decide("a", "approve", "approved")).toMatchObject({ preference: "decline" });
      expect(await desk.review(idOf("a"))).toMatchObject({ preference: "decline" });
      expect(await history()).toEqual(["declined"]);
      const effect = only(await under.outbox.lease(NOW, 10));
      expect(effect.effect).toEqual({ kind: "answer_refund_review", reviewId: idOf("a") });
      expect(await under.sweepRecords.openReviews(NOW + 100, 10)).toEqual([]);
    });

    it("are decided by one of many at once", async () => {
      await under.intake.addRefundReview(review("a"));
      const wanted = ["approve", "decline", "neutral", "decline"] as const;
      const found = await Promise.all(wanted.map((preference) => decide("a", preference, preference)));
      const told = new Set(found.map((stored) => stored?.preference));
      expect(told.size).toBe(1);
      expect(await history()).toEqual([...told]);
    });

    it("stay decided when their notice comes again", async () => {
      await under.intake.addRefundReview(review("a"));
      await decide("a", "neutral", "neutral");
      await under.intake.addRefundReview(review("a", NOW + 50));
      expect(await desk.review(idOf("a"))).toMatchObject({ preference: "neutral", receivedAt: NOW });
    });

    it("are closed when Google took the answer, and stay so", async () => {
      await under.intake.addRefundReview(review("a"));
      await decide("a", "approve", "approved");
      await desk.closeReview(idOf("a"), NOW + 7);
      await desk.closeReview(idOf("a"), NOW + 8);
      expect(await desk.review(idOf("a"))).toMatchObject({ preference: "approve", answeredAt: NOW + 7 });
    });

    it("that aren't there are none: nothing is put down", async () => {
      expect(await decide("z", "approve", "approved")).toBeNull();
      await desk.closeReview(idOf("z"), NOW);
      expect(await under.outbox.lease(NOW, 10)).toEqual([]);
      expect(await history()).toEqual([]);
    });
  });
}
