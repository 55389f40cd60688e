import { beforeEach, describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import { changeEndpoint, removeEndpoint } from "../../src/use-cases/admin/change-endpoint.ts";
import { resendDelivery } from "../../src/use-cases/admin/resend-delivery.ts";
import { rotateSecret } from "../../src/use-cases/admin/rotate-secret.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import {
  ANN,
  BEN,
  lineItem,
  must,
  oneTime,
  only,
  product,
  subscription,
  token,
} from "../support/builders.ts";
import type { Process } from "../support/ports.ts";
import { firstOfEach, type Received, readBody } from "../world/receivers.ts";
import { googleSays, heldKey, slotsFor, syncOf, verify } from "./support/acts.ts";
import {
  createOuter,
  deliveriesTo,
  endpointNow,
  heard,
  listen,
  type Outer,
  TIMEOUT_MS,
  URL_A,
  URL_B,
  waitingEffects,
} from "./support/owner.ts";

let outer: Outer;
let service: Process;

beforeEach(() => {
  outer = createOuter();
  service = outer.world.process();
});

/** A product that gives a feature alone. */
const FEATURE = oneTime({ items: [product({ productId: "lumen_v2" })] });
const SEATS = oneTime({ items: [product({ productId: "credit_pack_50", quantity: 3 })] });

/** Somebody buys; all that can be done at once is done. */
async function buy(name = "first", purchase = FEATURE, customerId = ANN): Promise<void> {
  googleSays(outer.world, name, purchase);
  await verify(outer.world, service, name, { customerId });
  await outer.world.clock.idle();
}

/** Time passes, and what falls due is done at its time. */
async function pass(ms: number, by = service, step = SECOND): Promise<void> {
  const end = outer.world.clock.now() + ms;
  while (outer.world.clock.now() < end) {
    outer.world.clock.advance(Math.min(step, end - outer.world.clock.now()));
    await outer.world.run(runDueEffects(by.ports, 100));
    await outer.world.clock.idle();
  }
}

const at = (url: string) => outer.receivers.at(url);
const logged = (event: string) => outer.world.log.filter((line) => line.event === event);
const states = (id: Parameters<typeof deliveriesTo>[1]) => deliveriesTo(outer, id).map(({ state }) => state);
const errors = () => outer.world.log.filter(({ level }) => level === "error").map(({ event }) => event);

describe("telling", () => {
  it("tells every endpoint the same, in order, each with its own secret", async () => {
    const a = await listen(service, URL_A);
    await listen(service, URL_B);
    await buy();
    expect(heard(outer, at(URL_A))).toEqual(["pro created", "pro delivered"]);
    const said = (all: readonly Received[]) => all.map(({ id, body }) => [id, body]);
    expect(said(at(URL_A))).toEqual(said(at(URL_B)));
    expect(at(URL_A).map(({ id }) => id)).toEqual([...outer.world.memory.tables.events.keys()]);
    const secrets = [...at(URL_A), ...at(URL_B)].map(({ secrets }) => only(secrets));
    expect(new Set(secrets).size).toBe(2);
    expect(secrets[0]).toMatch(/^whsec_/);
    expect(states(a.id)).toEqual(["succeeded", "succeeded"]);
    expect(waitingEffects(outer)).toEqual([]);
  });

  it("tells only what an endpoint wants to hear, and only since it is there and on", async () => {
    const off = await listen(service, URL_B);
    await changeEndpoint(service.ports, off.id, { enabled: false }, "owner");
    await listen(service, URL_A, ["entitlement_grant.delivered"]);
    await buy();
    await listen(service, "https://late.example/hook");
    expect(heard(outer, outer.receivers.received)).toEqual(["pro delivered"]);
  });

  it("opens the key of each grant, and keeps it in the body when the grant is over", async () => {
    await listen(service, URL_A);
    await buy("first", SEATS);
    await service.settle();
    const keys = await Promise.all(slotsFor(outer.world, "seat").map((slot) => heldKey(outer.world, slot)));
    const told = at(URL_A).map(({ body }) => readBody(body));
    expect(new Set(keys).size).toBe(3);
    expect(new Map(told.map(({ grantId, key }) => [grantId, key])).size).toBe(3);
    for (const { grantId, key } of told) {
      const licence = outer.world.licenses.all.find((one) => one.grantId === grantId);
      expect(key).toBe(must(licence).key);
    }
    googleSays(outer.world, "first", oneTime({ state: "canceled", items: SEATS.items }));
    await outer.world.run(syncOf(service, "first", { ref: { ...only(refs()) } }));
    await service.settle();
    const revoked = at(URL_A)
      .slice(told.length)
      .map(({ body }) => JSON.parse(body).data);
    expect(revoked).toHaveLength(3);
    for (const { id, status, license_key } of revoked) {
      const before = told.find(({ grantId }) => grantId === id);
      expect([status, license_key.status, license_key.key]).toEqual(["Revoked", "disabled", before?.key]);
    }
  });

  it("signs with both secrets for a day after a rotation, then with the new one", async () => {
    const { id } = await listen(service, URL_A);
    await buy();
    const [before] = must(at(URL_A)[0]).secrets;
    const { secret } = await rotateSecret(service.ports, id, false, "owner");
    await buy("second", FEATURE, BEN);
    expect(at(URL_A).at(-1)?.secrets).toEqual([secret.reveal(), before]);
    outer.world.clock.advance(DAY + 1);
    await buy("third", FEATURE, "carl" as never);
    expect(at(URL_A).at(-1)?.secrets).toEqual([secret.reveal()]);
  });
});

