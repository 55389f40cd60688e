import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import type { GrantEvent } from "../../../src/domain/grant-events.ts";
import { type DeliveryId, deliveryId, type EndpointId, eventId, grantId } from "../../../src/domain/ids.ts";
import { MINUTE } from "../../../src/domain/instant.ts";
import { planDelivery } from "../../../src/domain/webhook-delivery.ts";
import { askReplay } from "../../../src/use-cases/admin/ask-replay.ts";
import { changeEndpoint } from "../../../src/use-cases/admin/change-endpoint.ts";
import { createEndpoint } from "../../../src/use-cases/admin/create-endpoint.ts";
import { resendDelivery } from "../../../src/use-cases/admin/resend-delivery.ts";
import { ANN, grant, must, NOW, SLOT_ID } from "../../support/builders.ts";
import { createWorld, type Fate, type Process, type World } from "../../support/ports.ts";
import { createReceiver, type Receiver } from "./receiver.ts";

const GRANT = grant({ id: grantId(SLOT_ID, 1), licenseKey: null });
const EVENT: GrantEvent = {
  id: eventId(GRANT.id, "created"),
  type: "entitlement_grant.created",
  occurredAt: NOW - MINUTE,
  grant: GRANT,
};

interface Scene {
  readonly world: World;
  readonly receiver: Receiver;
  readonly endpoint: EndpointId;
}

/** An endpoint that took one event. */
async function told(): Promise<Scene> {
  const receiver = createReceiver();
  const world = createWorld({ outside: { webhooks: receiver } });
  const { ports } = world.process();
  const request = { url: "https://shop.example/hooks", description: "", eventTypes: null };
  const { id } = (await world.run(createEndpoint(ports, request, "eve"))).endpoint;
  const { tables } = world.memory;
  tables.events.set(EVENT.id, EVENT);
  tables.deliveries.set(deliveryId(EVENT.id, id), {
    ...planDelivery(EVENT, id, NOW - MINUTE),
    state: "succeeded",
    tries: 1,
    nextAttemptAt: null,
    attempts: [{ number: 1, at: NOW - MINUTE, statusCode: 200, durationMs: 1, succeeded: true, excerpt: "" }],
  });
  return { world, receiver, endpoint: id };
}

let scene: Scene;
let service: Process;

beforeEach(async () => {
  scene = await told();
  service = scene.world.process();
});

const name = ({ endpoint }: Scene) => deliveryId(EVENT.id, endpoint);
const deliveryOf = (of: Scene) => must(of.world.memory.tables.deliveries.get(name(of)));
const resend = (of: Scene, by: Process) => resendDelivery(by.ports, name(of), "ann");
const deedsOf = ({ world }: Scene) => world.memory.tables.audit.filter(({ actor }) => actor === "ann");

