import { Timestamp } from "@google-cloud/firestore";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  newCustomer,
  newEffect,
  newPurchase,
  ofCustomer,
  ofPurchase,
  storeOptions,
  write,
} from "../../contracts/store-harness.ts";
import { NOW, only } from "../../support/builders.ts";
import { createEmulatedStore, type EmulatedStore } from "../../support/emulator.ts";

let store: EmulatedStore;

beforeEach(() => {
  store = createEmulatedStore(import.meta.url, storeOptions(60_000));
});
afterEach(() => store.close());

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