function refs() {
  return [...outer.world.memory.tables.purchases.values()].map(({ value }) => value);
}

describe("the order of first tries", () => {
  const upgrade = subscription({
    replaces: token("first"),
    items: [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })],
  });

  async function changePlan(): Promise<string[]> {
    await buy("first", subscription());
    await service.settle();
    const before = at(URL_A).length;
    await buy("second", upgrade);
    await service.settle();
    return heard(outer, firstOfEach(at(URL_A).slice(before)));
  }

  it("at a plan change every revoked goes out before the first created", async () => {
    await listen(service, URL_A);
    const words = await changePlan();
    const lastRevoked = words.findLastIndex((word) => word.endsWith("revoked"));
    expect(words.filter((word) => word.endsWith("revoked")).sort()).toEqual([
      "desktop revoked",
      "pro revoked",
    ]);
    expect(words.findIndex((word) => word.endsWith("created"))).toBeGreaterThan(lastRevoked);
  });

  it("holds where the receiver has too much to do in the middle, and where it fails", async () => {
    await listen(service, URL_A);
    const calm = await changePlan();
    for (const status of [503, 500]) {
      outer = createOuter();
      service = outer.world.process();
      await listen(service, URL_A);
      let count = 0;
      outer.receivers.manner = () => (++count % 3 === 0 ? status : 200);
      expect(await changePlan()).toEqual(calm);
    }
  });

  it("delivered never goes out while created is on its first try", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = ({ body }) => (readBody(body).type === "created" ? "hangs" : 200);
    googleSays(outer.world, "first", FEATURE);
    await verify(outer.world, service, "first");
    await outer.world.clock.idle();
    expect(heard(outer, at(URL_A))).toEqual(["pro created"]);
    await outer.world.run(outer.world.clock.sleep(TIMEOUT_MS));
    await outer.world.clock.idle();
    expect(heard(outer, at(URL_A))).toEqual(["pro created", "pro delivered"]);
  });
});

