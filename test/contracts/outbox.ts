import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EffectRequest } from "../../src/domain/effect.ts";
import { requestEffect } from "../../src/domain/effect.ts";
import type { Decision } from "../../src/domain/purchase-file.ts";
import type { LeasedEffect } from "../../src/ports.ts";
import { must, only } from "../support/builders.ts";
import {
  type CreateStore,
  newCustomer,
  newEffect,
  newPurchase,
  noted,
  notesOf,
  ofCustomer,
  ofPurchase,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** What every outbox must do, together with the commits that fill it. */
export function outboxContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  const start = async (leaseMs: number) => {
    under = await create(storeOptions(leaseMs));
    customerId = newCustomer();
  };
  afterEach(() => under.close());

  const ask = (effects: readonly EffectRequest[], run = false) =>
    under.store.update(
      ofCustomer(customerId),
      ({ customer }) => write({ customer: noted(customer, customerId, "asked"), effects }),
      { run },
    );
  const due = (at = Date.now() + 1, limit = 100) => under.outbox.lease(at, limit);
  const idsOf = (effects: readonly LeasedEffect[]) => effects.map(({ id }) => id);

  describe("effects, while leases hold", () => {
    beforeEach(() => start(60_000));

    it("waits in the outbox until somebody leases it", async () => {
      const effect = newEffect(customerId);
      await ask([effect]);
      const leased = only(await due());
      expect(leased).toMatchObject({
        id: effect.id,
        effect: effect.effect,
        attempts: 0,
        askedAt: effect.dueAt,
      });
      expect(leased.leasedUntil).toBeGreaterThan(performance.now() + 50_000);
      expect(await due()).toEqual([]);
    });

    it("keeps every kind of effect as it was asked for", async () => {
      const purchaseId = newPurchase().id;
      const { effect } = newEffect(customerId);
      const slot = "slotId" in effect ? effect.slotId : ("" as never);
      const kinds = [
        effect,
        { kind: "find_orphans", customerId, slotId: slot, integrationType: "license_key" } as const,
        { kind: "acknowledge_purchase", purchaseId } as const,
        { kind: "sync_purchase", purchaseId } as const,
      ];
      await ask(kinds.map((kind) => requestEffect(kind, Date.now())));
      const leased = await due();
      expect(leased.map((one) => one.effect)).toHaveLength(kinds.length);
      expect(leased.map((one) => one.effect)).toEqual(expect.arrayContaining(kinds));
    });

    it("is born with its lease where the one who commits will run it", async () => {
      const runners: (string | null)[] = [];
      const effect = newEffect(customerId);
      const { leased } = await under.store.update(
        ofCustomer(customerId),
        (_, runner) => {
          runners.push(runner);
          return write({ effects: [effect] });
        },
        { run: true },
      );
      expect(runners).toEqual([only(leased).lease]);
      expect(leased).toMatchObject([{ id: effect.id, attempts: 0 }]);
      expect(only(leased).leasedUntil).toBeGreaterThan(performance.now() + 50_000);
      expect(await due()).toEqual([]);
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 1 });
    });

    it("leaves the file that the commit wrote with the effects it leased", async () => {
      const { leased } = await ask([newEffect(customerId)], true);
      expect(notesOf(must(only(leased).basis).file.customer)).toEqual(["asked"]);
    });

    it("is asked for without a lease where nobody said that it will be run", async () => {
      const runners: (string | null)[] = [];
      const { leased } = await under.store.update(ofCustomer(customerId), (_, runner) => {
        runners.push(runner);
        return write({ effects: [newEffect(customerId)] });
      });
      expect([runners, leased]).toEqual([[null], []]);
    });

    it("is left to its holder where one has it: the decision is told that nobody here will run it", async () => {
      const effect = newEffect(customerId);
      await ask([effect], true);
      const decide = vi.fn((_: unknown, runner: string | null): Decision<string | null> => {
        return {
          ...write({ customer: noted(null, customerId, runner ?? "nobody"), effects: [effect] }),
          result: runner,
        };
      });
      const basis = await under.store.load(ofCustomer(customerId));
      const { result, leased } = await under.store.update(ofCustomer(customerId), decide, {
        run: true,
        basis,
      });
      expect([result, leased]).toEqual([null, []]);
      expect(decide.mock.calls.map(([, runner]) => runner === null)).toEqual([false, true]);
      const { file } = await under.store.load(ofCustomer(customerId));
      expect(notesOf(file.customer)).toEqual(["nobody"]);
    });

    it("is gone when it is finished, and so is its second end", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      await under.outbox.finish(leased);
      await under.outbox.finish(leased);
      expect(await under.outbox.backlog(Date.now() + 1)).toEqual({ due: 0, oldestDueAt: null });
    });

    it.each([
      ["born with its lease", true],
      ["leased from the outbox", false],
    ])("is handed back at its end when it was asked for again while it ran: %s", async (_, run) => {
      const effect = newEffect(customerId);
      const asked = await ask([effect], run);
      const leased = run ? only(asked.leased) : only(await due());
      await ask([effect]);
      expect(await due()).toEqual([]);
      const again = must(await under.outbox.finish(leased));
      expect(again).toMatchObject({ id: effect.id, lease: leased.lease });
      expect(await due()).toEqual([]);
      expect(await under.outbox.finish(again)).toBeNull();
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 0 });
    });

    it("is let go at its end when it was asked for again, and later than now", async () => {
      const effect = newEffect(customerId);
      const leased = only((await ask([effect], true)).leased);
      const later = Date.now() + 30_000;
      await ask([{ ...effect, dueAt: later }]);
      expect(await under.outbox.finish(leased)).toBeNull();
      expect(await due()).toEqual([]);
      expect(only(await due(later)).id).toBe(effect.id);
    });

    it("comes back later when it is postponed, one try more", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      const later = Date.now() + 5_000;
      await under.outbox.postpone(leased, later, "keythai_busy");
      expect(await due(later - 1)).toEqual([]);
      const again = only(await due(later));
      expect(again).toMatchObject({ id: leased.id, attempts: 1, askedAt: leased.askedAt });
      await under.outbox.postpone(again, later + 5_000, "keythai_busy");
      expect(only(await due(later + 5_000))).toMatchObject({ attempts: 2 });
    });

    it("is due at once when it was asked for again while it ran, though it is postponed", async () => {
      const effect = newEffect(customerId);
      const leased = only((await ask([effect], true)).leased);
      await ask([effect]);
      await under.outbox.postpone(leased, Date.now() + 60_000, "keythai_busy");
      expect(only(await due())).toMatchObject({ id: effect.id, attempts: 1 });
    });

    it("is renewed under the same lease, and can be finished then", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      await sleep(30);
      const renewed = must(await under.outbox.renew(leased));
      expect(renewed).toMatchObject({
        id: leased.id,
        effect: leased.effect,
        lease: leased.lease,
        attempts: 0,
      });
      expect(renewed.leasedUntil).toBeGreaterThan(leased.leasedUntil);
      await under.outbox.finish(renewed);
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 0 });
    });

    it("is handed back after a renewal that came after it was asked for again", async () => {
      const effect = newEffect(customerId);
      const leased = only((await ask([effect], true)).leased);
      await ask([effect]);
      const renewed = must(await under.outbox.renew(leased));
      expect(await under.outbox.finish(renewed)).toMatchObject({ id: effect.id, lease: leased.lease });
    });

    it("is not leased in the commit when it is due later, nor before it is due", async () => {
      const effect = newEffect(customerId, Date.now() + 30_000);
      const { leased } = await ask([effect], true);
      expect(leased).toEqual([]);
      expect(await due()).toEqual([]);
      expect(await under.outbox.backlog(Date.now())).toMatchObject({ due: 0 });
      expect(only(await due(effect.dueAt))).toMatchObject({ id: effect.id, askedAt: effect.dueAt });
    });

    it("goes oldest first, and no more than asked for", async () => {
      const now = Date.now();
      const effects = [3, 1, 2].map((age) => newEffect(customerId, now - age * 1_000));
      await ask(effects);
      expect(await under.outbox.backlog(now)).toEqual({ due: 3, oldestDueAt: now - 3_000 });
      const first = await due(now, 2);
      expect(idsOf(first)).toEqual([effects[0]?.id, effects[2]?.id]);
      expect(idsOf(await due(now, 2))).toEqual([effects[1]?.id]);
    });

    it("is leased to one of many who ask at once", async () => {
      const effects = Array.from({ length: 5 }, () => newEffect(customerId));
      await ask(effects);
      const shares = await Promise.all(Array.from({ length: 6 }, () => due()));
      expect(shares.flatMap(idsOf).sort()).toEqual(effects.map(({ id }) => id).sort());
    });
  });

  describe("effects that are completed by their last change", () => {
    beforeEach(() => start(60_000));

    const complete = (effect: LeasedEffect, completes = true) =>
      under.store.update(
        ofCustomer(customerId),
        ({ customer }) => ({ ...write({ customer: noted(customer, customerId, "done") }), completes }),
        { effect, ...(effect.basis === undefined ? {} : { basis: effect.basis }) },
      );
    const notes = async () => notesOf((await under.store.load(ofCustomer(customerId))).file.customer);

    it.each([
      ["born with its lease", true],
      ["leased from the outbox", false],
    ])("is finished in the same commit: %s", async (_, run) => {
      const asked = await ask([newEffect(customerId)], run);
      const leased = run ? only(asked.leased) : only(await due());
      expect(await complete(leased)).toMatchObject({ completed: true });
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 0 });
      expect(await notes()).toEqual(["asked", "done"]);
    });

    it("is finished under a renewed lease", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      expect(await complete(must(await under.outbox.renew(leased)))).toMatchObject({ completed: true });
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 0 });
    });

    it("stays when the decision does not complete it, or writes nothing", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      expect(await complete(leased, false)).toMatchObject({ completed: false });
      const nothing = await under.store.update(
        ofCustomer(customerId),
        () => ({ result: null, writes: null, completes: true }),
        { effect: leased },
      );
      expect(nothing.completed).toBe(false);
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 1 });
    });

    it("stays when it was asked for again in the meantime; the change is made all the same", async () => {
      const effect = newEffect(customerId);
      const leased = only((await ask([effect], true)).leased);
      await ask([effect]);
      expect(await complete(leased)).toMatchObject({ completed: false });
      expect(await notes()).toEqual(["asked", "done"]);
      expect(must(await under.outbox.finish(leased)).id).toBe(effect.id);
    });

    it("is finished though the file changed in between", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      await under.store.update(ofCustomer(customerId), ({ customer }) =>
        write({ customer: noted(customer, customerId, "other") }),
      );
      expect(await complete(leased)).toMatchObject({ completed: true });
      expect(await notes()).toEqual(["asked", "done", "other"]);
    });
  });

  describe("effects whose lease runs out", () => {
    beforeEach(() => start(150));
    const runOut = () => sleep(220);

    it("is taken over by another, and its former holder has no say any more", async () => {
      const former = only((await ask([newEffect(customerId)], true)).leased);
      await runOut();
      expect(former.leasedUntil).toBeLessThan(performance.now());
      const holder = only(await due());
      expect(holder.id).toBe(former.id);
      expect(holder.lease).not.toBe(former.lease);
      expect(await under.outbox.renew(former)).toBeNull();
      await under.outbox.postpone(former, Date.now() + 60_000, "late");
      await under.outbox.finish(former);
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 1 });
      await under.outbox.finish(holder);
      expect(await under.outbox.backlog(Date.now() + 1)).toMatchObject({ due: 0 });
    });

    it("can't be completed by its former holder, whose change is decided again", async () => {
      const former = only((await ask([newEffect(customerId)], true)).leased);
      await runOut();
      const holder = only(await due());
      const late = await under.store.update(
        ofCustomer(customerId),
        ({ customer }) => ({ ...write({ customer: noted(customer, customerId, "late") }), completes: true }),
        { effect: former },
      );
      expect(late.completed).toBe(false);
      expect(await under.outbox.renew(holder)).not.toBeNull();
    });

    it("is kept by renewing in time", async () => {
      let leased = only((await ask([newEffect(customerId)], true)).leased);
      for (let round = 0; round < 4; round += 1) {
        await sleep(60);
        leased = must(await under.outbox.renew(leased));
      }
      expect(await due()).toEqual([]);
    });

    it("may still be renewed after it ran out, as long as nobody took over", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      await runOut();
      expect(await under.outbox.renew(leased)).toMatchObject({ lease: leased.lease });
    });

    it("is free at once when it is postponed", async () => {
      const leased = only((await ask([newEffect(customerId)], true)).leased);
      const now = Date.now();
      await under.outbox.postpone(leased, now, "again");
      expect(idsOf(await due(now))).toEqual([leased.id]);
    });
  });

  describe("an effect without anything else", () => {
    beforeEach(() => start(60_000));

    it("is put down with a purchase alone", async () => {
      const purchase = newPurchase();
      const effect = requestEffect({ kind: "acknowledge_purchase", purchaseId: purchase.id }, Date.now());
      await under.store.update(ofPurchase(purchase), () => write({ purchase, effects: [effect] }));
      expect(idsOf(await due())).toEqual([effect.id]);
    });
  });
}
