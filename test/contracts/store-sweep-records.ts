import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { licenseKeyId, slotId } from "../../src/domain/ids.ts";
import { HOUR, MINUTE } from "../../src/domain/instant.ts";
import type { SealedLicenseKey } from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import { NOW, only } from "../support/builders.ts";
import {
  type CreateStore,
  newCustomer,
  newPurchase,
  ofCustomer,
  ofPurchase,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** Marks, and what is due. */
export function sweepRecordsContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let sweeps: StoreUnderTest["sweepRecords"];
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    sweeps = under.sweepRecords;
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  describe("marks", () => {
    it("are not there before the first sweep, and are each their own", async () => {
      expect(await sweeps.mark("voided")).toBeNull();
      await sweeps.setMark("voided", NOW);
      expect([await sweeps.mark("voided"), await sweeps.mark("other")]).toEqual([NOW, null]);
    });

    it("only move forward", async () => {
      for (const at of [NOW, NOW + 5, NOW + 1, NOW - 1]) await sweeps.setMark("voided", at);
      expect(await sweeps.mark("voided")).toBe(NOW + 5);
    });

    it("stand at the furthest of many sweeps at once", async () => {
      const steps = [3, 1, 7, 2, 6, 5];
      await Promise.all(steps.map((step) => sweeps.setMark("voided", NOW + step)));
      expect(await sweeps.mark("voided")).toBe(NOW + 7);
    });
  });

  it("names purchases that Google must be told of, the most urgent first", async () => {
    const written = [NOW + 2_000, NOW + 1_000, NOW + 60_000, null].map((acknowledgeBy) =>
      newPurchase({ acknowledgeBy }),
    );
    for (const purchase of written) await under.store.update(ofPurchase(purchase), () => write({ purchase }));
    const due = await sweeps.unacknowledged(NOW, NOW + 2_000, 10);
    expect(due.map(({ id, acknowledgeBy }) => [id, acknowledgeBy])).toEqual([
      [written[1]?.id, NOW + 1_000],
      [written[0]?.id, NOW + 2_000],
    ]);
    expect(due[0]).toMatchObject({ packageName: written[1]?.packageName, type: "subscription" });
    expect(due[0]?.token.reveal()).toBe(written[1]?.token.reveal());
    expect(await sweeps.unacknowledged(NOW, NOW + 2_000, 1)).toHaveLength(1);
    expect(await sweeps.unacknowledged(NOW, NOW, 10)).toEqual([]);
    // What Google took back long ago keeps nobody waiting.
    expect(only(await sweeps.unacknowledged(NOW + 1_001, NOW + 2_000, 10)).id).toBe(written[0]?.id);
  });

  describe("licence keys to be compared", () => {
    const keyOf = (attempt: number, checkAt: number | null): SealedLicenseKey => {
      const slot = slotId(customerId, "scope", "desktop", 0);
      const id = licenseKeyId(slot, attempt);
      return { id, slotId: slot, customerId, sealed: "sealed", licenseId: null, issuedAt: NOW, checkAt };
    };
    const keys = () => [keyOf(1, NOW + 2), keyOf(2, NOW + 1), keyOf(3, NOW + 60), keyOf(4, null)] as const;

    it("are the longest due first", async () => {
      await under.store.update(ofCustomer(customerId), () => write({ licenseKeys: keys() }));
      const [first, second] = keys();
      expect(await sweeps.keysToCheck(NOW + 2, 10)).toEqual([second, first]);
      expect(await sweeps.keysToCheck(NOW + 2, 1)).toEqual([second]);
      expect(await sweeps.keysToCheck(NOW, 10)).toEqual([]);
    });

    it("come again when they are told to, or never", async () => {
      const [first, second] = keys();
      await under.store.update(ofCustomer(customerId), () => write({ licenseKeys: [first, second] }));
      await sweeps.checkKeyAgain(first.id, NOW + 100);
      await sweeps.checkKeyAgain(second.id, null);
      expect(await sweeps.keysToCheck(NOW + 99, 10)).toEqual([]);
      expect(await sweeps.keysToCheck(NOW + 100, 10)).toEqual([{ ...first, checkAt: NOW + 100 }]);
      expect(await under.records.licenseKeys([second.id])).toEqual([{ ...second, checkAt: null }]);
    });

    it("may be gone by then", async () => {
      await sweeps.checkKeyAgain(keyOf(9, null).id, NOW);
      expect(await sweeps.keysToCheck(NOW, 10)).toEqual([]);
    });
  });

  it("names refund reviews that nobody has decided, the most urgent first", async () => {
    for (const [name, answerBy] of [
      ["late", NOW + 2],
      ["soon", NOW + 1],
      ["far", NOW + 60],
    ] as const) {
      await under.intake.addRefundReview({
        packageName: "th.example.lumen",
        pendingRefundToken: new Secret(name),
        orderId: `GPA.${name}`,
        refundReason: 7,
        receivedAt: NOW - 5,
        answerBy,
      });
    }
    const open = await sweeps.openReviews(NOW + 2, 10);
    expect(open.map(({ orderId }) => orderId)).toEqual(["GPA.soon", "GPA.late"]);
    expect(open[0]).toMatchObject({ preference: null, answeredAt: null, answerBy: NOW + 1 });
    expect(open[0]?.pendingRefundToken.reveal()).toBe("soon");
    expect(await sweeps.openReviews(NOW + 2, 1)).toHaveLength(1);
    expect(await sweeps.openReviews(NOW, 10)).toEqual([]);
  });

  describe("how often Google is heard", () => {
    it("is unknown at first", async () => {
      expect(await sweeps.noticeRhythm()).toBeNull();
    });

    it("is remembered with its silences", async () => {
      await sweeps.heardGoogle(NOW);
      await sweeps.heardGoogle(NOW + 2 * HOUR);
      await sweeps.heardGoogle(NOW + 3 * HOUR);
      const day = Math.floor(NOW / (24 * HOUR));
      expect(await sweeps.noticeRhythm()).toEqual({
        lastAt: NOW + 3 * HOUR,
        silences: [{ day, longestMs: 2 * HOUR }],
      });
    });

    it("takes the first of many notices of one minute for all", async () => {
      await Promise.all([0, 1, 2, 3, 4, 5].map((ms) => sweeps.heardGoogle(NOW + ms)));
      const rhythm = await sweeps.noticeRhythm();
      expect(rhythm?.lastAt).toBeGreaterThanOrEqual(NOW);
      expect(rhythm?.lastAt).toBeLessThan(NOW + MINUTE);
      expect(rhythm?.silences).toEqual([]);
      await sweeps.heardGoogle(NOW + 2 * MINUTE);
      expect((await sweeps.noticeRhythm())?.lastAt).toBe(NOW + 2 * MINUTE);
    });

    it("never goes back", async () => {
      await sweeps.heardGoogle(NOW);
      await sweeps.heardGoogle(NOW - 2 * HOUR);
      expect((await sweeps.noticeRhythm())?.lastAt).toBe(NOW);
    });
  });
}
