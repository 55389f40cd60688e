import { beforeEach, describe, expect, it } from "vitest";
import { MINUTE } from "../../src/domain/instant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { ANN, lineItem, NOW, oneTime, product, subscription, token } from "../support/builders.ts";
import type { Fate, Process } from "../support/ports.ts";
import { firstOfEach } from "../world/receivers.ts";
import { googleSays, verify } from "./support/acts.ts";
import { createOuter, heard, listen, type Outer, URL_A, URL_B, waitingEffects } from "./support/owner.ts";

let outer: Outer;
let service: Process;
/** Leaves all that it puts down to whoever finds it due. */
let full: Process;

beforeEach(() => {
  outer = createOuter();
  service = outer.world.process();
  full = outer.world.process({ background: "full" });
});

const FEATURE = oneTime({ items: [product({ productId: "lumen_v2" })] });

async function buyUnpublished(purchase = FEATURE): Promise<void> {
  googleSays(outer.world, "first", purchase);
  await verify(outer.world, full, "first");
}

const publish = (by: Process) => outer.world.run(runDueEffects(by.ports, 100));
const deliveries = () => [...outer.world.memory.tables.deliveries.values()];

describe("publishing", () => {
  it("puts down a delivery for each event and endpoint, and one effect for each endpoint", async () => {
    const a = await listen(service, URL_A);
    const b = await listen(service, URL_B, ["entitlement_grant.delivered"]);
    await buyUnpublished();
    await publish(full);
    expect(deliveries().map(({ endpointId, eventType }) => [endpointId, eventType])).toEqual([
      [a.id, "entitlement_grant.created"],
      [a.id, "entitlement_grant.delivered"],
      [b.id, "entitlement_grant.delivered"],
    ]);
    expect(waitingEffects(outer)).toEqual(["send_webhooks", "send_webhooks"]);
    expect(outer.receivers.received).toEqual([]);
  });

  it("sends at once where there is room", async () => {
    await listen(service, URL_A);
    await buyUnpublished();
    await publish(service);
    await outer.world.clock.idle();
    expect(heard(outer, outer.receivers.at(URL_A))).toEqual(["pro created", "pro delivered"]);
  });

  it("leaves to others what is for an endpoint that asked for a pause, and sends the rest", async () => {
    const { id } = await listen(service, URL_A);
    await listen(service, URL_B);
    await buyUnpublished();
    service.ports.background.pause(id, 60_000);
    await publish(service);
    await outer.world.clock.idle();
    expect(outer.receivers.received.map(({ url }) => url)).toEqual([URL_B, URL_B]);
    expect(waitingEffects(outer)).toEqual(["send_webhooks"]);
    await service.settle();
    expect(outer.receivers.at(URL_A)).toHaveLength(2);
  });

  it("puts nothing down where nobody wants to hear anything", async () => {
    await buyUnpublished();
    await publish(service);
    expect([deliveries(), waitingEffects(outer)]).toEqual([[], []]);
  });

  it("tells an endpoint nothing of what was before it: that is a replay's", async () => {
    await buyUnpublished();
    outer.world.clock.advance(2 * MINUTE);
    await listen(service, URL_A);
    await publish(service);
    expect([deliveries(), waitingEffects(outer)]).toEqual([[], []]);
  });

  it("tells what came while it waited in the order of the commits", async () => {
    await listen(service, URL_A);
    await buyUnpublished(subscription());
    googleSays(
      outer.world,
      "second",
      subscription({
        replaces: token("first"),
        items: [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })],
      }),
    );
    await verify(outer.world, full, "second");
    await service.settle();
    const words = heard(outer, outer.receivers.at(URL_A));
    expect(words.slice(0, 5)).toEqual([
      "pro created",
      "pro delivered",
      "pro revoked",
      "pro created",
      "pro delivered",
    ]);
  });

  it.each(["dies_before", "dies_after"] as const)(
    "is finished by another where a process %s at any of its calls; nothing is told twice but what was lost",
    async (kind) => {
      const play = async (fate: Fate | null) => {
        outer = createOuter();
        service = outer.world.process();
        full = outer.world.process({ background: "full" });
        await listen(service, URL_A);
        await listen(service, URL_B);
        await buyUnpublished(oneTime());
        const victim = outer.world.process(fate === null ? {} : { fate });
        const running = runDueEffects(victim.ports, 100);
        running.catch(() => undefined);
        await outer.world.clock.idle();
        outer.world.clock.advance(outer.world.settings.leaseMs + 1);
        await outer.world.process().settle();
        return victim;
      };
      const { calls } = await play(null);
      for (let at = 1; at <= calls.length; at += 1) {
        await play({ at, kind });
        for (const url of [URL_A, URL_B]) {
          const received = outer.receivers.at(url);
          const words = heard(outer, firstOfEach(received));
          expect({ at, words }).toEqual({
            at,
            words: ["pro created", "pro delivered", "desktop created", "desktop delivered"],
          });
          expect(new Set(received.map(({ id, body }) => id + body)).size).toBe(4);
          // What was under way when it died.
          expect(received.length).toBeLessThanOrEqual(5);
        }
        expect(waitingEffects(outer)).toEqual([]);
      }
    },
  );
});

describe("letters", () => {
  const kinds = () => waitingEffects(outer).filter((kind) => kind === "send_mail");

  it("are asked for about keys alone", async () => {
    await buyUnpublished(FEATURE);
    await publish(full);
    expect(kinds()).toEqual([]);
    await buyUnpublished(oneTime());
    await publish(full);
    await publish(full);
    expect(kinds()).toEqual(["send_mail"]);
  });

  it("are none where no mail is sent", async () => {
    const { ports } = service;
    await buyUnpublished(oneTime());
    await outer.world.run(runDueEffects({ ...ports, mailer: null }, 100));
    await outer.world.clock.idle();
    await outer.world.run(runDueEffects({ ...ports, mailer: null }, 100));
    expect(kinds()).toEqual([]);
    expect(outer.world.customer(ANN).entitlements.desktop?.active).toBe(true);
    expect(outer.world.clock.now()).toBeGreaterThanOrEqual(NOW);
  });
});
