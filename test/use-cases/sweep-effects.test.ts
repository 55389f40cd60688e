import { beforeEach, describe, expect, it } from "vitest";
import { requestEffect } from "../../src/domain/effect.ts";
import { endpointId } from "../../src/domain/ids.ts";
import { NO_IDS, NO_WRITES } from "../../src/domain/purchase-file.ts";
import { createEndpoint } from "../../src/use-cases/admin/create-endpoint.ts";
import { sweepEffects } from "../../src/use-cases/sweep-effects.ts";
import { ANN, NOW, subscription } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, verify } from "./support/acts.ts";

let world: World;
let lazy: Process;
let sent = 0;

beforeEach(() => {
  sent = 0;
  const webhooks = {
    timeoutMs: 1000,
    refusal: async () => null,
    send: async () => {
      sent += 1;
      return { statusCode: 500, durationMs: 1, excerpt: "", retryAfterMs: null };
    },
  };
  world = createWorld({ outside: { webhooks } });
  lazy = world.process({ background: "full" });
});

const sweep = (limit: number) => world.run(sweepEffects(lazy.ports, limit));

const listen = () =>
  createEndpoint(lazy.ports, { url: "https://one.example.com/", description: "", eventTypes: null }, "owner");

describe("the sweep of effects", () => {
  it("runs what is due in every queue: a receiver that fails takes no licence's place", async () => {
    await listen();
    googleSays(world, "first", subscription());
    await verify(world, lazy, "first");
    for (let pass = 0; pass < 6; pass += 1) await sweep(1);
    expect(world.licenses.live()).toHaveLength(1);
    expect(sent).toBeGreaterThan(0);
    const waiting = [...world.memory.tables.outbox.values()].map(({ value }) => value.effect.kind);
    expect(new Set(waiting)).toEqual(new Set(["send_webhooks"]));
  });

  it("what waits for its receiver has not failed", async () => {
    await listen();
    googleSays(world, "first", subscription());
    await verify(world, lazy, "first");
    let report = await sweep(50);
    for (let pass = 0; pass < 4; pass += 1) {
      expect(report.failed).toBe(0);
      report = await sweep(50);
    }
    expect(sent).toBeGreaterThan(0);
  });

  it("gives up what waits for an endpoint that is gone", async () => {
    const gone = endpointId("0".repeat(32));
    const effect = { kind: "send_webhooks", endpointId: gone, customerId: ANN, eventIds: [] } as const;
    const effects = [requestEffect(effect, NOW)];
    await lazy.ports.store.update(NO_IDS, () => ({ result: null, writes: { ...NO_WRITES, effects } }));
    expect(await sweep(50)).toMatchObject({ found: 1, changed: 1, failed: 0 });
    expect(world.memory.tables.outbox.size).toBe(0);
  });
});
