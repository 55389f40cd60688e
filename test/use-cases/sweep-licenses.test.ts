import { beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../sandbox/random.ts";
import { OutsideError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import { sweepLicenses } from "../../src/use-cases/sweep-licenses.ts";
import { ANN, lineItem, NOW, only, subscription } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import {
  aboutSubscription,
  eventCounts,
  findLicenceFaults,
  googleSays,
  notify,
  verify,
} from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(async () => {
  world = createWorld();
  service = world.process();
  googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + 300 * DAY })] }));
  await verify(world, service, "first");
  await service.settle();
});

const sweep = (by = service) => world.run(sweepLicenses(by.ports, 100));
const license = () => only(world.licenses.all);
const looks = () => world.licenses.calls.filter((call) => call === "look").length;
const key = () => only([...world.memory.tables.licenseKeys.values()]);
const desktop = () => world.customer(ANN).entitlements.desktop;
const rows = () =>
  [...world.memory.tables.grants.values()]
    .filter(({ entitlementId }) => entitlementId === "desktop")
    .map(({ status, revocationReason }) => [status, revocationReason]);

async function nextDay(): Promise<void> {
  world.clock.advance(DAY * 1.1 + MINUTE);
  await sweep();
  await service.settle();
}

describe("the sweep of licences", () => {
  it("looks at each licence once a day, from a day after it was made", async () => {
    world.clock.advance(DAY - MINUTE);
    expect((await sweep()).found).toBe(0);
    world.clock.advance(MINUTE);
    expect(await sweep()).toEqual({ found: 1, changed: 0, failed: 0, more: false });
    expect((await sweep()).found).toBe(0);
    expect([looks(), key().checkAt]).toEqual([1, world.clock.now() + DAY]);
    expect(world.memory.tables.outbox.size).toBe(0);
  });

  it.each(["suspended", "revoked"] as const)(
    "follows when one is %s there, and calls nobody",
    async (status) => {
      license().status = status;
      const calls = world.licenses.calls.length;
      await nextDay();
      expect(world.licenses.calls.slice(calls)).toEqual(["look"]);
      expect(rows()).toEqual([["Revoked", "license_key_disabled"]]);
      expect(desktop()?.active).toBe(false);
      expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
      expect(eventCounts(world).revoked).toBe(1);
      await nextDay();
      expect(rows()).toHaveLength(1);
    },
  );

  it("is shared by workers: what one has looked at, another that found it too leaves alone", async () => {
    for (let count = 0; count < 39; count += 1) {
      googleSays(world, `more-${count}`, subscription({ items: [lineItem({ expiresAt: NOW + 300 * DAY })] }));
      await verify(world, service, `more-${count}`);
      await service.settle();
    }
    world.clock.advance(DAY * 1.1 + MINUTE);
    const workers = [1, 2].map((seed) => ({ ...world.process().ports, chance: seededRandom(seed) }));
    const reports = await Promise.all(workers.map((ports) => world.run(sweepLicenses(ports, 100))));
    expect(reports.map(({ found, failed }) => [found, failed])).toEqual([
      [40, 0],
      [40, 0],
    ]);
    // Only what both had in hand at the same moment is asked about twice.
    expect(looks()).toBeGreaterThanOrEqual(40);
    expect(looks()).toBeLessThan(60);
    expect([...world.memory.tables.licenseKeys.values()].map(({ checkAt }) => checkAt ?? 0)).not.toContain(0);
  });

  it("asks that the owner and the customer be told", async () => {
    license().status = "suspended";
    world.clock.advance(DAY * 1.1);
    await sweep(world.process({ background: "full" }));
    const asked = [...world.memory.tables.outbox.values()].map(({ value }) => value.effect);
    const revoked = [...world.memory.tables.events.values()].filter(({ type }) => type.endsWith("revoked"));
    expect(asked).toEqual([
      { kind: "publish_events", customerId: ANN, eventIds: revoked.map(({ id }) => id) },
    ]);
  });

  it("grants anew, with the same key, when it is switched on again there", async () => {
    license().status = "suspended";
    await nextDay();
    license().status = "active";
    await nextDay();
    expect(rows()).toEqual([
      ["Revoked", "license_key_disabled"],
      ["Delivered", null],
    ]);
    expect(desktop()?.active).toBe(true);
    expect(world.licenses.all).toHaveLength(1);
    expect(await findLicenceFaults(world)).toEqual([]);
    expect(eventCounts(world)).toMatchObject({ created: 3, revoked: 1 });
  });

  it("no renewal gives back what was switched off there", async () => {
    license().status = "suspended";
    await nextDay();
    googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + 400 * DAY })] }));
    await notify(world, service, aboutSubscription("first", 2));
    await service.settle();
    expect([desktop()?.active, license().status]).toEqual([false, "suspended"]);
    license().status = "active";
    await nextDay();
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("suspends again what somebody resumed there while it was on hold", async () => {
    googleSays(world, "first", subscription({ state: "on_hold" }));
    await notify(world, service, aboutSubscription("first", 5));
    await service.settle();
    license().status = "active";
    await nextDay();
    expect(license().status).toBe("suspended");
  });

  it("sets the end again that somebody moved there", async () => {
    const before = license().expiresAt;
    license().expiresAt = NOW + 9000 * DAY;
    await nextDay();
    expect(license().expiresAt).toBe(before);
    expect(rows()).toEqual([["Delivered", null]]);
  });

  it("leaves its reason in the customer's history", async () => {
    license().status = "suspended";
    await nextDay();
    const page = await world.memory.adminRecords.timeline(ANN, { limit: 2, cursor: null });
    expect(page.data.map(({ cause, kind, summary }) => [cause, kind, summary]).sort()).toEqual([
      ["sweep", "grant", "desktop Revoked license_key_disabled"],
      ["sweep", "license", "desktop licence: active → suspended at the licence server"],
    ]);
  });

  it("never looks again at a key that nobody holds any more", async () => {
    googleSays(world, "first", subscription({ state: "expired" }));
    await notify(world, service, aboutSubscription("first", 13));
    await service.settle();
    world.clock.advance(2 * DAY);
    expect(await sweep()).toMatchObject({ found: 1, changed: 0, failed: 0 });
    expect([looks(), key().checkAt]).toEqual([0, null]);
  });

  it("waits while a step is under way", async () => {
    googleSays(world, "first", subscription({ state: "on_hold" }));
    await notify(world, world.process({ background: "full" }), aboutSubscription("first", 5));
    world.clock.advance(2 * DAY);
    await sweep();
    expect([looks(), key().checkAt]).toEqual([0, world.clock.now() + HOUR]);
  });

  it("believes nothing that was seen while the slot changed", async () => {
    world.clock.advance(2 * DAY);
    const { ports } = service;
    const slow = {
      ...ports,
      deliveries: new Map(
        [...ports.deliveries].map(([type, delivery]) => [
          type,
          {
            ...delivery,
            check: async (...asked: Parameters<typeof delivery.check>) => {
              const seen = await delivery.check(...asked);
              googleSays(world, "first", subscription({ state: "on_hold" }));
              await notify(world, service, aboutSubscription("first", 5));
              await service.settle();
              return seen;
            },
          },
        ]),
      ),
    };
    expect(await world.run(sweepLicenses(slow, 100))).toMatchObject({ changed: 0, failed: 0 });
    expect(license().status).toBe("suspended");
    expect(rows()).toEqual([["Revoked", "subscription_on_hold"]]);
  });

  it("comes again in an hour when the licence server fails", async () => {
    world.clock.advance(2 * DAY);
    world.licenses.failNext("standing", new OutsideError("busy", "keythai_unavailable", "as told"));
    expect(await sweep()).toEqual({ found: 1, changed: 0, failed: 1, more: false });
    expect(key().checkAt).toBe(world.clock.now() + HOUR);
    expect(world.log.filter(({ event }) => event === "sweep.failed")).toMatchObject([
      { fields: { kind: "licenses", license_key_id: key().id, code: "keythai_unavailable" } },
    ]);
  });

  it("that dies in between is made up for by the next one", async () => {
    world.clock.advance(2 * DAY);
    license().status = "suspended";
    for (let at = 1; at <= 4; at += 1) {
      const dying = world.process({ fate: { at, kind: "dies_after" } });
      await sweep(dying).catch(() => undefined);
      expect(dying.struck()).toBe(true);
    }
    await sweep();
    await service.settle();
    expect(rows()).toEqual([["Revoked", "license_key_disabled"]]);
    expect(eventCounts(world).revoked).toBe(1);
  });

  it("may overlap with another one", async () => {
    world.clock.advance(2 * DAY);
    license().status = "suspended";
    await world.run(Promise.all([service, world.process()].map((by) => sweepLicenses(by.ports, 100))));
    await service.settle();
    expect(rows()).toEqual([["Revoked", "license_key_disabled"]]);
    expect(eventCounts(world).revoked).toBe(1);
  });
});
