import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyCustomerFile } from "../../src/domain/entitlements.ts";
import { type GrantId, grantId, licenseKeyId, slotId } from "../../src/domain/ids.ts";
import { NO_IDS, type PurchaseFile, type SealedLicenseKey } from "../../src/domain/purchase-file.ts";
import type { LoadedFile } from "../../src/ports.ts";
import { grant } from "../support/builders.ts";
import { outboxContract } from "./outbox.ts";
import { outboxQueuesContract } from "./outbox-queues.ts";
import { adminRecordsContract } from "./store-admin-records.ts";
import { deskContract } from "./store-desk.ts";
import { formerContract } from "./store-former.ts";
import {
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
import { mailContract } from "./store-mail.ts";
import { recordsContract } from "./store-records.ts";
import { roundTripContract } from "./store-round-trip.ts";
import { sweepRecordsContract } from "./store-sweep-records.ts";
import { timelineContract } from "./store-timeline.ts";
import { webhookPlanContract } from "./store-webhook-plan.ts";
import { webhooksContract } from "./store-webhooks.ts";

/** What every store must do, its outbox, reads and intake included: run it on each that the project has. */
export function storeContract(name: string, create: CreateStore): void {
  describe(`the store port: ${name}`, () => {
    describe("updates", () => updateContract(create));
    describe("the outbox", () => outboxContract(create));
    describe("the outbox's queues", () => outboxQueuesContract(create));
    describe("reads and what is put aside", () => recordsContract(create));
    describe("documents", () => roundTripContract(create));
    describe("a purchase that moves to another customer", () => formerContract(create));
    describe("what the shop's people look through", () => adminRecordsContract(create));
    describe("the timeline of a customer", () => timelineContract(create));
    describe("what sweeps remember and find", () => sweepRecordsContract(create));
    describe("the desk", () => deskContract(create));
    describe("webhooks", () => webhooksContract(create));
    describe("webhooks that are planned", () => webhookPlanContract(create));
    describe("letters", () => mailContract(create));
  });
}

function updateContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const note = (text: string, basis?: LoadedFile) =>
    under.store.update(
      ofCustomer(customerId),
      ({ customer }) => write({ customer: noted(customer, customerId, text) }),
      basis === undefined ? {} : { basis },
    );
  const notes = async () => notesOf((await under.store.load(ofCustomer(customerId))).file.customer);

  describe("reading", () => {
    it("finds nothing where nothing is", async () => {
      const purchase = newPurchase();
      const ids = { ...NO_IDS, purchaseId: purchase.id, relatedId: newPurchase().id, customerId };
      expect(await under.store.load(ids)).toEqual({
        file: { ids, purchase: null, related: null, customer: null, former: null },
        answeredAgoMs: null,
      });
    });

    it("finds each document that it names, and no other", async () => {
      const [purchase, related] = [newPurchase(), newPurchase()];
      const ids = { ...NO_IDS, purchaseId: purchase.id, relatedId: related.id, customerId };
      const customer = noted(null, customerId, "a");
      await under.store.update(ids, () => write({ purchase, related, customer }));
      expect((await under.store.load(ids)).file).toEqual({ ids, purchase, related, customer, former: null });
      const alone = (await under.store.load(ofPurchase(purchase))).file;
      expect(alone).toMatchObject({ purchase: { id: purchase.id }, related: null, customer: null });
    });

    it("reads on: what is known stays as it was read, what is new is fetched", async () => {
      const purchase = newPurchase();
      await under.store.update({ ...ofPurchase(purchase), customerId }, () =>
        write({ purchase, customer: noted(null, customerId, "a") }),
      );
      const known = await under.store.load(ofPurchase(purchase));
      await under.store.update(ofPurchase(purchase), () => write({ purchase: { ...purchase, revision: 9 } }));
      const both = await under.store.load({ ...ofPurchase(purchase), customerId }, known);
      expect(both.file.purchase?.revision).toBe(0);
      expect(notesOf(both.file.customer)).toEqual(["a"]);
    });

    it("does not take one document for another when the ids changed", async () => {
      const [first, second] = [newPurchase(), newPurchase()];
      await under.store.update(ofPurchase(first), () => write({ purchase: first }));
      const known = await under.store.load(ofPurchase(first));
      expect((await under.store.load(ofPurchase(second), known)).file.purchase).toBeNull();
    });
  });

  describe("writing", () => {
    it("says what came of it, and how the file stands", async () => {
      const committed = await under.store.update(ofCustomer(customerId), () => ({
        ...write({ customer: noted(null, customerId, "a") }),
        result: "granted",
      }));
      expect(committed).toMatchObject({ result: "granted", leased: [], completed: false });
      expect(notesOf(committed.after.file.customer)).toEqual(["a"]);
      expect(await notes()).toEqual(["a"]);
    });

    it("decides again on what it left, without another read", async () => {
      const { after } = await note("a");
      const decide = vi.fn(({ customer }: PurchaseFile) =>
        write({ customer: noted(customer, customerId, "b") }),
      );
      await under.store.update(ofCustomer(customerId), decide, { basis: after });
      expect(decide).toHaveBeenCalledOnce();
      expect(await notes()).toEqual(["a", "b"]);
    });

    it("writes nothing for a decision without writes", async () => {
      const { after } = await note("a");
      const committed = await under.store.update(ofCustomer(customerId), () => ({ result: 7, writes: null }));
      expect(committed).toMatchObject({ result: 7, leased: [], completed: false });
      // It would be decided again had anything been touched.
      const decide = vi.fn(() => write({ customer: emptyCustomerFile(customerId) }));
      await under.store.update(ofCustomer(customerId), decide, { basis: after });
      expect(decide).toHaveBeenCalledOnce();
    });

    it("takes away what a decision took away", async () => {
      await note("a");
      await under.store.update(ofCustomer(customerId), () =>
        write({ customer: emptyCustomerFile(customerId) }),
      );
      expect(await notes()).toEqual([]);
    });

    it("passes on what a decision throws, and writes nothing", async () => {
      const failing = under.store.update(ofCustomer(customerId), () => {
        throw new RangeError("a bug");
      });
      await expect(failing).rejects.toThrow(RangeError);
      expect(await notes()).toEqual([]);
    });
  });

  describe("lost races", () => {
    it("decides again on what is there by then", async () => {
      const basis = await under.store.load(ofCustomer(customerId));
      await note("first");
      const seen: string[][] = [];
      await under.store.update(
        ofCustomer(customerId),
        ({ customer }) => {
          seen.push(notesOf(customer));
          return write({ customer: noted(customer, customerId, "second") });
        },
        { basis },
      );
      expect(seen).toEqual([[], ["first"]]);
      expect(await notes()).toEqual(["first", "second"]);
    });

    it("notices a change of any document that it writes", async () => {
      const [purchase, related] = [newPurchase(), newPurchase()];
      const ids = { ...NO_IDS, purchaseId: purchase.id, relatedId: related.id, customerId };
      await under.store.update(ids, () =>
        write({ purchase, related, customer: noted(null, customerId, "a") }),
      );
      for (const change of [{ purchase }, { related: purchase, ids: ofPurchase(related) }]) {
        const basis = await under.store.load(ids);
        const record = change.ids === undefined ? purchase : related;
        await under.store.update(ofPurchase(record), () =>
          write({ purchase: { ...record, revision: Date.now() } }),
        );
        const decide = vi.fn((file: PurchaseFile) =>
          write({ purchase: file.purchase, related: file.related, customer: file.customer }),
        );
        await under.store.update(ids, decide, { basis });
        expect(decide).toHaveBeenCalledTimes(2);
      }
    });

    it("may win without a second decision where it writes nothing that changed", async () => {
      const purchase = newPurchase();
      const ids = { ...ofPurchase(purchase), customerId };
      await under.store.update(ids, () => write({ purchase, customer: noted(null, customerId, "a") }));
      const basis = await under.store.load(ids);
      await note("b");
      const decide = vi.fn(() => write({ purchase: { ...purchase, revision: 5 } }));
      await under.store.update(ids, decide, { basis });
      expect(decide).toHaveBeenCalledOnce();
    });

    it("leaves nothing of a decision that lost", async () => {
      const basis = await under.store.load(ofCustomer(customerId));
      await note("first");
      const slot = slotId(customerId, "scope", "desktop", 0);
      const key = aKey(licenseKeyId(slot, 1));
      const row = grant({ id: grantId(slot, 1), slotId: slot, customerId });
      await under.store.update(
        ofCustomer(customerId),
        ({ customer }) => {
          const lost = notesOf(customer).length === 0;
          const next = noted(customer, customerId, "second");
          return lost
            ? write({ customer: next, grants: [row], licenseKeys: [key], events: [anEvent(row.id)] })
            : write({ customer: next });
        },
        { basis },
      );
      expect(await under.records.grant(customerId, row.id)).toBeNull();
      expect(await under.records.licenseKeys([key.id])).toEqual([]);
      // The event can still be born, so it was not written.
      await under.store.update(ofCustomer(customerId), () => write({ events: [anEvent(row.id)] }));
    });

    it("lets one of two create a document, and the other one see it", async () => {
      const purchase = newPurchase();
      const found: (number | null)[] = [];
      const create = (revision: number) =>
        under.store.update(ofPurchase(purchase), (file) => {
          const before = file.purchase?.revision ?? null;
          return {
            ...write({ purchase: { ...purchase, revision: (before ?? 0) + revision } }),
            result: before,
          };
        });
      for (const { result } of await Promise.all([create(10), create(1)])) found.push(result);
      expect(found.filter((before) => before === null)).toHaveLength(1);
      expect((await under.store.load(ofPurchase(purchase))).file.purchase?.revision).toBe(11);
    });

    it("loses none of 20 changes at once", async () => {
      const wanted = Array.from({ length: 20 }, (_, index) => `n${index}`).sort();
      await Promise.all(wanted.map((text) => note(text)));
      expect(await notes()).toEqual(wanted);
    });

    it("loses none of 20 changes at once that all began from one read", async () => {
      const basis = await under.store.load(ofCustomer(customerId));
      const wanted = Array.from({ length: 20 }, (_, index) => `n${index}`).sort();
      await Promise.all(wanted.map((text) => note(text, basis)));
      expect(await notes()).toEqual(wanted);
    });
  });

  describe("what is written once", () => {
    it("refuses an event that is there, with all that came with it", async () => {
      const id = grantId(slotId(customerId, "scope", "desktop", 0), 1);
      await under.store.update(ofCustomer(customerId), () => write({ events: [anEvent(id)] }));
      const again = under.store.update(ofCustomer(customerId), () =>
        write({ customer: noted(null, customerId, "a"), events: [anEvent(id)] }),
      );
      await expect(again).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
      expect(await notes()).toEqual([]);
    });

    it("refuses a licence key that is there, which stays as it is", async () => {
      const id = licenseKeyId(slotId(customerId, "scope", "desktop", 0), 1);
      await under.store.update(ofCustomer(customerId), () => write({ licenseKeys: [aKey(id)] }));
      const again = under.store.update(ofCustomer(customerId), () =>
        write({ customer: noted(null, customerId, "a"), licenseKeys: [{ ...aKey(id), sealed: "another" }] }),
      );
      await expect(again).rejects.toMatchObject({ code: "store_unavailable" });
      expect(await under.records.licenseKeys([id])).toMatchObject([{ sealed: "sealed" }]);
      expect(await notes()).toEqual([]);
    });
  });

  describe("the age of Google's answer", () => {
    it("is unknown until one was stored", async () => {
      const purchase = newPurchase();
      const { after } = await under.store.update(ofPurchase(purchase), () => write({ purchase }));
      expect(after.answeredAgoMs).toBeNull();
      expect((await under.store.load(ofPurchase(purchase))).answeredAgoMs).toBeNull();
    });

    it("counts from the commit, by the store's clock, and outlives other writes", async () => {
      const purchase = newPurchase();
      const { after } = await under.store.update(ofPurchase(purchase), () =>
        write({ purchase, answered: true }),
      );
      expect(after.answeredAgoMs).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 120));
      const later = await under.store.load(ofPurchase(purchase));
      expect(later.answeredAgoMs).toBeGreaterThanOrEqual(100);
      expect(later.answeredAgoMs).toBeLessThan(10_000);
      await under.store.update(ofPurchase(purchase), () => write({ purchase: { ...purchase, revision: 2 } }));
      const touched = await under.store.load(ofPurchase(purchase));
      expect(touched.answeredAgoMs).toBeGreaterThanOrEqual(100);
      const other = newPurchase();
      const ids = { ...ofPurchase(other), relatedId: purchase.id };
      await under.store.update(ids, () => write({ purchase: other, answered: true, related: purchase }));
      expect((await under.store.load(ofPurchase(purchase))).answeredAgoMs).toBeGreaterThanOrEqual(100);
    });

    it("is told by a read that goes on from another one", async () => {
      const purchase = newPurchase();
      await under.store.update(ofPurchase(purchase), () => write({ purchase, answered: true }));
      const known = await under.store.load(ofPurchase(purchase));
      const both = await under.store.load({ ...ofPurchase(purchase), customerId }, known);
      expect(both.answeredAgoMs).toBe(known.answeredAgoMs);
    });
  });

  function aKey(id: SealedLicenseKey["id"]): SealedLicenseKey {
    const slot = slotId(customerId, "scope", "desktop", 0);
    const issuedAt = 1_790_000_000_000;
    return { id, slotId: slot, customerId, sealed: "sealed", licenseId: null, issuedAt, checkAt: null };
  }

  function anEvent(id: GrantId) {
    const row = grant({ id, customerId });
    return { id: `${id}_created`, type: "entitlement_grant.created", occurredAt: 1, grant: row } as never;
  }
}