describe("a resend", () => {
  it("goes out at once, as it did before, with the customer's history", async () => {
    const waiting = await scene.world.run(resend(scene, service));
    expect(waiting).toMatchObject({ state: "pending", tries: 0, nextAttemptAt: NOW });
    await scene.world.clock.idle();
    expect(scene.receiver.sent).toMatchObject([{ id: EVENT.id, url: "https://shop.example/hooks" }]);
    expect(deliveryOf(scene)).toMatchObject({ state: "succeeded", attempts: [{ number: 1 }, { number: 2 }] });
    expect(scene.world.memory.tables.outbox.size).toBe(0);
    expect(deedsOf(scene)).toMatchObject([
      { cause: "admin", customerId: ANN, changes: [{ kind: "admin", grantId: GRANT.id }] },
    ]);
  });

  it("waits for somebody with room, where there is none here", async () => {
    await scene.world.run(resend(scene, scene.world.process({ background: "full" })));
    await scene.world.clock.idle();
    expect(scene.receiver.sent).toEqual([]);
    await service.settle();
    expect(scene.receiver.sent).toMatchObject([{ id: EVENT.id }]);
  });

  it("waits while the endpoint asks to be left alone", async () => {
    service.ports.background.pause(scene.endpoint, MINUTE);
    await scene.world.run(resend(scene, service));
    await scene.world.clock.idle();
    expect(scene.receiver.sent).toEqual([]);
    expect(deliveryOf(scene).state).toBe("pending");
  });

  it("begins the whole schedule anew", async () => {
    scene.receiver.answers = 500;
    await scene.world.run(resend(scene, service));
    await service.settle();
    expect(scene.receiver.sent).toHaveLength(8);
    expect(new Set(scene.receiver.sent.map(({ id, body }) => id + body)).size).toBe(1);
    expect(deliveryOf(scene)).toMatchObject({ state: "failed", tries: 8 });
  });

  it("finds a delivery by its id, of whatever digits that is, and by an attempt's", async () => {
    const id = `whd_${"1".repeat(32)}` as DeliveryId;
    scene.world.memory.tables.deliveries.set(id, { ...deliveryOf(scene), id });
    for (const text of [id, `${id}_1`, `${id}_12`]) {
      expect(await scene.world.run(resendDelivery(service.ports, text, "ann"))).toMatchObject({ id });
    }
  });

  it("of a delivery that is forgotten meanwhile is a 404", async () => {
    const ports = {
      ...service.ports,
      webhookRecords: { ...scene.world.memory.webhookRecords, changeDelivery: async () => null },
    };
    const again = resendDelivery(ports, name(scene), "ann");
    await expect(scene.world.run(again)).rejects.toMatchObject({ code: "not_found" });
  });

  it.each(["dies_before", "dies_after", "freezes_before", "freezes_after"] as const)(
    "ends alike when the process %s any of its calls: sent, by a known hand",
    async (kind) => {
      await scene.world.run(resend(scene, service));
      await scene.world.clock.idle();
      expect(service.calls.length).toBeGreaterThan(5);
      for (let at = 1; at <= service.calls.length; at += 1) await struck({ at, kind });
    },
  );

  async function struck(fate: Fate): Promise<void> {
    const of = await told();
    const { clock, settings, process } = of.world;
    const victim = process({ fate });
    resend(of, victim).catch(() => undefined);
    await clock.idle();
    clock.advance(settings.leaseMs + 1);
    const heir = process();
    await heir.settle();
    if (of.receiver.sent.length > 0) expect(deedsOf(of), `call ${fate.at}`).toHaveLength(1);
    await of.world.run(resend(of, heir));
    await clock.idle();
    await heir.settle();
    victim.thaw();
    await clock.idle();
    await heir.settle();
    expect({ at: fate.at, state: deliveryOf(of).state }).toEqual({ at: fate.at, state: "succeeded" });
    expect(new Set(of.receiver.sent.map(({ id }) => id))).toEqual(new Set([EVENT.id]));
    expect(of.world.memory.tables.outbox.size).toBe(0);
  }
});

describe("a replay", () => {
  const ask = (which: "missing" | "failed", since = NOW - MINUTE, by = service) =>
    askReplay(by.ports, scene.endpoint, { since, which }, "ann");
  const kinds = () => [...scene.world.memory.tables.outbox.values()].map(({ value }) => value.effect);

  it.each(["missing", "failed"] as const)("is asked for in one commit with who asked: %s", async (which) => {
    const full = scene.world.process({ background: "full" });
    const asked = await scene.world.run(ask(which, NOW - MINUTE, full));
    expect(full.calls.filter((call) => call === "store.update")).toHaveLength(1);
    expect(kinds()).toEqual([asked]);
    expect(asked).toMatchObject({ kind: "replay_events", endpointId: scene.endpoint, which, after: null });
    expect(deedsOf(scene)).toMatchObject([{ cause: "admin", customerId: null }]);
  });

  it("begins at once where there is room, and leaves alone what was taken", async () => {
    await scene.world.run(ask("missing"));
    await scene.world.clock.idle();
    await service.settle();
    expect(kinds()).toEqual([]);
    expect(scene.receiver.sent).toEqual([]);
  });

  it("of the future, or to an endpoint that is off, is none", async () => {
    await expect(scene.world.run(ask("missing", NOW + 1))).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ path: "since" }],
    });
    await scene.world.run(changeEndpoint(service.ports, scene.endpoint, { enabled: false }, "eve"));
    const refused = scene.world.run(ask("missing"));
    await expect(refused).rejects.toBeInstanceOf(AppError);
    await expect(refused).rejects.toMatchObject({ code: "endpoint_disabled" });
    expect([kinds(), deedsOf(scene)]).toEqual([[], []]);
  });
});
