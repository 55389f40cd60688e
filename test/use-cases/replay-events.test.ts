import { beforeEach, describe, expect, it } from "vitest";
import type { ReplayEvents } from "../../src/domain/effect.ts";
import { requestEffect } from "../../src/domain/effect.ts";
import { grantEvents } from "../../src/domain/grant-events.ts";
import { type EndpointId, grantId, slotId } from "../../src/domain/ids.ts";
import { DAY, MINUTE } from "../../src/domain/instant.ts";
import { NO_IDS, NO_WRITES } from "../../src/domain/purchase-file.ts";
import { askReplay } from "../../src/use-cases/admin/ask-replay.ts";
import { changeEndpoint } from "../../src/use-cases/admin/change-endpoint.ts";
import { beginDueEffects, runDueEffects } from "../../src/use-cases/run-effects.ts";
import { customer, grant, NOW, oneTime, product } from "../support/builders.ts";
import type { Fate, Process } from "../support/ports.ts";
import { readBody } from "../world/receivers.ts";
import { googleSays, verify } from "./support/acts.ts";
import {
  createOuter,
  deliveriesTo,
  heard,
  listen,
  type Outer,
  URL_A,
  waitingEffects,
} from "./support/owner.ts";

let outer: Outer;
let service: Process;
let hook: EndpointId;

async function start(): Promise<void> {
  outer = createOuter();
  service = outer.world.process();
  hook = (await listen(service, URL_A)).id;
}

beforeEach(start);

const FEATURE = oneTime({ items: [product({ productId: "lumen_v2" })] });

async function buy(name: string, customerId = customer(name)): Promise<void> {
  googleSays(outer.world, name, FEATURE);
  await verify(outer.world, service, name, { customerId });
  await outer.world.clock.idle();
}

const ask = (which: ReplayEvents["which"], since = NOW, by = service) =>
  askReplay(by.ports, hook, { since, which }, "owner");
const states = () => deliveriesTo(outer, hook).map(({ state }) => state);
const calls = () => outer.receivers.at(URL_A).length;

/** The receiver is down for the whole schedule. */
async function down(): Promise<void> {
  outer.receivers.manner = () => 500;
  await buy("ann");
  await buy("ben");
  await service.settle();
  outer.receivers.manner = () => 200;
}

describe("recovering what failed", () => {
  it("brings every missed event once, in the order of each customer, and nothing that arrived", async () => {
    await buy("carl");
    await down();
    expect(states().sort()).toEqual([...Array(4).fill("failed"), "succeeded", "succeeded"]);
    const before = calls();
    await ask("failed");
    await service.settle();
    const brought = outer.receivers.at(URL_A).slice(before);
    for (const name of ["ann", "ben"]) {
      const own = brought.filter(({ body }) => readBody(body).customer === name);
      expect(heard(outer, own)).toEqual(["pro created", "pro delivered"]);
    }
    expect(new Set(states())).toEqual(new Set(["succeeded"]));
    await ask("failed");
    await ask("missing");
    await service.settle();
    expect(calls()).toBe(before + 4);
  });

  it("leaves alone what waits for its next try", async () => {
    outer.receivers.manner = () => 500;
    await buy("ann");
    await ask("failed");
    await outer.world.run(runDueEffects(service.ports, 100));
    await outer.world.clock.idle();
    expect(deliveriesTo(outer, hook).map(({ tries }) => tries)).toEqual([1, 1]);
  });

  it("goes back as far as it is asked to", async () => {
    await down();
    const before = calls();
    await ask("failed", NOW + 1);
    await service.settle();
    expect(calls()).toBe(before);
  });

  it("does nothing for an endpoint that was switched off since", async () => {
    await down();
    const before = calls();
    await ask("failed");
    await changeEndpoint(service.ports, hook, { enabled: false }, "owner");
    await service.settle();
    expect([calls(), waitingEffects(outer)]).toEqual([before, []]);
  });
});

