import { beforeEach, describe, expect, it } from "vitest";
import { OutsideError } from "../../src/domain/errors.ts";
import { HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { must, NOW, oneTime, only, product } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { findLicenceFaults, googleSays, verify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const busy = new OutsideError("busy", "keythai_busy", "Later.");
const rows = () => [...world.memory.tables.outbox.values()].map(({ value }) => value);
const runDue = (limit = 100) => world.run(runDueEffects(service.ports, limit));

async function buy(quantity = 1): Promise<void> {
  const items = [product({ productId: "credit_pack_50", quantity, consumed: true })];
  googleSays(world, "first", oneTime({ items }));
  await verify(world, world.process({ background: "full" }), "first");
}

describe("what is due", () => {
  it("is run, and counted", async () => {
    await buy(3);
    expect(await runDue()).toBe(3);
    expect(await runDue()).toBe(0);
    expect(world.licenses.all).toHaveLength(3);
  });

  it("is run in portions", async () => {
    await buy(5);
    expect([await runDue(2), await runDue(2), await runDue(2)]).toEqual([2, 2, 1]);
  });

  it("is run by one of many", async () => {
    await buy(5);
    const all = Array.from({ length: 6 }, () => runDueEffects(world.process().ports, 100));
    const counts = await world.run(Promise.all(all));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(world.licenses.all).toHaveLength(5);
  });

  it("is told in one line each: what, which try, how it ended, how long", async () => {
    await buy();
    world.log.length = 0;
    await runDue();
    expect(world.log.find(({ event }) => event === "effect")?.fields).toEqual({
      effect_id: expect.stringMatching(/^fulfill_slot:slt_/),
      kind: "fulfill_slot",
      attempt: 1,
      outcome: "completed",
      ms: 0,
    });
  });
});

describe("what has to be tried again", () => {
  it("comes back after seconds, then slower and slower, for at most half an hour", async () => {
    for (let count = 0; count < 14; count += 1) world.licenses.failNext("issue", busy);
    await buy();
    const waits: number[] = [];
    for (let count = 0; count < 14; count += 1) {
      await runDue();
      const { dueAt } = only(rows());
      waits.push(dueAt - world.clock.now());
      world.clock.advanceTo(dueAt);
    }
    expect(waits.slice(0, 4)).toEqual([2, 5, 10, 15].map((seconds) => seconds * SECOND));
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBe(30 * MINUTE);
    expect(only(rows()).attempts).toBe(14);
  });

  it("is not touched before its time", async () => {
    world.licenses.failNext("issue", busy);
    await buy();
    await runDue();
    world.clock.advance(2 * SECOND - 1);
    expect(await runDue()).toBe(0);
    world.clock.advance(1);
    expect(await runDue()).toBe(1);
  });

  it("stops no other effect", async () => {
    world.licenses.failNext("issue", busy);
    await buy(4);
    await runDue();
    expect([world.licenses.all.length, rows().length]).toEqual([3, 1]);
  });

  it("includes what a bug of ours broke: told as an error, and tried again", async () => {
    await buy();
    world.licenses.failNext("issue", new TypeError("oops") as never);
    await runDue();
    expect(world.log).toContainEqual(expect.objectContaining({ level: "error", event: "effect.bug" }));
    expect(only(rows())).toMatchObject({ lastError: "internal_error", lease: null, attempts: 1 });
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});

describe("what a dead process held", () => {
  it("is taken over once its lease has run out, and not before", async () => {
    await buy();
    const victim = world.process({ fate: { at: 3, kind: "dies_before" } });
    await world.run(runDueEffects(victim.ports, 10));
    expect(victim.struck()).toBe(true);
    expect(world.log).toContainEqual(expect.objectContaining({ level: "error", event: "effect.abandoned" }));
    world.clock.advance(world.settings.leaseMs - 1);
    expect(await runDue()).toBe(0);
    world.clock.advance(1);
    expect(await runDue()).toBe(1);
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});

describe("licences whose key was lost", () => {
  async function loseKey(): Promise<void> {
    await buy();
    // Its third call is the create, after lease and mark.
    const doomed = world.process({ fate: { at: 3, kind: "dies_after" } });
    await world.run(runDueEffects(doomed.ports, 10));
    expect([doomed.calls.at(-1), world.licenses.all.length]).toEqual(["licenses.issue", 1]);
  }

  it("are put aside for a person, with what is known of them, and only once", async () => {
    await loseKey();
    world.clock.advance(world.settings.leaseMs);
    await service.settle();
    const [lost, held] = world.licenses.all;
    const orphan = only([...world.memory.tables.orphans.values()]);
    expect(orphan).toMatchObject({
      licenseId: lost?.licenseId,
      slotId: lost?.slotId,
      grantId: lost?.grantId,
      customerId: "ann",
      orderId: "GPA.1",
      resolvedAt: null,
    });
    expect(held?.status).toBe("active");
    expect(world.log).toContainEqual(expect.objectContaining({ level: "error", event: "license.orphans" }));
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("are found by the second search when they were made after the first", async () => {
    await buy();
    const awake = Promise.withResolvers<void>();
    const issue = world.licenses.issue.bind(world.licenses);
    // It stands still before its create goes out, sends it when it wakes up, and dies before it hears the answer.
    world.licenses.issue = async (order) => {
      world.licenses.issue = issue;
      await awake.promise;
      await issue(order);
      return new Promise<never>(() => undefined);
    };
    void runDueEffects(world.process().ports, 10);
    await world.clock.idle();
    world.clock.advance(world.settings.leaseMs);
    await runDue();
    expect(world.memory.tables.orphans.size).toBe(0);
    awake.resolve();
    await world.clock.idle();
    expect(world.licenses.live()).toHaveLength(2);
    await service.settle();
    expect(world.memory.tables.orphans.size).toBe(1);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("are not looked for without a reason", async () => {
    await buy(2);
    await service.settle();
    expect(world.licenses.calls).toEqual(["issue 1", "issue 1"]);
  });

  it("that were revoked already are nobody's trouble", async () => {
    await loseKey();
    must(world.licenses.all[0]).status = "revoked";
    world.clock.advance(HOUR);
    await service.settle();
    expect(world.memory.tables.orphans.size).toBe(0);
    expect(world.clock.now()).toBeGreaterThan(NOW);
  });
});
