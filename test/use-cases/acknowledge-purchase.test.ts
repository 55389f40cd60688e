import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { ANN, oneTime, product, refOf, subscription, token } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, stored, syncOf, verify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

const unpaid = { acknowledged: false };
const coins = (overrides = {}) =>
  oneTime({ ...unpaid, items: [product({ productId: "credit_pack_50" })], ...overrides });
const told = () =>
  world.play.calls.filter(({ method }) => method !== "getPurchase").map(({ method }) => method);

describe("telling Google that a purchase was granted", () => {
  it("acknowledges what is kept, by the product that speaks for it", async () => {
    googleSays(world, "first", oneTime(unpaid));
    await verify(world, service, "first");
    await service.settle();
    expect(world.play.calls.filter(({ method }) => method === "acknowledge")).toEqual([
      { method: "acknowledge", id: refOf("first", "one_time").id, productId: "lumen_lifetime" },
    ]);
    expect(stored(world, "first", "one_time")).toMatchObject({ answer: { acknowledged: true }, revision: 2 });
  });

  it("names the customer of a subscription bought again in Play, which lacks an account id", async () => {
    googleSays(world, "again", subscription({ ...unpaid, resubscribes: token("expired") }));
    await verify(world, service, "again");
    await service.settle();
    expect(world.play.calls.filter(({ method }) => method === "acknowledge")).toMatchObject([
      { id: refOf("again").id, accountId: ANN },
    ]);
  });

  it("consumes what can be used up, which acknowledges it", async () => {
    googleSays(world, "first", coins());
    await verify(world, service, "first");
    await service.settle();
    expect(told()).toEqual(["consume"]);
    expect(stored(world, "first", "one_time").answer).toMatchObject({
      acknowledged: true,
      items: [{ consumed: true }],
    });
  });

  it.each([
    ["acknowledged already", oneTime()],
    [
      "used up already",
      coins({ acknowledged: true, items: [product({ productId: "credit_pack_50", consumed: true })] }),
    ],
    ["pending", oneTime({ ...unpaid, state: "pending", startedAt: null })],
    ["refunded", oneTime({ ...unpaid, state: "refunded" })],
  ])("is silent about one that is %s", async (_, purchase) => {
    googleSays(world, "first", purchase);
    await verify(world, service, "first");
    await service.settle();
    expect(told()).toEqual([]);
  });

  it("doesn't wait for the licence, nor does the answer wait for it", async () => {
    googleSays(world, "first", oneTime(unpaid));
    const manual = world.process({ background: "manual" });
    await verify(world, manual, "first");
    expect(told()).toEqual([]);
    manual.flush();
    await world.clock.idle();
    expect(told()).toEqual(["acknowledge"]);
  });

  it("is tried until Google says yes", async () => {
    const away = new AppError("play_unavailable", "Not now.", { retryable: true, retryAfterMs: 40_000 });
    for (let count = 0; count < 30; count += 1) world.play.failNext("acknowledge", away);
    googleSays(world, "first", oneTime(unpaid));
    await verify(world, service, "first");
    await service.settle();
    expect(told()).toHaveLength(31);
    expect(world.play.purchase(refOf("first", "one_time")).acknowledged).toBe(true);
  });

  it("is done when the answer was lost but Google had heard", async () => {
    world.play.failNext("acknowledge", new AppError("play_unavailable", "Lost.", { retryable: true }), true);
    googleSays(world, "first", oneTime(unpaid));
    await verify(world, service, "first");
    await service.settle();
    expect(stored(world, "first", "one_time").answer?.acknowledged).toBe(true);
  });

  it.each([
    [
      "the app was faster",
      coins({ acknowledged: true, items: [product({ productId: "credit_pack_50", consumed: true })] }),
    ],
    ["it was refunded", coins({ state: "refunded" })],
  ])("reads again after any refusal: %s", async (_, now) => {
    googleSays(world, "first", coins());
    const manual = world.process({ background: "manual" });
    await verify(world, manual, "first");
    world.play.failNext("consume", new AppError("purchase_not_found", "Refused."));
    world.play.put(refOf("first", "one_time"), now);
    manual.flush();
    await world.clock.idle();
    expect(stored(world, "first", "one_time").answer).toMatchObject({ state: now.state });
    await service.settle();
    expect(told()).toEqual(["consume"]);
  });

  it("says so, and goes on trying, when Google refuses what is still due", async () => {
    googleSays(world, "first", oneTime(unpaid));
    world.play.failNext("acknowledge", new AppError("purchase_not_found", "Refused."));
    await verify(world, service, "first");
    expect(world.log).toContainEqual(
      expect.objectContaining({ level: "error", event: "acknowledge.refused" }),
    );
    await service.settle();
    expect(told()).toEqual(["acknowledge", "acknowledge"]);
  });

  it("is not done for a purchase that nobody has claimed, but is once somebody does", async () => {
    googleSays(world, "first", subscription(unpaid));
    await world.run(syncOf(service, "first"));
    await service.settle();
    expect(told()).toEqual([]);
    await verify(world, service, "first", { customerId: ANN });
    await service.settle();
    expect(told()).toEqual(["acknowledge"]);
  });

  it("comes after the grant is on record, also when the process dies in between", async () => {
    googleSays(world, "first", oneTime(unpaid));
    for (let at = 1; at <= 12; at += 1) {
      const other = createWorld();
      googleSays(other, "first", oneTime(unpaid));
      const victim = other.process({ fate: { at, kind: "dies_after" } });
      await verify(other, victim, "first").catch(() => undefined);
      await other.clock.idle();
      const acknowledged = other.play.purchase(refOf("first", "one_time")).acknowledged;
      const granted = other.customer(ANN).entitlements.pro?.active === true;
      expect(granted || !acknowledged).toBe(true);
    }
  });

  it("makes an answer that was read before it the older one", async () => {
    googleSays(world, "first", oneTime(unpaid));
    const late = Promise.withResolvers<void>();
    await verify(world, world.process({ background: "full" }), "first");
    world.play.onAnswer = () => late.promise;
    const slow = syncOf(world.process(), "first", { ref: refOf("first", "one_time") });
    await world.clock.idle();
    world.play.onAnswer = async () => undefined;
    await service.settle();
    late.resolve();
    await world.run(slow);
    expect(stored(world, "first", "one_time").answer?.acknowledged).toBe(true);
    expect(told()).toEqual(["acknowledge"]);
  });
});
