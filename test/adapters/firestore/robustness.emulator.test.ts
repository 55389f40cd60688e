import { setTimeout as sleep } from "node:timers/promises";
import { DocumentReference, FieldValue, Firestore, Timestamp, WriteBatch } from "@google-cloud/firestore";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { requestEffect } from "../../../src/domain/effect.ts";
import { emptyCustomerFile } from "../../../src/domain/entitlements.ts";
import { licenseKeyId } from "../../../src/domain/ids.ts";
import { DAY } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";
import {
  aChange,
  aDelivery,
  newCustomer,
  newEffect,
  newEndpointId,
  newPurchase,
  ofCustomer,
  ofPurchase,
  storeOptions,
  write,
} from "../../contracts/store-harness.ts";
import { must, NOW, only, slot, target } from "../../support/builders.ts";
import { createEmulatedStore, type EmulatedStore } from "../../support/emulator.ts";

let store: EmulatedStore;

beforeEach(() => {
  store = createEmulatedStore(import.meta.url, storeOptions(60_000));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
});

describe("a document that this version can't read", () => {
  it("stops no other effect, and shows in the backlog", async () => {
    const effect = newEffect(newCustomer());
    const dueAt = Timestamp.fromMillis(effect.dueAt - 1_000);
    await store.db
      .doc("outbox/paint:fence")
      .set({ effect: { kind: "paint" }, due_at: dueAt, asked_at: dueAt });
    await store.store.update(ofCustomer(newCustomer()), () => write({ effects: [effect] }));
    expect(only(await store.outbox.lease(effect.dueAt, 10)).id).toBe(effect.id);
    expect(await store.outbox.backlog(effect.dueAt)).toEqual({ due: 2, oldestDueAt: dueAt.toMillis() });
  });

  it("stops no other purchase from being synced", async () => {
    const purchases = [newPurchase({ nextSyncAt: NOW }), newPurchase({ nextSyncAt: NOW })];
    for (const purchase of purchases)
      await store.store.update(ofPurchase(purchase), () => write({ purchase }));
    await store.db.doc(`purchases/${purchases[0]?.id}`).update({ answer: { type: "gift" } });
    await store.db.doc("purchases/pur_junk").set({ next_sync_at: Timestamp.fromMillis(NOW) });
    const due = await store.records.dueForSync(NOW, 10);
    expect(due.map(({ id }) => id).sort()).toEqual(purchases.map(({ id }) => id).sort());
  });

  it("is an error to whoever needs it, and tells nothing of what is in it", async () => {
    const purchase = newPurchase();
    await store.store.update(ofPurchase(purchase), () => write({ purchase }));
    await store.db.doc(`purchases/${purchase.id}`).update({ revision: "twelve" });
    const failed = await store.store.load(ofPurchase(purchase)).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "store_unavailable", retryable: true });
    expect(JSON.stringify([failed, String(failed), String((failed as Error).cause)])).not.toContain(
      purchase.token.reveal(),
    );
  });
});

describe("a document of an earlier version", () => {
  it("is a purchase that nothing has to be told of, and whose orders nobody kept", async () => {
    const purchase = newPurchase({ acknowledgeBy: NOW, orderIds: ["GPA.1"] });
    await store.store.update(ofPurchase(purchase), () => write({ purchase }));
    const gone = FieldValue.delete();
    await store.db
      .doc(`purchases/${purchase.id}`)
      .update({ acknowledge_by: gone, order_ids: gone, state: gone });
    const read = (await store.store.load(ofPurchase(purchase))).file.purchase;
    expect(read).toMatchObject({ id: purchase.id, acknowledgeBy: null, orderIds: [] });
    expect(await store.sweepRecords.unacknowledged(0, NOW, 10)).toEqual([]);
  });

  it("is a customer of whom nobody told how to reach them", async () => {
    const customerId = newCustomer();
    const customer = { ...emptyCustomerFile(customerId), contact: { email: "a@b.test", language: null } };
    await store.store.update(ofCustomer(customerId), () => write({ customer }));
    await store.db.doc(`customer_files/${customerId}`).update({ contact: FieldValue.delete() });
    const { file } = await store.store.load(ofCustomer(customerId));
    expect(file.customer).toEqual(emptyCustomerFile(customerId));
  });

  it("is a slot that is neither disabled nor spoiled", async () => {
    const customerId = newCustomer();
    const own = slot({ customerId, target: target(), disabled: true });
    const customer = { customerId, contact: null, slots: { [own.id]: own }, entitlements: {} };
    await store.store.update(ofCustomer(customerId), () => write({ customer }));
    const gone = FieldValue.delete();
    await store.db
      .doc(`customer_files/${customerId}`)
      .update({ [`slots.${own.id}.disabled`]: gone, [`slots.${own.id}.applied.spoiled`]: gone });
    const { file } = await store.store.load(ofCustomer(customerId));
    expect(must(file.customer).slots[own.id]).toEqual({ ...own, disabled: false });
  });

  it("is a licence key that is never compared, and history that nobody in particular made", async () => {
    const customerId = newCustomer();
    const own = slot({ customerId });
    const key = {
      slotId: own.id,
      customerId,
      sealed: "v1.k1.abc",
      licenseId: null,
      issuedAt: NOW,
      checkAt: NOW,
    };
    const id = licenseKeyId(own.id, 1);
    await store.store.update(ofCustomer(customerId), () =>
      write({ licenseKeys: [{ ...key, id }], audit: [aChange(customerId, "by hand")] }),
    );
    const gone = FieldValue.delete();
    await store.db.doc(`license_keys/${id}`).update({ check_at: gone });
    const audit = only((await store.db.collection("audit_events").get()).docs);
    await audit.ref.update({ actor: gone });
    expect(await store.records.licenseKeys([id])).toEqual([{ ...key, id, checkAt: null }]);
    const page = await store.adminRecords.timeline(customerId, { limit: 5, cursor: null });
    expect(only(page.data)).toMatchObject({ summary: "by hand", actor: null });
  });
});

