import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requestEffect } from "../../src/domain/effect.ts";
import type { GrantEvent } from "../../src/domain/grant-events.ts";
import { deliveryId, licenseKeyId, slotId } from "../../src/domain/ids.ts";
import { giveUp, recordTry, type WebhookDelivery } from "../../src/domain/webhook-delivery.ts";
import { newEndpoint, patchEndpoint, type WebhookEndpoint } from "../../src/domain/webhook-endpoint.ts";
import { grant, must, NOW, only } from "../support/builders.ts";
import {
  aChange,
  aDelivery,
  allPages,
  anEvent,
  type CreateStore,
  newCustomer,
  newEndpointId,
  ofCustomer,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

const ALL = { limit: 50, cursor: null };

/** Endpoints, what happened, and what became of telling it. */
export function webhooksContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let records: StoreUnderTest["webhookRecords"];
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    records = under.webhookRecords;
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const history = async () => {
    const { data } = await under.adminRecords.timeline(customerId, ALL);
    return data.map(({ summary }) => summary).sort();
  };
  const endpoint = (overrides: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
    ...newEndpoint(
      { id: newEndpointId(), url: "https://example.com/hook", description: "A", eventTypes: null },
      "sealed-1",
      NOW,
    ),
    ...overrides,
  });
  const add = async (overrides: Partial<WebhookEndpoint> = {}) => {
    const added = endpoint(overrides);
    await records.addEndpoint(added, aChange(customerId, "added"));
    return added;
  };

  describe("endpoints", () => {
    it("come back as they were, with all that may be there and with nothing of it", async () => {
      const bare = await add();
      const rich = await add({
        eventTypes: ["entitlement_grant.created", "entitlement_grant.revoked"],
        enabled: false,
        disabledReason: "answered 410 Gone",
        secrets: [
          { sealed: "sealed-2", until: null },
          { sealed: "sealed-1", until: NOW + 5 },
        ],
        failingSince: NOW - 9,
        updatedAt: NOW + 1,
      });
      expect(await records.endpoint(bare.id)).toEqual(bare);
      expect(await records.endpoint(rich.id)).toEqual(rich);
      expect(await records.endpoint(newEndpointId())).toBeNull();
      const found = await records.endpoints();
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([bare, rich]));
      expect(await history()).toEqual(["added", "added"]);
    });

    it("are listed newest first, page by page, those of one moment once each", async () => {
      const added = [];
      for (const index of [0, 1, 2, 3, 4])
        added.push(await add({ createdAt: NOW + Math.floor(index / 2) * 1_000 }));
      const pages = await allPages(records.listEndpoints, 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      const found = pages.flat();
      expect(found.map(({ id }) => id).sort()).toEqual(added.map(({ id }) => id).sort());
      expect(found[0]).toEqual(added[4]);
      const times = found.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });

    it("stay as they are when they are added again", async () => {
      const one = await add();
      await records.addEndpoint({ ...one, url: "https://other.example" }, aChange(customerId, "again"));
      expect(await records.endpoint(one.id)).toEqual(one);
      expect(await history()).toEqual(["added"]);
    });

    it("are changed as they stand by then, with history where a person did it", async () => {
      const one = await add();
      const patched = await records.changeEndpoint(
        one.id,
        (current) => patchEndpoint(current, { description: "B", eventTypes: [] }, NOW + 1),
        aChange(customerId, "patched"),
      );
      expect(patched).toEqual({ ...one, description: "B", eventTypes: [], updatedAt: NOW + 1 });
      const failing = { ...must(patched), failingSince: NOW + 2 };
      expect(
        await records.changeEndpoint(one.id, (now) => ({ ...now, failingSince: NOW + 2 }), null),
      ).toEqual(failing);
      expect(await records.endpoint(one.id)).toEqual(failing);
      expect(await history()).toEqual(["added", "patched"]);
    });

    it("are not written where the change is none, nor where there is none", async () => {
      const one = await add();
      const audit = aChange(customerId, "nothing");
      expect(await records.changeEndpoint(one.id, (current) => current, audit)).toEqual(one);
      expect(await records.changeEndpoint(newEndpointId(), (current) => ({ ...current }), audit)).toBeNull();
      expect(await history()).toEqual(["added"]);
    });

    it("lose none of many changes at once", async () => {
      const one = await add({ description: "" });
      await Promise.all(
        ["a", "b", "c", "d", "e"].map((letter) =>
          records.changeEndpoint(
            one.id,
            (current) => ({ ...current, description: current.description + letter }),
            null,
          ),
        ),
      );
      const { description } = must(await records.endpoint(one.id));
      expect([...description].sort().join("")).toBe("abcde");
    });

    it("are removed once, with history of that one time", async () => {
      const one = await add();
      const removed = await Promise.all(
        [1, 2, 3].map((n) => records.removeEndpoint(one.id, aChange(customerId, `removed ${n}`))),
      );
      expect(removed.filter(Boolean)).toHaveLength(1);
      expect(await records.endpoint(one.id)).toBeNull();
      expect(await records.endpoints()).toEqual([]);
      expect(await history()).toHaveLength(2);
    });
  });

  describe("events", () => {
    const put = (events: readonly GrantEvent[]) =>
      under.store.update(ofCustomer(customerId), () => write({ events }));

    it("come back as they happened, in the order of their commits, those that are there", async () => {
      const created = anEvent(customerId);
      const slot = slotId(customerId, "scope", "desktop", 0);
      const delivered = anEvent(customerId, {
        type: "entitlement_grant.delivered",
        occurredAt: NOW + 5,
        grant: grant({
          ...created.grant,
          licenseKey: { id: licenseKeyId(slot, 1), masked: "****-1234" },
          expiresAt: NOW + 9,
        }),
      });
      const missing = anEvent(customerId, { unit: 7 });
      await put([created, delivered]);
      expect(await records.events([delivered.id, missing.id, created.id])).toEqual([created, delivered]);
      expect(await records.events([missing.id])).toEqual([]);
      expect(await records.events([])).toEqual([]);
    });

    it("of one commit what ends comes first, and an earlier commit before a later one, whatever the clocks say", async () => {
      const revoked = anEvent(customerId, { unit: 1, type: "entitlement_grant.revoked" });
      const opened = anEvent(customerId, { unit: 2, occurredAt: NOW - 60_000 });
      await put([revoked, opened]);
      const later = anEvent(customerId, { unit: 3, occurredAt: NOW - 120_000 });
      await put([later]);
      expect(await records.events([later.id, opened.id, revoked.id])).toEqual([revoked, opened, later]);
    });

    it("are read on from a moment, oldest first and of equals by id, in as many pages as it takes", async () => {
      const times = [NOW, NOW, NOW, NOW + 1, NOW + 1, NOW + 2, NOW - 1];
      const events = times.map((occurredAt, unit) => anEvent(customerId, { unit, occurredAt }));
      await put(events);
      const wanted = events
        .filter(({ occurredAt }) => occurredAt >= NOW)
        .sort((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
      expect(await records.eventsSince({ at: NOW, after: null }, 10)).toEqual(wanted);
      for (const size of [1, 2, 3, 5]) {
        const read: GrantEvent[] = [];
        for (let page = await records.eventsSince({ at: NOW, after: null }, size); page.length > 0; ) {
          read.push(...page);
          const last = must(page.at(-1));
          page = await records.eventsSince({ at: last.occurredAt, after: last.id }, size);
        }
        expect(read).toEqual(wanted);
      }
      expect(await records.eventsSince({ at: NOW + 3, after: null }, 10)).toEqual([]);
    });
  });

  describe("deliveries", () => {
    const one = newEndpointId();
    const plan = async (...planned: WebhookDelivery[]) => records.plan(planned, [], false);
    const tried = { at: NOW + 3, statusCode: 503, durationMs: 41, excerpt: "no ก", retryAfterMs: 9_000 };

    it("come back as they are, in the order asked for, those that are there", async () => {
      const [first, second] = [aDelivery(customerId, one), aDelivery(customerId, one, { unit: 1 })];
      await plan(first, second);
      const missing = deliveryId(first.eventId, newEndpointId());
      expect(await records.deliveries([second.id, missing, first.id])).toEqual([second, first]);
      expect(await records.deliveries([])).toEqual([]);
    });

    it("are changed as they stand by then, every field of them kept", async () => {
      const first = aDelivery(customerId, one);
      await plan(first);
      const wanted = recordTry(first, first, tried, 0.5, NOW + 50);
      const change = (current: WebhookDelivery) => recordTry(current, first, tried, 0.5, NOW + 50);
      expect(await records.changeDelivery(first.id, change, [])).toEqual(wanted);
      expect(await records.deliveries([first.id])).toEqual([wanted]);
      const silent = { ...tried, statusCode: null, excerpt: "timeout", retryAfterMs: null };
      const then = recordTry(wanted, wanted, silent, 0.5, NOW + 60);
      await records.changeDelivery(first.id, (now) => recordTry(now, wanted, silent, 0.5, NOW + 60), []);
      expect(await records.deliveries([first.id])).toEqual([then]);
      await records.changeDelivery(first.id, giveUp, []);
      expect(await records.deliveries([first.id])).toEqual([giveUp(then)]);
    });

    it("are changed together with the effects asked for, and without a change neither is", async () => {
      const first = aDelivery(customerId, one);
      await plan(first);
      const effect = requestEffect(
        { kind: "send_webhooks", endpointId: one, customerId, eventIds: [first.eventId] },
        NOW,
      );
      expect(await records.changeDelivery(first.id, (same) => same, [effect])).toEqual(first);
      expect(await records.changeDelivery(aDelivery(customerId, one, { unit: 9 }).id, giveUp, [effect])).toBe(
        null,
      );
      expect(await under.outbox.lease(NOW, 10)).toEqual([]);
      await records.changeDelivery(first.id, giveUp, [effect]);
      expect(only(await under.outbox.lease(NOW, 10, one))).toMatchObject({
        id: effect.id,
        effect: effect.effect,
      });
    });

    it("lose none of many changes at once", async () => {
      const first = aDelivery(customerId, one);
      await plan(first);
      await Promise.all(
        [1, 2, 3, 4, 5].map(() =>
          records.changeDelivery(first.id, (now) => ({ ...now, tries: now.tries + 1 }), []),
        ),
      );
      expect(only(await records.deliveries([first.id])).tries).toBe(5);
    });

    it("of an endpoint are listed by when they were planned, newest first, page by page", async () => {
      const planned = [0, 1, 2, 3, 4].map((unit) =>
        aDelivery(customerId, one, { unit, now: NOW + Math.floor(unit / 2) }),
      );
      await plan(...planned, aDelivery(customerId, newEndpointId(), { now: NOW + 9 }));
      await records.changeDelivery(must(planned[0]).id, giveUp, []);
      const pages = await allPages((page) => records.listDeliveries(one, page), 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      const found = pages.flat();
      expect(found.map(({ id }) => id).sort()).toEqual(planned.map(({ id }) => id).sort());
      expect(found.map(({ createdAt }) => createdAt - NOW)).toEqual([2, 1, 1, 0, 0]);
      expect((await records.listDeliveries(newEndpointId(), ALL)).data).toEqual([]);
    });
  });

  it.each(["%%%", "e30"])("refuse a cursor that isn't ours: %s", async (cursor) => {
    const [page, refused] = [{ limit: 2, cursor }, { code: "invalid_request" }];
    await expect(records.listEndpoints(page)).rejects.toMatchObject(refused);
    await expect(records.listDeliveries(newEndpointId(), page)).rejects.toMatchObject(refused);
  });
}
