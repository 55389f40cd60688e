import { afterEach, beforeEach, expect, it } from "vitest";
import { type EffectRequest, requestEffect } from "../../src/domain/effect.ts";
import { giveUp, type WebhookDelivery } from "../../src/domain/webhook-delivery.ts";
import type { LeasedEffect } from "../../src/ports.ts";
import { must, only } from "../support/builders.ts";
import {
  aDelivery,
  type CreateStore,
  newCustomer,
  newEndpointId,
  type StoreUnderTest,
  storeOptions,
} from "./store-harness.ts";

/** Deliveries are put down once, together with the effects that make them. */
export function webhookPlanContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let records: StoreUnderTest["webhookRecords"];
  let customerId = newCustomer();
  const [first, second] = [newEndpointId(), newEndpointId()];

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    records = under.webhookRecords;
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const delivery = (endpoint = first, unit = 0) => aDelivery(customerId, endpoint, { unit });
  const laneOf = (planned: readonly WebhookDelivery[], dueAt = Date.now()): EffectRequest =>
    requestEffect(
      {
        kind: "send_webhooks",
        endpointId: must(planned[0]).endpointId,
        customerId,
        eventIds: planned.map(({ eventId }) => eventId),
      },
      dueAt,
    );
  const due = (queue?: typeof first) => under.outbox.lease(Date.now() + 1, 100, queue);
  const idsOf = (leased: readonly LeasedEffect[]) => leased.map(({ id }) => id);
  const kept = (planned: readonly WebhookDelivery[]) => records.deliveries(planned.map(({ id }) => id));

  it("leases the effects to who will run them, in the commit", async () => {
    const planned = [delivery(), delivery(second)];
    const effects = planned.map((one) => laneOf([one]));
    const leased = await records.plan(planned, effects, true);
    expect(leased.map(({ id, effect, attempts, askedAt }) => ({ id, effect, attempts, askedAt }))).toEqual(
      effects.map(({ id, effect, dueAt }) => ({ id, effect, attempts: 0, askedAt: dueAt })),
    );
    expect(Math.min(...leased.map(({ leasedUntil }) => leasedUntil))).toBeGreaterThan(
      performance.now() + 50_000,
    );
    expect(await kept(planned)).toEqual(planned);
    expect(await due()).toEqual([]);
  });

  it("leaves them in the outbox where nobody here runs them, or they are due later", async () => {
    const planned = [delivery(), delivery(second)];
    expect(await records.plan(planned.slice(0, 1), [laneOf([delivery()])], false)).toEqual([]);
    expect(
      await records.plan(planned.slice(1), [laneOf([delivery(second)], Date.now() + 30_000)], true),
    ).toEqual([]);
    expect(idsOf(await due())).toEqual([laneOf([delivery()]).id]);
    expect(await kept(planned)).toEqual(planned);
  });

  it("is finished like any other: gone, or handed back where it was asked for again", async () => {
    const [mine, other] = await records.plan(
      [delivery(), delivery(second)],
      [laneOf([delivery()]), laneOf([delivery(second)])],
      true,
    );
    await records.plan([delivery(second, 1)], [laneOf([delivery(second, 1)])], true);
    expect(await under.outbox.finish(must(mine))).toBeNull();
    const again = must(await under.outbox.finish(must(other)));
    expect(again.effect).toEqual(laneOf([delivery(second), delivery(second, 1)]).effect);
  });

  it("leaves a delivery that is there as it is, and puts down those that are not", async () => {
    const [old, fresh] = [delivery(), delivery(first, 1)];
    await records.plan([old], [], false);
    await records.changeDelivery(old.id, giveUp, []);
    const effect = laneOf([old, fresh]);
    expect(idsOf(await records.plan([old, fresh], [effect], true))).toEqual([effect.id]);
    expect(await kept([old, fresh])).toEqual([giveUp(old), fresh]);
  });

  it("may be repeated, and then nobody gets what somebody holds", async () => {
    const planned = [delivery(), delivery(first, 1)];
    const effect = laneOf(planned);
    const [mine] = await records.plan(planned, [effect], true);
    expect(await records.plan(planned, [effect], true)).toEqual([]);
    expect(await kept(planned)).toEqual(planned);
    expect(must(await under.outbox.finish(must(mine))).effect).toEqual(effect.effect);
  });

  it("holds one endpoint up for no other: the lanes that are free are leased", async () => {
    await records.plan([delivery()], [laneOf([delivery()])], true);
    const fresh = [delivery(first, 1), delivery(second, 1)];
    const effects = fresh.map((one) => laneOf([one]));
    expect(idsOf(await records.plan(fresh, effects, true))).toEqual([effects[1]?.id]);
    expect(await kept(fresh)).toEqual(fresh);
  });

  it("asks once for what is named twice", async () => {
    const planned = [delivery(), delivery(first, 1), delivery()];
    const leased = await records.plan(planned, [laneOf([delivery()]), laneOf([delivery(first, 1)])], true);
    expect(only(leased).effect).toEqual(laneOf([delivery(), delivery(first, 1)]).effect);
    expect(await kept(planned.slice(0, 2))).toEqual(planned.slice(0, 2));
  });

  it("gives each of what many plan at once to one of them", async () => {
    const planned = Array.from({ length: 6 }, (_, unit) => delivery(first, unit));
    const shares = await Promise.all(
      planned.map((one) => records.plan([...planned].reverse(), [laneOf([one])], true)),
    );
    const leased = only(shares.flat());
    expect(await kept(planned)).toEqual(planned);
    const rest = must(await under.outbox.finish(leased)).effect;
    expect("eventIds" in rest && [...rest.eventIds].sort()).toEqual(planned.map((one) => one.eventId).sort());
  });

  it("puts down very many, with every effect after its deliveries", async () => {
    const planned = Array.from({ length: 450 }, (_, unit) => delivery(unit % 2 === 0 ? first : second, unit));
    const effects = [first, second].map((endpoint) =>
      laneOf(planned.filter(({ endpointId }) => endpointId === endpoint)),
    );
    await records.plan(planned.slice(390, 410), [], false);
    const leased = await records.plan(planned, effects, true);
    expect(idsOf(leased)).toEqual(effects.map(({ id }) => id));
    expect(leased.map(({ effect }) => effect)).toEqual(effects.map(({ effect }) => effect));
    expect(await kept(planned)).toEqual(planned);
  });

  it("has nothing to do where nothing is planned", async () => {
    expect(await records.plan([], [], true)).toEqual([]);
  });
}
