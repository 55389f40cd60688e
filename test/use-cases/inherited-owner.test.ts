import { beforeEach, describe, expect, it } from "vitest";
import { ANN, BEN, lineItem, NOW, POLICY, refOf, subscription, token } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, present, stored, syncOf, verify } from "./support/acts.ts";

/** A chain whose tokens in between were never seen here (google-play.md section 9, Chains). */
let world: World;
let service: Process;

beforeEach(async () => {
  world = createWorld();
  service = world.process();
  googleSays(world, "first", subscription());
  await verify(world, service, "first");
  await service.settle();
  googleSays(world, "first", over());
  googleSays(world, "second", { ...over(), replaces: token("first") });
});

function over() {
  return subscription({ state: "expired", endedBy: "replacement", items: [lineItem({ expiresAt: NOW })] });
}

const newest = subscription({ replaces: token("second"), items: [lineItem({ orderId: "GPA.3" })] });
const byBen = () => verify(world, service, "third", { customerId: BEN });

describe("a purchase whose predecessor was never seen", () => {
  it("is refused to a stranger, though only Google knew the token in between", async () => {
    googleSays(world, "third", newest);
    await expect(byBen()).rejects.toMatchObject({ code: "purchase_owned_by_another_customer" });
    expect(world.customer(BEN).slots).toEqual({});
  });

  it("is its owner's, by a notice alone", async () => {
    googleSays(world, "third", newest);
    await world.run(syncOf(service, "third"));
    expect(stored(world, "third").customerId).toBe(ANN);
    await service.settle();
    expect(world.licenses.live()).toHaveLength(1);
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
  });

  it("is whose account id the token in between names", async () => {
    googleSays(world, "second", { ...over(), accountId: "cat", replaces: token("unknown") });
    googleSays(world, "third", newest);
    await world.run(syncOf(service, "third"));
    expect(stored(world, "third").customerId).toBe("cat");
  });

  it("is the first caller's, where the chain ends with nobody", async () => {
    googleSays(world, "second", over());
    googleSays(world, "third", newest);
    await byBen();
    expect(stored(world, "third").customerId).toBe(BEN);
  });

  it.each(["purchase_token_expired", "purchase_not_found"] as const)(
    "is the first caller's, where Google has forgotten the rest: %s",
    async (code) => {
      googleSays(world, "third", newest);
      world.play.put(refOf("second"), code);
      await byBen();
      expect(stored(world, "third").customerId).toBe(BEN);
    },
  );

  it("tells nobody anything while Google can't be asked about the rest", async () => {
    googleSays(world, "third", newest);
    world.play.put(refOf("second"), "play_unavailable");
    await expect(byBen()).rejects.toMatchObject({ code: "play_unavailable" });
    expect(world.memory.tables.purchases.get(refOf("third").id)).toBeUndefined();
  });

  it("ends where the chain comes round to itself", async () => {
    googleSays(world, "second", { ...over(), replaces: token("third") });
    googleSays(world, "third", newest);
    await byBen();
    expect(stored(world, "third").customerId).toBe(BEN);
  });

  it("costs nothing where the one before is known", async () => {
    googleSays(
      world,
      "second",
      subscription({ replaces: token("first"), items: [lineItem({ orderId: "GPA.2" })] }),
    );
    const before = world.play.count("getPurchase");
    await verify(world, service, "second");
    expect(world.play.count("getPurchase")).toBe(before + 1);
  });
});

/** `PURCHASE_TRANSFER=allow`. */
describe("a purchase that may move", () => {
  it("goes to whoever presents it, with a key of their own", async () => {
    world = createWorld({ policy: { ...POLICY, transfers: true } });
    service = world.process();
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    await service.settle();
    const moved = await verify(world, service, "first", { customerId: BEN });
    await service.settle();
    expect(moved.purchase.customerId).toBe(BEN);
    expect(moved.grants.map(({ grant }) => [grant.customerId, grant.status])).toEqual([
      [BEN, "Delivered"],
      [BEN, "Delivered"],
    ]);
    expect(world.customer(ANN).entitlements.pro?.active).toBe(false);
    expect(world.licenses.live()).toHaveLength(1);
    expect(
      [...world.memory.tables.grants.values()].filter(({ customerId }) => customerId === ANN),
    ).toMatchObject([{ revocationReason: "manual" }, { revocationReason: "manual" }]);
  });

  it("back and forth at once ends with one of them, and one licence", async () => {
    world = createWorld({ policy: { ...POLICY, transfers: true }, settings: { verifyFreshMs: 0 } });
    const processes = [world.process(), world.process()];
    googleSays(world, "first", subscription());
    const presents = [ANN, BEN, ANN, BEN, ANN, BEN].map((customerId, index) =>
      present(world, processes[index % 2] as Process, "first", { customerId }),
    );
    await world.run(Promise.allSettled(presents));
    await world.process().settle();
    const active = [ANN, BEN].filter((id) => world.customer(id).entitlements.pro?.active);
    expect(active).toEqual([stored(world, "first").customerId]);
    expect(world.licenses.live()).toHaveLength(1);
  });
});