describe("sweeps go on past what this version can't read", () => {
  it("a purchase, a key, a review", async () => {
    const past = Timestamp.fromMillis(NOW - 1);
    await store.db.doc("purchases/pur_junk").set({ acknowledge_by: past });
    await store.db.doc("license_keys/key_junk").set({ check_at: past });
    await store.db.doc("refund_reviews/rrv_junk").set({ open_until: past });
    const purchase = newPurchase({ acknowledgeBy: NOW });
    await store.store.update(ofPurchase(purchase), () => write({ purchase }));
    await store.intake.addRefundReview({
      packageName: purchase.packageName,
      pendingRefundToken: new Secret("prt_1"),
      orderId: "GPA.1",
      refundReason: null,
      receivedAt: NOW - 5,
      answerBy: NOW,
    });
    expect(only(await store.sweepRecords.unacknowledged(0, NOW, 10)).id).toBe(purchase.id);
    expect(await store.sweepRecords.keysToCheck(NOW, 10)).toEqual([]);
    expect(only(await store.sweepRecords.openReviews(NOW, 10)).orderId).toBe("GPA.1");
  });
});

describe("a plan of webhooks", () => {
  const customerId = newCustomer();
  const endpointId = newEndpointId();
  const planned = Array.from({ length: 450 }, (_, unit) => aDelivery(customerId, endpointId, { unit }));
  const eventIds = planned.map(({ eventId }) => eventId);
  const effect = requestEffect({ kind: "send_webhooks", endpointId, customerId, eventIds }, Date.now());
  const due = () => store.outbox.lease(Date.now(), 10);
  const count = async () => (await store.db.collection("webhook_deliveries").count().get()).data().count;

  it("that is cut off has put down no effect without its deliveries, and is whole when repeated", async () => {
    const commit = WriteBatch.prototype.commit;
    const commits = vi.spyOn(WriteBatch.prototype, "commit");
    commits.mockImplementationOnce(function (this: WriteBatch) {
      return commit.call(this);
    });
    commits.mockRejectedValueOnce(new Error("died"));
    await expect(store.webhookRecords.plan(planned, [effect], true)).rejects.toMatchObject({
      code: "store_unavailable",
    });
    expect([await count(), await due()]).toEqual([400, []]);
    expect(only(await store.webhookRecords.plan(planned, [effect], true)).id).toBe(effect.id);
    expect(await count()).toBe(450);
  });

  it("costs one commit where all of it is new, and one read and one commit more where it is not", async () => {
    const commits = vi.spyOn(WriteBatch.prototype, "commit");
    const reads = vi.spyOn(Firestore.prototype, "getAll");
    const calls = () => [commits, reads].map((spy) => spy.mock.calls.length);
    await store.webhookRecords.plan(planned.slice(0, 9), [effect], true);
    expect(calls()).toEqual([1, 0]);
    await store.webhookRecords.plan(planned.slice(0, 10), [effect], true);
    expect(calls()).toEqual([3, 1]);
  });
});

describe("a delivery of a webhook", () => {
  it("is kept for 30 days after it was last written", async () => {
    const delivery = aDelivery(newCustomer(), newEndpointId());
    const ref = store.db.doc(`webhook_deliveries/${delivery.id}`);
    const keptMs = async () => {
      const snapshot = await ref.get();
      const expireAt: Timestamp = snapshot.get("expire_at");
      return expireAt.toMillis() - must(snapshot.updateTime).toMillis();
    };
    await store.webhookRecords.plan([delivery], [], false);
    expect(Math.abs((await keptMs()) - 30 * DAY)).toBeLessThan(1_000);
    await sleep(1_500);
    await store.webhookRecords.changeDelivery(delivery.id, (one) => ({ ...one, tries: 1 }), []);
    expect(Math.abs((await keptMs()) - 30 * DAY)).toBeLessThan(1_000);
  });
});

describe("hearing Google", () => {
  it("costs a read and a write in a minute, and nothing for all the rest of it", async () => {
    const reads = vi.spyOn(DocumentReference.prototype, "get");
    const creates = vi.spyOn(DocumentReference.prototype, "create");
    const updates = vi.spyOn(DocumentReference.prototype, "update");
    const calls = () => [reads, creates, updates].map((spy) => spy.mock.calls.length);
    for (let ms = 0; ms < 50; ms += 1) await store.sweepRecords.heardGoogle(NOW + ms);
    expect(calls()).toEqual([1, 1, 0]);
    await store.sweepRecords.heardGoogle(NOW + 60_000);
    expect(calls()).toEqual([2, 1, 1]);
  });
});