describe("replaying what is missing", () => {
  it("also brings what was never meant for the endpoint's ears: from before it came, or while it was off", async () => {
    await buy("ann");
    await changeEndpoint(service.ports, hook, { enabled: false }, "owner");
    await buy("ben");
    await changeEndpoint(service.ports, hook, { enabled: true }, "owner");
    expect(calls()).toBe(2);
    await ask("missing");
    await service.settle();
    expect(calls()).toBe(4);
    const late = (await listen(service, "https://late.example/hook")).id;
    await askReplay(service.ports, late, { since: NOW - DAY, which: "missing" }, "owner");
    await service.settle();
    expect(outer.receivers.at("https://late.example/hook")).toHaveLength(4);
  });

  it("tries at once what waits for its next try", async () => {
    outer.receivers.manner = () => 500;
    await buy("ann");
    outer.receivers.manner = () => 200;
    const now = outer.world.clock.now();
    await ask("missing");
    await outer.world.run(runDueEffects(service.ports, 100));
    await outer.world.run(runDueEffects(service.ports, 100));
    expect([states(), outer.world.clock.now()]).toEqual([["succeeded", "succeeded"], now]);
  });

  it("brings only what the endpoint wants to hear", async () => {
    await buy("ann");
    const few = (await listen(service, "https://few.example/", ["entitlement_grant.delivered"])).id;
    await askReplay(service.ports, few, { since: NOW, which: "missing" }, "owner");
    await service.settle();
    expect(heard(outer, outer.receivers.at("https://few.example/"))).toEqual(["pro delivered"]);
  });
});

/** Events of many customers, some of them at the same moment. */
function manyEvents(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const customerId = customer(`c${index % 7}`);
    const slot = slotId(customerId, "many", "pro", index);
    const row = grant({ id: grantId(slot, 1), slotId: slot, customerId, status: "Pending" });
    const [event] = grantEvents(null, row, NOW + Math.floor(index / 3));
    if (event === undefined) throw new Error("a row that opens has an event");
    outer.world.memory.tables.grants.set(row.id, row);
    outer.world.memory.tables.events.set(event.id, event);
  }
}

describe("many events", () => {
  it("are gone through page by page, each told once", async () => {
    manyEvents(450);
    await ask("missing");
    await service.settle();
    expect(calls()).toBe(450);
    expect(new Set(outer.receivers.received.map(({ id }) => id)).size).toBe(450);
    expect(service.calls.filter((call) => call === "webhookRecords.eventsSince")).toHaveLength(3);
  });

  it("keep the order of each customer", async () => {
    manyEvents(250);
    await ask("missing");
    await service.settle();
    const { events } = outer.world.memory.tables;
    for (const name of ["c0", "c3", "c6"]) {
      const told = outer.receivers.received.map(({ id }) => events.get(id));
      const times = told.flatMap((event) => (event?.grant.customerId === name ? [event.occurredAt] : []));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  it("asked for again in the middle are gone through anew, and told once all the same", async () => {
    manyEvents(450);
    const full = outer.world.process({ background: "full" });
    await ask("missing", NOW, full);
    await outer.world.run(runDueEffects(full.ports, 1));
    await ask("missing", NOW, full);
    await service.settle();
    expect([calls(), waitingEffects(outer)]).toEqual([450, []]);
  });
});

describe.each(["dies_before", "dies_after"] as const)("a process that %s", (kind) => {
  /** Eight failed, two never tried, four delivered; the page is gone through by a process that may die over it. */
  async function recover(fate: Fate | null): Promise<Process> {
    await start();
    await buy("dora");
    await buy("emil");
    await down();
    await changeEndpoint(service.ports, hook, { enabled: false }, "owner");
    await buy("fred");
    await changeEndpoint(service.ports, hook, { enabled: true }, "owner");
    await ask("missing", NOW, outer.world.process({ background: "full" }));
    const victim = outer.world.process({ background: "full", ...(fate === null ? {} : { fate }) });
    const running = beginDueEffects(victim.ports, 1, "core");
    running.catch(() => undefined);
    await outer.world.clock.idle();
    outer.world.clock.advance(outer.world.settings.leaseMs + MINUTE);
    await outer.world.process().settle();
    return victim;
  }

  it("over a page leaves nothing out and nothing twice", async () => {
    const { calls: made } = await recover(null);
    expect(made.length).toBeGreaterThan(8);
    for (let at = 1; at <= made.length; at += 1) {
      await recover({ at, kind });
      const arrived = outer.receivers.received.filter(({ status }) => status === 200);
      expect({ at, count: arrived.length, states: new Set(states()) }).toEqual({
        at,
        count: 10,
        states: new Set(["succeeded"]),
      });
      expect(new Set(arrived.map(({ id }) => id)).size).toBe(10);
      expect(waitingEffects(outer)).toEqual([]);
    }
  });
});

it("is one effect, however often it is asked for with the same words", async () => {
  const effect = {
    kind: "replay_events",
    endpointId: hook,
    since: NOW,
    which: "failed",
    after: null,
  } as const;
  const effects = [requestEffect(effect, NOW)];
  for (let count = 0; count < 3; count += 1) {
    await service.ports.store.update(NO_IDS, () => ({ result: null, writes: { ...NO_WRITES, effects } }));
  }
  expect(waitingEffects(outer)).toEqual(["replay_events"]);
});
