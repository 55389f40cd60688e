import { beforeEach, describe, expect, it } from "vitest";
import { OutsideError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import {
  ANN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  product,
  refOf,
  subscription,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import {
  eventCounts,
  findLicenceFaults,
  googleSays,
  heldKey,
  present,
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

const busy = (retryAfterMs?: number) =>
  new OutsideError("busy", "keythai_busy", "Later.", retryAfterMs === undefined ? {} : { retryAfterMs });
const unknown = new OutsideError("unknown", "keythai_timeout", "No answer.");
const refused = new OutsideError("refused", "keythai_quota_exceeded", "No more licences.");

/** The row of the effect that fulfils the one licence slot. */
const effect = () =>
  [...world.memory.tables.outbox.values()].find(({ value }) => value.effect.kind === "fulfill_slot");
const desktop = () => only(slotsFor(world, "desktop"));
const rowsOf = (entitlementId: string) =>
  [...world.memory.tables.grants.values()].filter((row) => row.entitlementId === entitlementId);

async function buy(purchase: Purchase = oneTime()): Promise<void> {
  googleSays(world, "first", purchase);
  await verify(world, service, "first");
}

async function becomes(purchase: Purchase): Promise<void> {
  googleSays(world, "first", purchase);
  await world.run(syncOf(service, "first", { ref: refOf("first", purchase.type) }));
  await world.clock.idle();
}

describe("a delivery", () => {
  it("is marked before it goes out, and recorded with its sealed key", async () => {
    googleSays(world, "first", oneTime());
    const manual = world.process({ background: "manual" });
    await verify(world, manual, "first");
    expect(desktop().attempt).toMatchObject({ number: 1 });
    manual.flush();
    await world.clock.idle();
    expect(desktop()).toMatchObject({
      attempt: null,
      applied: { kind: "active", productId: "lumen_lifetime" },
    });
    expect(await heldKey(world, desktop())).toBe(only(world.licenses.all).key);
    expect(JSON.stringify([...world.memory.tables.licenseKeys.values()])).not.toContain(
      only(world.licenses.all).key,
    );
  });

  it("opens its row as delivered, created and delivered in one commit", async () => {
    await buy();
    const row = only(rowsOf("desktop"));
    expect(row).toMatchObject({ status: "Delivered", createdAt: NOW, deliveredAt: NOW });
    expect(row.licenseKey?.masked).toMatch(/^\*+-\*+-\*+-0001$/);
    expect(row.id).toBe(only(world.licenses.all).grantId);
  });

  it("finishes its effect in the commit that records it", async () => {
    await buy();
    const ends = world.log.filter(({ fields }) => fields.kind === "fulfill_slot");
    expect(ends.map(({ fields }) => fields.outcome)).toEqual(["completed"]);
    expect(effect()).toBeUndefined();
  });

  it("goes out again after seconds when KeyThai had no time; nothing was made, so nothing is looked for", async () => {
    world.licenses.failNext("issue", busy());
    await buy();
    expect(desktop()).toMatchObject({ attempt: null, attempts: 1 });
    expect(must(effect()).value).toMatchObject({ attempts: 1, lastError: "keythai_busy", lease: null });
    expect(must(effect()).value.dueAt).toBe(NOW + 2 * SECOND);
    await service.settle();
    expect(world.licenses.calls).toEqual(["issue 1", "issue 2"]);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("is put off all the same when its lease had to be renewed first", async () => {
    const slow = world.process({ background: "manual" });
    world.licenses.failNext("issue", busy());
    googleSays(world, "first", oneTime());
    const asked = present(world, slow, "first");
    await world.clock.idle();
    world.clock.advance(world.settings.leaseMs - SECOND);
    slow.flush();
    await world.run(asked);
    const { attempts, dueAt } = must(effect()).value;
    expect([attempts, dueAt]).toEqual([1, NOW + world.settings.leaseMs + SECOND]);
  });

  it("waits as long as it was asked to", async () => {
    world.licenses.failNext("issue", busy(90_000));
    await buy();
    expect(must(effect()).value.dueAt).toBe(NOW + 90_000);
  });

  it.each([
    ["had made one", true, 2, 1],
    ["had made none", false, 1, 0],
  ])(
    "looks for what was left when nobody knows whether it was made: KeyThai %s",
    async (_, made, issued, orphans) => {
      world.licenses.failNext("issue", unknown, made);
      await buy();
      expect(desktop().attempt).toMatchObject({ number: 1 });
      await service.settle();
      expect(world.licenses.calls.slice(0, 3)).toEqual(["issue 1", "find", "issue 2"]);
      expect(world.licenses.all).toHaveLength(issued);
      expect(world.memory.tables.orphans.size).toBe(orphans);
      expect(await findLicenceFaults(world)).toEqual([]);
    },
  );

  it("searches once more when nothing of the former can still be under way", async () => {
    world.licenses.failNext("issue", unknown, true);
    await buy();
    await service.settle();
    expect(world.licenses.calls.filter((call) => call === "find")).toHaveLength(2);
    expect(world.clock.now()).toBeGreaterThan(NOW + world.settings.leaseMs + MINUTE);
  });

  it("waits when what was left can't be looked for", async () => {
    world.licenses.failNext("issue", unknown, true);
    world.licenses.failNext("findBySlot", busy());
    await buy();
    await service.settle();
    // The number that was marked before the search failed is not used again.
    expect(world.licenses.calls.slice(0, 4)).toEqual(["issue 1", "find", "find", "issue 3"]);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("fails for good when KeyThai refuses: the row says so, and the app's access stays", async () => {
    world.licenses.failNext("issue", refused);
    await buy();
    expect(only(rowsOf("desktop"))).toMatchObject({
      status: "Failed",
      failure: { code: "keythai_quota_exceeded" },
    });
    expect(eventCounts(world)).toEqual({ created: 2, delivered: 1, failed: 1 });
    expect(world.customer(ANN).entitlements.desktop?.active).toBe(true);
    expect(effect()).toBeUndefined();
    expect(world.log.some(({ level, event }) => level === "error" && event === "fulfill.gave_up")).toBe(true);
    world.clock.advance(HOUR);
    await becomes(oneTime());
    expect(world.licenses.calls).toEqual(["issue 1"]);
  });

  it("is tried anew, in a new row, with the next order that is paid", async () => {
    world.licenses.failNext("issue", refused);
    await buy(subscription());
    await becomes(subscription({ items: [lineItem({ orderId: "GPA.1..0", expiresAt: NOW + 40 * DAY })] }));
    await service.settle();
    expect(
      rowsOf("desktop")
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["Delivered", "Failed"]);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("is given up after a day of trying, and not before", async () => {
    for (let count = 0; count < 200; count += 1) world.licenses.failNext("issue", busy());
    await buy();
    world.clock.advance(DAY - HOUR);
    await world.run(runDueEffects(service.ports, 10));
    expect(rowsOf("desktop")).toEqual([]);
    world.clock.advance(HOUR);
    await world.run(runDueEffects(service.ports, 10));
    expect(only(rowsOf("desktop"))).toMatchObject({ status: "Failed", failure: { code: "keythai_busy" } });
    expect(effect()).toBeUndefined();
  });

  it("of which nobody knows the end is not given up, however long ago it was asked for", async () => {
    for (let count = 0; count < 3; count += 1) world.licenses.failNext("issue", unknown);
    await buy();
    for (let day = 0; day < 2; day += 1) {
      world.clock.advance(DAY);
      await world.run(runDueEffects(service.ports, 10));
      expect(rowsOf("desktop")).toEqual([]);
    }
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("is kept without a row when access has gone in the meantime, and taken back next", async () => {
    googleSays(world, "first", oneTime());
    const slow = world.process({ background: "manual" });
    await verify(world, slow, "first");
    const issue = Promise.withResolvers<void>();
    const issueNow = world.licenses.issue.bind(world.licenses);
    world.licenses.issue = async (order) => {
      await issue.promise;
      return issueNow(order);
    };
    slow.flush();
    await world.clock.idle();
    googleSays(world, "first", oneTime({ state: "refunded" }));
    await world.run(syncOf(world.process(), "first", { ref: refOf("first", "one_time") }));
    issue.resolve();
    await world.clock.idle();
    await service.settle();
    expect(world.licenses.calls).toEqual(["issue 1", "revoke"]);
    expect(rowsOf("desktop")).toEqual([]);
    expect(Object.keys(world.customer(ANN).slots)).toEqual([]);
  });

  it("whose end is unknown is cleared up when nobody wants it any more", async () => {
    world.licenses.failNext("issue", unknown, true);
    await buy();
    await becomes(oneTime({ state: "refunded" }));
    await service.settle();
    expect(world.licenses.calls.filter((call) => call.startsWith("issue"))).toEqual(["issue 1"]);
    expect(world.memory.tables.orphans.size).toBe(1);
    expect(Object.keys(world.customer(ANN).slots)).toEqual([]);
    expect(stored(world, "first", "one_time").closed).not.toEqual({});
  });

  it("numbers go on where a slot comes back after it had left", async () => {
    await buy(oneTime({ items: [product({ orderId: "GPA.1" })] }));
    await becomes(oneTime({ state: "refunded" }));
    await becomes(oneTime());
    await service.settle();
    const attempts = world.licenses.all.map(({ attempt }) => attempt);
    expect(new Set(attempts).size).toBe(attempts.length);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("makes one licence for each unit", async () => {
    await buy(oneTime({ items: [product({ productId: "credit_pack_50", quantity: 4, consumed: true })] }));
    await service.settle();
    expect(world.licenses.all).toHaveLength(4);
    expect(new Set(world.licenses.all.map(({ slotId }) => slotId)).size).toBe(4);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("that can't be sealed is revoked at once, and tried again", async () => {
    googleSays(world, "first", oneTime());
    const manual = world.process({ background: "manual" });
    await verify(world, manual, "first");
    const seal = world.secretBox.seal;
    Object.assign(world.secretBox, { seal: async () => Promise.reject(new Error("KMS is away")) });
    manual.flush();
    await world.clock.idle();
    Object.assign(world.secretBox, { seal });
    await service.settle();
    expect(world.licenses.calls.slice(0, 2)).toEqual(["issue 1", "revoke"]);
    expect(world.licenses.live()).toHaveLength(1);
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});

describe("what follows the money", () => {
  const end = NOW + 13 * DAY;

  beforeEach(async () => {
    await buy(subscription());
    await service.settle();
    world.licenses.calls.length = 0;
  });

  it("is extended with each renewal, in the same row, without an event", async () => {
    expect(only(world.licenses.live()).expiresAt).toBe(end);
    await becomes(subscription({ items: [lineItem({ expiresAt: NOW + 40 * DAY })] }));
    expect(world.licenses.calls).toEqual(["extend"]);
    expect(only(rowsOf("desktop"))).toMatchObject({ status: "Delivered", expiresAt: NOW + 43 * DAY });
    expect(eventCounts(world)).toEqual({ created: 2, delivered: 2 });
  });

  it.each([
    ["busy", busy()],
    ["silent", unknown],
    ["refusing", refused],
  ])("is tried again as long as KeyThai is %s: access must not outlive the payment", async (_, error) => {
    for (let count = 0; count < 5; count += 1) world.licenses.failNext("setStatus", error);
    await becomes(subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - 1 })] }));
    expect(rowsOf("desktop").map(({ status }) => status)).toEqual(["Revoked"]);
    expect(world.customer(ANN).entitlements.desktop?.active).toBe(false);
    world.clock.advance(3 * DAY);
    await service.settle();
    expect(world.licenses.calls).toEqual(Array.from({ length: 6 }, () => "revoke"));
    expect(world.licenses.live()).toEqual([]);
  });

  it("goes on with the next row while the same licence is held", async () => {
    await becomes(subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - 1 })] }));
    await becomes(subscription({ items: [lineItem({ expiresAt: NOW + 30 * DAY })] }));
    await service.settle();
    expect(world.licenses.calls).toEqual(["suspend", "extend", "resume"]);
    const [first, second] = rowsOf("desktop").sort(
      (a, b) => (a.regrantOf === null ? -1 : 1) - (b.regrantOf === null ? -1 : 1),
    );
    expect(first).toMatchObject({ status: "Revoked", revocationReason: "subscription_on_hold" });
    expect(second).toMatchObject({
      status: "Delivered",
      regrantOf: first?.id,
      licenseKey: first?.licenseKey,
    });
  });

  it("says once more what a wish that came and went while nobody looked may have changed", async () => {
    const full = world.process({ background: "full" });
    for (const state of ["on_hold", "active"] as const) {
      googleSays(world, "first", subscription({ state }));
      await world.run(syncOf(full, "first"));
    }
    await service.settle();
    expect(world.licenses.calls).toEqual(["resume"]);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("resumes for certain what was suspended unheard, when access returns before the retry", async () => {
    world.licenses.failNext("setStatus", unknown, true);
    for (const state of ["on_hold", "active"] as const) {
      googleSays(world, "first", subscription({ state }));
      await world.run(syncOf(service, "first"));
      await world.clock.idle();
    }
    await service.settle();
    expect(only(world.licenses.live()).status).toBe("active");
    expect(world.customer(ANN).entitlements.desktop?.active).toBe(true);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("is revoked only after the key was found again, sealed", async () => {
    const other = world.process();
    googleSays(world, "first", subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - 1 })] }));
    await world.run(syncOf(other, "first"));
    await other.settle();
    expect(other.calls).toContain("records.licenseKeys");
    expect(world.licenses.live()).toEqual([]);
  });

  it("stops, to be looked at, where the sealed key is missing", async () => {
    world.memory.tables.licenseKeys.clear();
    googleSays(world, "first", subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - 1 })] }));
    await world.run(syncOf(world.process(), "first"));
    await world.clock.idle();
    expect(world.log.some(({ event, level }) => event === "effect.bug" && level === "error")).toBe(true);
    expect(must(effect()).value).toMatchObject({ lastError: "internal_error", lease: null });
  });
});

describe("who may do it", () => {
  it("nobody whose lease ran out: the one who took over delivers, the late licence is taken back", async () => {
    googleSays(world, "first", oneTime());
    const slow = world.process({ background: "manual" });
    await verify(world, slow, "first");
    const issue = Promise.withResolvers<void>();
    const issueNow = world.licenses.issue.bind(world.licenses);
    world.licenses.issue = async (order) => {
      world.licenses.issue = issueNow;
      await issue.promise;
      return issueNow(order);
    };
    slow.flush();
    await world.clock.idle();
    world.clock.advance(world.settings.leaseMs + 1);
    await world.run(runDueEffects(service.ports, 10));
    const held = await heldKey(world, desktop());
    issue.resolve();
    await world.clock.idle();
    expect(only(world.licenses.live()).key).toBe(held);
    expect(world.log.map(({ event }) => event)).toContain("fulfill.discarded");
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("a call doesn't go out under a lease that is shorter than the call can take: it is renewed first", async () => {
    googleSays(world, "first", oneTime());
    const slow = world.process({ background: "manual" });
    await verify(world, slow, "first");
    world.clock.advance(world.settings.leaseMs - world.licenses.issueTimeoutMs - 5_000);
    slow.flush();
    await world.clock.idle();
    expect(slow.calls).toContain("outbox.renew");
    expect(await findLicenceFaults(world)).toEqual([]);
    expect(effect()).toBeUndefined();
  });

  it("a process that starts after its lease was taken over does nothing", async () => {
    googleSays(world, "first", oneTime());
    const slow = world.process({ background: "manual" });
    await verify(world, slow, "first");
    world.clock.advance(world.settings.leaseMs + 1);
    await world.run(runDueEffects(service.ports, 10));
    slow.flush();
    await world.clock.idle();
    expect(world.licenses.all).toHaveLength(1);
  });

  it("an integration that is gone waits, and says so", async () => {
    googleSays(world, "first", oneTime());
    const crippled = { ...service.ports, deliveries: new Map() };
    const full = world.process({ background: "full" });
    await verify(world, full, "first");
    await world.run(runDueEffects(crippled, 10));
    expect(must(effect()).value).toMatchObject({ attempts: 1, lastError: "no_integration" });
  });
});
