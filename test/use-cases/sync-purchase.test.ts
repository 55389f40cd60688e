import { beforeEach, describe, expect, it } from "vitest";
import { createHmacAccountIds } from "../../src/adapters/account-ids/account-ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { ANN, lineItem, NOW, oneTime, only, refOf, subscription, token } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import {
  eventCounts,
  findLicenceFaults,
  googleSays,
  slotsFor,
  stored,
  syncOf,
  verify,
} from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

describe("an older answer never overwrites a newer one", () => {
  const renewed = subscription({ items: [lineItem({ expiresAt: NOW + 40 * DAY })] });

  it("when it comes late: Google is asked again", async () => {
    googleSays(world, "first", subscription({ accountId: ANN }));
    await world.run(syncOf(service, "first"));
    // This one hears the old answer, and then nothing for a while.
    const late = Promise.withResolvers<void>();
    world.play.onAnswer = () => late.promise;
    googleSays(world, "first", subscription({ accountId: ANN, state: "in_grace_period" }));
    const slow = syncOf(world.process(), "first");
    await world.clock.idle();
    world.play.onAnswer = async () => undefined;
    googleSays(world, "first", { ...renewed, accountId: ANN });
    await world.run(syncOf(world.process(), "first"));
    late.resolve();
    await world.run(slow);
    expect(stored(world, "first").answer).toMatchObject({
      state: "active",
      items: [{ expiresAt: NOW + 40 * DAY }],
    });
    expect(world.play.count("getPurchase")).toBe(4);
  });

  it("is no reason to ask again when both say the same", async () => {
    googleSays(world, "first", subscription({ accountId: ANN }));
    const late = Promise.withResolvers<void>();
    world.play.onAnswer = () => late.promise;
    const both = Promise.all([syncOf(world.process(), "first"), syncOf(world.process(), "first")]);
    await world.clock.idle();
    late.resolve();
    await world.run(both);
    expect(world.play.count("getPurchase")).toBe(2);
    expect(world.memory.tables.audit.filter(({ cause }) => cause === "rtdn")).toHaveLength(1);
  });

  it("gives up, retryable, when a purchase changes without end", async () => {
    let renewals = 0;
    const renew = () => {
      renewals += 1;
      const items = [lineItem({ expiresAt: NOW + (20 + renewals) * DAY })];
      googleSays(world, "first", subscription({ accountId: ANN, items }));
    };
    // Whatever this one hears, another process has stored something newer before it can.
    const overtake = async () => {
      world.play.onAnswer = async () => undefined;
      renew();
      await syncOf(world.process(), "first");
      renew();
      world.play.onAnswer = overtake;
    };
    renew();
    world.play.onAnswer = overtake;
    await expect(world.run(syncOf(service, "first"))).rejects.toMatchObject({
      code: "store_unavailable",
      retryable: true,
    });
    expect(renewals).toBeLessThan(20);
  });
});

describe("calls that meet in a process", () => {
  it("share a run that begins after they came", async () => {
    googleSays(world, "first", subscription({ accountId: ANN }));
    await world.run(Promise.all(Array.from({ length: 20 }, () => syncOf(service, "first"))));
    expect(world.play.count("getPurchase")).toBe(2);
  });
});

describe("a word that we don't know yet", () => {
  it("changes nothing of what was known, and is told", async () => {
    googleSays(world, "first", subscription({ accountId: ANN }));
    await world.run(syncOf(service, "first"));
    googleSays(world, "first", subscription({ accountId: ANN, state: "unknown" }));
    await world.run(syncOf(service, "first"));
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
    expect(world.log.map(({ event }) => event)).toContain("purchase.unknown_state");
  });
});

describe("whose it is", () => {
  it("is known from an obfuscated id that was given out", async () => {
    const directory = world.memory.accountDirectory;
    const accountIds = createHmacAccountIds(new Secret(Buffer.alloc(32, 1).toString("base64")), directory);
    const accountId = await accountIds.give(ANN);
    const hmac = createWorld({ accountIds });
    googleSays(hmac, "first", subscription({ accountId }));
    await hmac.run(syncOf(hmac.process(), "first"));
    expect(stored(hmac, "first").customerId).toBe(ANN);
    googleSays(hmac, "second", subscription({ accountId: "f".repeat(64) }));
    await hmac.run(syncOf(hmac.process(), "second"));
    expect(stored(hmac, "second").customerId).toBeNull();
  });
});

