import { afterEach, beforeEach, expect, it } from "vitest";
import { type Effect, type EffectRequest, queueOf, requestEffect } from "../../src/domain/effect.ts";
import { eventId, type GrantId, grantId, reviewId, slotId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { LeasedEffect } from "../../src/ports.ts";
import { must, only } from "../support/builders.ts";
import {
  type CreateStore,
  newCustomer,
  newEffect,
  newEndpointId,
  noted,
  ofCustomer,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** Effects wait in queues, and those about events gather them. */
export function outboxQueuesContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();
  let grant: GrantId;
  const [first, second] = [newEndpointId(), newEndpointId()];

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
    grant = grantId(slotId(customerId, "scope", "desktop", 0), 1);
  });
  afterEach(() => under.close());

  const ask = (effects: readonly EffectRequest[], run = false) =>
    under.store.update(
      ofCustomer(customerId),
      ({ customer }) => write({ customer: noted(customer, customerId, "asked"), effects }),
      { run },
    );
  const event = (type: string) => eventId(grant, type);
  const lane = (endpointId: typeof first, ...types: string[]): Effect => ({
    kind: "send_webhooks",
    endpointId,
    customerId,
    eventIds: types.map(event),
  });
  const publish = (...types: string[]): Effect => ({
    kind: "publish_events",
    customerId,
    eventIds: types.map(event),
  });
  const letter = (): Effect => ({ kind: "send_mail", customerId, grantId: grant, news: "delivered" });
  const now = () => Date.now() + 1;
  const effectsOf = (leased: readonly LeasedEffect[]) => leased.map(({ effect }) => effect);

  it("gives a queue what is its own, and everything to who asks for no queue", async () => {
    const effects = [newEffect(customerId).effect, letter(), lane(first, "created"), lane(second, "created")];
    await ask(effects.map((effect, index) => requestEffect(effect, Date.now() - 4 + index)));
    expect(effectsOf(await under.outbox.lease(now(), 10, first))).toEqual([effects[2]]);
    expect(effectsOf(await under.outbox.lease(now(), 10, "mail"))).toEqual([effects[1]]);
    expect(await under.outbox.lease(now(), 10, "mail")).toEqual([]);
    expect(effectsOf(await under.outbox.lease(now(), 10))).toEqual([effects[0], effects[3]]);
    expect(await under.outbox.lease(now(), 10, "core")).toEqual([]);
  });

  it("gives a queue what is due in it, oldest first, no more than asked for, whatever waits in another", async () => {
    const at = Date.now();
    const inMail = Array.from({ length: 12 }, (_, n) =>
      requestEffect({ ...letter(), grantId: grantId(slotId(customerId, "s", "d", n), 1) } as Effect, at - 99),
    );
    const inCore = [3, 1, 2, -60_000].map((age) => newEffect(customerId, at - age));
    await ask([...inMail, ...inCore]);
    const leased = await under.outbox.lease(at, 2, "core");
    expect(leased.map(({ id }) => id)).toEqual([inCore[0]?.id, inCore[2]?.id]);
    expect((await under.outbox.lease(at, 9, "core")).map(({ id }) => id)).toEqual([inCore[1]?.id]);
    expect(await under.outbox.lease(at, 20, "mail")).toHaveLength(12);
  });

  it("stays in its queue when it is leased, postponed, renewed, asked for again, or born with its lease", async () => {
    const request = requestEffect(lane(first, "created"), Date.now());
    const born = only((await ask([request], true)).leased);
    const renewed = must(await under.outbox.renew(born));
    await ask([request]);
    await under.outbox.postpone(renewed, Date.now(), "busy");
    const again = only(await under.outbox.lease(now(), 10, first));
    await under.outbox.postpone(again, Date.now(), "busy");
    expect(only(await under.outbox.lease(now(), 10, first))).toMatchObject({ id: request.id, attempts: 2 });
  });

  it("keeps every kind that came with webhooks and mail as it was asked for", async () => {
    const replay = { kind: "replay_events", endpointId: first, since: 5, which: "failed" } as const;
    const kinds: Effect[] = [
      publish("created", "delivered"),
      lane(first, "created", "delivered"),
      { ...replay, after: null },
      { ...replay, which: "missing", after: { at: 7, id: event("created") } },
      letter(),
      { kind: "end_gift", customerId, slotId: slotId(customerId, "gift", "pro", 0) },
      { kind: "answer_refund_review", reviewId: reviewId(new Secret("prt")) },
    ];
    await ask(kinds.map((effect) => requestEffect(effect, Date.now())));
    const leased = effectsOf(await under.outbox.lease(now(), 20));
    expect(leased).toHaveLength(kinds.length);
    expect(leased).toEqual(expect.arrayContaining(kinds));
    expect(new Set(leased.map(queueOf)).size).toBe(3);
  });

  it.each([
    ["publish_events", (...types: string[]) => publish(...types)],
    ["send_webhooks", (...types: string[]) => lane(first, ...types)],
  ])("gathers events in the order in which they came, each once: %s", async (_, about) => {
    await ask([requestEffect(about("created"), Date.now())]);
    await ask([requestEffect(about("created", "delivered"), Date.now())]);
    await ask([requestEffect(about("revoked", "delivered", "failed"), Date.now())]);
    const { effect } = only(await under.outbox.lease(now(), 10));
    expect(effect).toEqual(about("created", "delivered", "revoked", "failed"));
  });

  it("loses none that are asked for at once", async () => {
    const types = Array.from({ length: 12 }, (_, n) => `t${n}`);
    await Promise.all(types.map((type) => ask([requestEffect(publish(type), Date.now())])));
    const { effect } = only(await under.outbox.lease(now(), 10));
    expect("eventIds" in effect && [...effect.eventIds].sort()).toEqual(types.map(event).sort());
  });

  it("is about the new ones too when they came while it ran, and to whom renews it at once", async () => {
    const leased = only((await ask([requestEffect(publish("created"), Date.now())], true)).leased);
    expect(leased.effect).toEqual(publish("created"));
    await ask([requestEffect(publish("delivered"), Date.now())]);
    const renewed = must(await under.outbox.renew(leased));
    expect(renewed.effect).toEqual(publish("created", "delivered"));
    const again = must(await under.outbox.finish(renewed));
    expect(again.effect).toEqual(publish("created", "delivered"));
    await under.outbox.finish(again);
    expect(await under.outbox.backlog(now())).toMatchObject({ due: 0 });
  });

  it("holds up nothing where somebody has it: the rest is leased, and the commit completes its effect", async () => {
    const [mine, other] = [newEffect(customerId), newEffect(customerId)];
    const { leased } = await ask([mine, requestEffect(publish("created"), Date.now())], true);
    const again = await under.store.update(
      ofCustomer(customerId),
      ({ customer }) => ({
        ...write({
          customer: noted(customer, customerId, "done"),
          effects: [other, requestEffect(publish("delivered"), Date.now())],
        }),
        completes: true,
      }),
      { effect: must(leased[0]), run: true },
    );
    expect(again).toMatchObject({ completed: true, leased: [{ id: other.id }] });
    expect(await under.outbox.backlog(now())).toMatchObject({ due: 2 });
    const more = must(await under.outbox.finish(must(leased[1])));
    expect(more.effect).toEqual(publish("created", "delivered"));
  });

  it("lets 20 changes at once through where somebody has it, and is about all of them", async () => {
    await ask([requestEffect(publish("first"), Date.now())], true);
    const types = Array.from({ length: 20 }, (_, n) => `t${n}`);
    const committed = await Promise.all(
      types.map((type) => ask([newEffect(customerId), requestEffect(publish(type), Date.now())], true)),
    );
    expect(committed.map(({ leased }) => leased.length)).toEqual(types.map(() => 1));
    expect(await under.outbox.backlog(now())).toMatchObject({ due: 21 });
  });

  it("goes on with none but its own events after it was finished", async () => {
    const leased = only((await ask([requestEffect(publish("created"), Date.now())], true)).leased);
    await under.outbox.finish(leased);
    await ask([requestEffect(publish("delivered"), Date.now())]);
    expect(only(await under.outbox.lease(now(), 10)).effect).toEqual(publish("delivered"));
  });

  it("may be asked for about nothing more", async () => {
    await ask([requestEffect(lane(first), Date.now())]);
    await ask([requestEffect(lane(first, "created"), Date.now())]);
    await ask([requestEffect(lane(first), Date.now())]);
    expect(only(await under.outbox.lease(now(), 10, first)).effect).toEqual(lane(first, "created"));
  });

  it("is another effect when it goes on from elsewhere, but never two at once", async () => {
    const from = (at: number): Effect => ({
      kind: "replay_events",
      endpointId: first,
      since: 5,
      which: "missing",
      after: at === 0 ? null : { at, id: event("created") },
    });
    await ask([requestEffect(from(7), Date.now())]);
    await ask([requestEffect(from(0), Date.now())]);
    expect(only(await under.outbox.lease(now(), 10, "core")).effect).toEqual(from(0));
  });
}