describe("what fails", () => {
  it("is tried eight times over 27 h 35 min with one id and one body, and has failed then", async () => {
    const { id } = await listen(service, URL_A, ["entitlement_grant.created"]);
    outer.receivers.manner = () => 500;
    const start = outer.world.clock.now();
    await buy();
    await service.settle();
    const tries = at(URL_A);
    const pauses = tries.slice(1).map((one, index) => one.at - must(tries[index]).at);
    const hours = [2, 5, 10, 10].map((each) => each * HOUR);
    expect(pauses).toEqual([5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...hours]);
    expect(must(tries.at(-1)).at - start).toBe(27 * HOUR + 35 * MINUTE + 5 * SECOND);
    expect(new Set(tries.map((one) => one.id)).size).toBe(1);
    expect(new Set(tries.map((one) => one.body)).size).toBe(1);
    expect(only(deliveriesTo(outer, id))).toMatchObject({ state: "failed", nextAttemptAt: null, tries: 8 });
    expect(only(deliveriesTo(outer, id)).attempts.map((one) => one.statusCode)).toEqual(Array(8).fill(500));
    expect(errors()).toEqual(["webhook.given_up"]);
    expect(waitingEffects(outer)).toEqual([]);
  });

  it("is no redirect and no informational answer that counts", async () => {
    await listen(service, URL_A, ["entitlement_grant.created"]);
    const answers = [301, 199, 204];
    outer.receivers.manner = () => must(answers.shift());
    await buy();
    await service.settle();
    expect(at(URL_A).map(({ status }) => status)).toEqual([301, 199, 204]);
  });

  it("holds up no other event, nor a later one", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = ({ body }) => (readBody(body).type === "created" ? 500 : 200);
    await buy();
    expect(at(URL_A).map(({ status }) => status)).toEqual([500, 200]);
    await pass(2 * SECOND);
    await buy("second");
    await pass(SECOND);
    expect(heard(outer, at(URL_A)).slice(2)).toEqual(["pro created", "pro delivered"]);
    outer.receivers.manner = () => 200;
    await pass(10 * MINUTE, service, MINUTE);
    expect(heard(outer, at(URL_A)).slice(4).sort()).toEqual(["pro created", "pro created"]);
  });

  it("is later where the receiver asks for it", async () => {
    const { id } = await listen(service, URL_A, ["entitlement_grant.created"]);
    outer.receivers.manner = () => ({ status: 500, retryAfterMs: HOUR });
    const now = outer.world.clock.now();
    await buy();
    expect(only(deliveriesTo(outer, id)).nextAttemptAt).toBe(now + HOUR);
    await buy("second", FEATURE, BEN);
    expect(at(URL_A)).toHaveLength(2);
  });

  it.each([429, 502, 503, 504])("a %i leaves the endpoint alone for as long as it asks", async (status) => {
    await listen(service, URL_A);
    await listen(service, URL_B);
    outer.receivers.manner = ({ url }) => (url === URL_A ? { status, retryAfterMs: MINUTE } : 200);
    await buy();
    expect([at(URL_A).length, at(URL_B).length]).toEqual([1, 2]);
    // Another customer's events wait as well, and the other endpoint hears of them.
    await buy("second", FEATURE, BEN);
    expect([at(URL_A).length, at(URL_B).length]).toEqual([1, 4]);
    outer.receivers.manner = () => 200;
    await outer.world.run(service.settle());
    expect(at(URL_A).filter((one) => one.status === 200)).toHaveLength(4);
    const anns = at(URL_A).filter(({ body }) => readBody(body).customer === ANN);
    expect(heard(outer, anns)).toEqual(["pro created", "pro created", "pro delivered"]);
    expect(must(anns[1]).at - must(anns[0]).at).toBeGreaterThanOrEqual(MINUTE);
  });

  it("a receiver that is too busy to say for how long is left alone for seconds", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = () => 503;
    await buy();
    expect(at(URL_A)).toHaveLength(1);
    expect(
      service.ports.background.hasRoom(must(only([...outer.world.memory.tables.endpoints.keys()])) as never),
    ).toBe(false);
    outer.receivers.manner = () => 200;
    await pass(6 * SECOND);
    expect(heard(outer, at(URL_A))).toEqual(["pro created", "pro created", "pro delivered"]);
  });
});