describe("a plan change", () => {
  const upgrade = subscription({
    replaces: token("first"),
    acknowledged: false,
    items: [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })],
  });

  beforeEach(async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    await service.settle();
  });

  it("revokes the old licence before it makes the new one, and never has two", async () => {
    googleSays(world, "second", upgrade);
    world.licenses.calls.length = 0;
    await world.run(syncOf(service, "second"));
    await service.settle();
    expect(world.licenses.calls).toEqual(["revoke", "issue 2", "extend"]);
    expect(await findLicenceFaults(world)).toEqual([]);
    expect(world.customer(ANN).entitlements.studio?.active).toBe(true);
    expect(stored(world, "first").observations.supersededBy).toBe(refOf("second").id);
  });

  it("tells every revoked row before the first new one", async () => {
    googleSays(world, "second", upgrade);
    await world.run(syncOf(service, "second"));
    await service.settle();
    const types = [...world.memory.tables.events.values()].slice(4).map(({ type }) => type.split(".")[1]);
    expect(types.lastIndexOf("revoked")).toBeLessThan(types.indexOf("created"));
  });

  it("leaves the old plan alone until the new one is paid", async () => {
    googleSays(world, "second", { ...upgrade, state: "pending", startedAt: null });
    await world.run(syncOf(service, "second"));
    expect(only(slotsFor(world, "desktop")).target.productId).toBe("lumen_pro");
    googleSays(world, "second", upgrade);
    await world.run(syncOf(service, "second"));
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
    expect(only(slotsFor(world, "desktop")).target.productId).toBe("lumen_studio");
  });

  it("ends alike when the old token's last notice comes first, last, or not at all", async () => {
    const ended = subscription({
      state: "expired",
      endedBy: "replacement",
      items: [lineItem({ expiresAt: world.clock.now() - 1 })],
    });
    const ends: unknown[] = [];
    for (const order of [["first", "second"], ["second", "first"], ["second"]]) {
      const other = createWorld();
      const by = other.process();
      googleSays(other, "first", subscription());
      await verify(other, by, "first");
      googleSays(other, "first", ended);
      googleSays(other, "second", upgrade);
      for (const name of order) await other.run(syncOf(by, name));
      await by.settle();
      expect(await findLicenceFaults(other)).toEqual([]);
      ends.push([
        other.customer(ANN).entitlements.studio?.active,
        eventCounts(other),
        other.licenses.live().length,
      ]);
    }
    expect(ends[1]).toEqual(ends[2]);
    expect(ends[0]).toEqual(ends[1]);
  });

  it("asks about a linked token that was never seen, and keeps the chain's name", async () => {
    googleSays(
      world,
      "old",
      subscription({ accountId: ANN, state: "expired", items: [lineItem({ expiresAt: 1 })] }),
    );
    googleSays(world, "new", subscription({ accountId: ANN, replaces: token("old") }));
    await world.run(syncOf(service, "new"));
    await service.settle();
    expect(stored(world, "old")).toMatchObject({ answer: { state: "expired" } });
    expect(stored(world, "old").chainId).toBe(stored(world, "new").chainId);
  });

  it("does without a linked token that Google has forgotten", async () => {
    world.play.put(refOf("old"), "purchase_token_expired");
    googleSays(world, "new", subscription({ accountId: ANN, replaces: token("old") }));
    await world.run(syncOf(service, "new"));
    await service.settle();
    expect(stored(world, "old").answer).toBeNull();
    expect(world.memory.tables.outbox.size).toBe(0);
  });
});

describe("hold and recovery", () => {
  it("suspends the licence and resumes the same one, in a new row", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    googleSays(world, "first", subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - 1 })] }));
    await world.run(syncOf(service, "first"));
    await service.settle();
    const license = only(world.licenses.live());
    expect(license.status).toBe("suspended");
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    googleSays(world, "first", subscription({ items: [lineItem({ expiresAt: NOW + 40 * DAY })] }));
    await world.run(syncOf(service, "first"));
    await service.settle();
    expect(only(world.licenses.live())).toMatchObject({ key: license.key, status: "active" });
    expect(await findLicenceFaults(world)).toEqual([]);
    expect(eventCounts(world)).toEqual({ created: 4, delivered: 4, revoked: 2 });
  });
});

it("a one-time purchase that was refunded takes everything back", async () => {
  googleSays(world, "first", oneTime());
  await verify(world, service, "first");
  googleSays(world, "first", oneTime({ state: "refunded" }));
  const ref = refOf("first", "one_time");
  await world.run(syncOf(service, "first", { ref }));
  await service.settle();
  expect(world.licenses.live()).toEqual([]);
  expect(Object.keys(world.customer(ANN).slots)).toEqual([]);
});