describe("an endpoint that is off or gone", () => {
  it("is switched off by a 410 at once, with one alarm, and hears nothing more", async () => {
    const { id } = await listen(service, URL_A);
    outer.receivers.manner = () => 410;
    await buy("first", oneTime());
    await service.settle();
    expect(endpointNow(outer, id)).toMatchObject({ enabled: false, disabledReason: "answered 410 Gone" });
    expect(at(URL_A).filter(({ id: event }) => event === must(at(URL_A)[0]).id)).toHaveLength(1);
    expect(new Set(states(id))).toEqual(new Set(["failed"]));
    expect(logged("webhook.endpoint_disabled")).toMatchObject([
      { level: "error", fields: { endpoint_id: id, reason: "answered 410 Gone" } },
    ]);
    await buy("second", FEATURE, BEN);
    expect(at(URL_A)).toHaveLength(1);
    expect(waitingEffects(outer)).toEqual([]);
  });

  it("rings once, however many lanes find it gone", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = () => "hangs";
    const busy = outer.world.process({ background: "full" });
    for (const name of ["ann", "ben", "carl"]) {
      googleSays(outer.world, name, FEATURE);
      await verify(outer.world, busy, name, { customerId: name as never });
    }
    await outer.world.run(runDueEffects(busy.ports, 100));
    outer.receivers.manner = () => 410;
    await service.settle();
    expect(at(URL_A).length).toBeGreaterThan(1);
    expect(logged("webhook.endpoint_disabled")).toHaveLength(1);
  });

  it("is switched off after five days of failures alone", async () => {
    const { id } = await listen(service, URL_A, ["entitlement_grant.created"]);
    outer.receivers.manner = () => "hangs";
    for (let day = 0; day <= 5; day += 1) {
      expect(endpointNow(outer, id).enabled, `day ${day}`).toBe(true);
      await buy(`p${day}`, FEATURE, `c${day}` as never);
      await outer.world.run(outer.world.clock.sleep(TIMEOUT_MS));
      await outer.world.clock.idle();
      await pass(DAY, service, 10 * MINUTE);
    }
    expect(endpointNow(outer, id)).toMatchObject({ enabled: false, disabledReason: "failed for five days" });
    expect(logged("webhook.endpoint_disabled")).toHaveLength(1);
    expect(new Set(states(id))).toEqual(new Set(["failed"]));
  });

  it("stays on where one message in five days gets through, even in the same run as a failure", async () => {
    const { id } = await listen(service, URL_A);
    outer.receivers.manner = ({ body }) => (readBody(body).type === "created" ? 500 : 200);
    await buy();
    expect(at(URL_A).map(({ status }) => status)).toEqual([500, 200]);
    expect(endpointNow(outer, id)).toMatchObject({ enabled: true, failingSince: null });
  });

  it.each(["disabled", "removed"])("%s while deliveries wait: they have failed", async (how) => {
    const { id } = await listen(service, URL_A);
    outer.receivers.manner = () => 500;
    await buy();
    expect(states(id)).toEqual(["pending", "pending"]);
    if (how === "removed") await removeEndpoint(service.ports, id, "owner");
    else await changeEndpoint(service.ports, id, { enabled: false }, "owner");
    await service.settle();
    expect(states(id)).toEqual(["failed", "failed"]);
    expect(at(URL_A)).toHaveLength(2);
    expect(waitingEffects(outer)).toEqual([]);
  });

  it("removed while a message is under way: the rest is given up", async () => {
    const { id } = await listen(service, URL_A);
    outer.receivers.manner = () => "hangs";
    googleSays(outer.world, "first", FEATURE);
    await verify(outer.world, service, "first");
    await outer.world.clock.idle();
    await removeEndpoint(service.ports, id, "owner");
    await service.settle();
    expect(at(URL_A)).toHaveLength(1);
    expect(states(id)).toEqual(["failed", "failed"]);
  });
});

describe("a resend", () => {
  it("sends what was delivered once more, the same", async () => {
    const { id } = await listen(service, URL_A, ["entitlement_grant.created"]);
    await buy();
    await resendDelivery(service.ports, only(deliveriesTo(outer, id)).id, "owner");
    await service.settle();
    const [first, again] = at(URL_A);
    expect([again?.id, again?.body]).toEqual([first?.id, first?.body]);
    expect(only(deliveriesTo(outer, id))).toMatchObject({
      state: "succeeded",
      attempts: [{ number: 1 }, { number: 2 }],
    });
  });

  it("asked for while a try is under way is not lost, whatever becomes of the try", async () => {
    for (const outcome of ["hangs", 200] as const) {
      outer = createOuter();
      service = outer.world.process();
      const { id } = await listen(service, URL_A, ["entitlement_grant.created"]);
      const gate = Promise.withResolvers<void>();
      const { webhooks } = service.ports;
      const slow = {
        ...webhooks,
        send: async (message: Parameters<typeof webhooks.send>[0]) => {
          const answer = await webhooks.send(message);
          await gate.promise;
          return answer;
        },
      };
      outer.receivers.manner = () => outcome;
      googleSays(outer.world, "first", FEATURE);
      await verify(outer.world, outer.world.process({ background: "full" }), "first");
      const busy = {
        ...service.ports,
        webhooks: slow,
        background: outer.world.process({ background: "full" }).ports.background,
      };
      await outer.world.run(runDueEffects(busy, 100));
      const running = runDueEffects(busy, 100);
      await outer.world.clock.idle();
      outer.world.clock.advance(SECOND);
      expect(at(URL_A)).toHaveLength(1);
      await resendDelivery(service.ports, only(deliveriesTo(outer, id)).id, "owner");
      outer.receivers.manner = () => 200;
      gate.resolve();
      await outer.world.run(running);
      await service.settle();
      expect(at(URL_A)).toHaveLength(2);
      expect(only(deliveriesTo(outer, id))).toMatchObject({ state: "succeeded" });
    }
  });
});

describe("what is lost", () => {
  it("an event that is missing holds up no other", async () => {
    const { id } = await listen(service, URL_A);
    const full = outer.world.process({ background: "full" });
    googleSays(outer.world, "first", FEATURE);
    await verify(outer.world, full, "first");
    await outer.world.run(runDueEffects(full.ports, 100));
    const [first] = outer.world.memory.tables.events.keys();
    outer.world.memory.tables.events.delete(must(first));
    await service.settle();
    expect(heard(outer, at(URL_A))).toEqual(["pro delivered"]);
    expect(states(id).sort()).toEqual(["failed", "succeeded"]);
    expect(errors()).toEqual(["webhook.nothing_to_send"]);
  });

  it("a key that is missing is never sent masked", async () => {
    const { id } = await listen(service, URL_A);
    const full = outer.world.process({ background: "full" });
    googleSays(outer.world, "first", oneTime());
    await verify(outer.world, full, "first");
    await outer.world.run(runDueEffects(full.ports, 100));
    outer.world.memory.tables.licenseKeys.clear();
    await pass(10 * SECOND);
    expect(heard(outer, at(URL_A))).toEqual(["pro created", "pro delivered"]);
    expect(states(id).sort()).toEqual(["failed", "failed", "succeeded", "succeeded"]);
  });
});

describe("a lease", () => {
  it("that is lost in the middle ends the run: the rest is somebody else's", async () => {
    const { id } = await listen(service, URL_A);
    const full = outer.world.process({ background: "full" });
    googleSays(outer.world, "first", FEATURE);
    await verify(outer.world, full, "first");
    await outer.world.run(runDueEffects(full.ports, 100));
    // Its calls: lease, endpoint, deliveries, events, send.
    const victim = outer.world.process({ fate: { at: 5, kind: "freezes_after" } });
    const running = runDueEffects(victim.ports, 100);
    await outer.world.clock.idle();
    expect(victim.calls.at(-1)).toBe("webhooks.send");
    outer.world.clock.advance(outer.world.settings.leaseMs + 1);
    await service.settle();
    expect(heard(outer, at(URL_A))).toEqual(["pro created", "pro created", "pro delivered"]);
    victim.thaw();
    await outer.world.run(running);
    expect(at(URL_A)).toHaveLength(3);
    expect(states(id)).toEqual(["succeeded", "succeeded"]);
    expect(waitingEffects(outer)).toEqual([]);
  });

  it("is taken anew where many messages take long", async () => {
    await listen(service, URL_A);
    outer.receivers.manner = () => "hangs";
    const full = outer.world.process({ background: "full" });
    googleSays(outer.world, "first", SEATS);
    await verify(outer.world, full, "first");
    await outer.world.run(runDueEffects(full.ports, 100));
    await outer.world.run(runDueEffects(full.ports, 100));
    const before = at(URL_A).length;
    await outer.world.run(runDueEffects(full.ports, 100));
    expect(at(URL_A).length - before + before).toBe(6);
    expect(full.calls.filter((call) => call === "outbox.renew").length).toBeGreaterThanOrEqual(1);
  });
});
