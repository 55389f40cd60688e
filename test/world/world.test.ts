import { expect, it } from "vitest";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import { LOST } from "./notices.ts";
import { PACKAGE } from "./shop.ts";
import { createWorld, type World } from "./world.ts";

const buy = (world: World, productId: string, more = {}) =>
  world.sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId, ...more }).purchaseToken;

it("delivers what is bought, by verify and by notice, once", async () => {
  const world = createWorld();
  const token = buy(world, "plan", { basePlanId: "monthly" });
  const answer = await world.verify("ann", "plan", token);
  await world.settle();
  expect(answer?.grants.map(({ grant }) => grant.status)).toEqual(["Delivered", "Delivered"]);
  expect(world.sandbox.keythai.licences).toHaveLength(1);
  expect(world.sandbox.play.purchase(token).acknowledged).toBe(true);
  expect(world.notices.underway).toEqual([]);
});

it("lets a sweep find what no notice tells", async () => {
  const world = createWorld();
  const token = buy(world, "plan", { basePlanId: "monthly" });
  await world.verify("ann", "plan", token);
  world.notices.manner = LOST;
  world.sandbox.play.act(token, "cancel");
  await world.pass(31 * DAY);
  expect((await world.customer("ann")).entitlements.premium?.active).toBe(false);
});

it("goes on in another replica when one dies", async () => {
  const world = createWorld();
  const token = buy(world, "lifetime");
  world.replicas[0]?.strike("dies_after", 4);
  expect(await world.verify("ann", "lifetime", token)).toBeUndefined();
  await world.settle();
  expect(world.replicas.map(({ state }) => state)).toEqual(["dead", "alive"]);
  expect((await world.customer("ann")).entitlements.desktop?.active).toBe(true);
});

it("goes on in another replica when one freezes, and takes back what that one did when it thaws", async () => {
  const world = createWorld();
  const token = buy(world, "lifetime");
  const [first] = world.replicas;
  first?.strike("freezes_after", 5);
  await world.verify("ann", "lifetime", token);
  await world.settle();
  first?.thaw();
  await world.settle();
  const live = world.sandbox.keythai.licences.filter(({ status }) => status === "active");
  const orphans = (await world.dump()).orphans;
  expect(live.map(({ id }) => id).filter((id) => !orphans.includes(id))).toHaveLength(1);
});

it("fails as the services do, when there is trouble", async () => {
  const world = createWorld();
  const token = buy(world, "lifetime");
  world.trouble = ({ service }) => (service === "play" ? { kind: "status", status: 503 } : null);
  await expect(world.verify("ann", "lifetime", token)).rejects.toMatchObject({ code: "play_unavailable" });
  let left = 3;
  world.trouble = ({ service, what }) =>
    service === "keythai" && what.startsWith("POST") && left-- > 0 ? { kind: "lost", afterMs: 2_000 } : null;
  await world.verify("ann", "lifetime", token);
  expect((await world.customer("ann")).entitlements.premium?.active).toBe(true);
  await world.settle();
  expect((await world.customer("ann")).entitlements.desktop?.active).toBe(true);
});

it("restores what the customer owns at Google", async () => {
  const world = createWorld();
  world.notices.manner = LOST;
  buy(world, "lifetime", { obfuscatedAccountId: null });
  buy(world, "coins", { obfuscatedAccountId: null });
  const restored = await world.restore("ann");
  expect(restored?.results).toHaveLength(2);
  await world.settle();
  expect(world.sandbox.play.purchases("ann").map(({ acknowledged }) => acknowledged)).toEqual([true, true]);
});

it("plays the same twice from one seed, and something else from another", async () => {
  const play = async (seed: number) => {
    const world = createWorld({ seed });
    const token = buy(world, "plan", { basePlanId: "monthly" });
    const other = buy(world, "seats", { quantity: 3 });
    world.trouble = () => (world.chance() < 0.2 ? { kind: "lost", afterMs: HOUR / 60 } : null);
    await world.verify("ann", "plan", token).catch(() => undefined);
    world.sandbox.play.act(other, "refund", { quantity: 1 });
    await world.settle();
    await world.pass(40 * DAY);
    const { purchases, customers, grants, orphans } = await world.dump();
    return JSON.stringify([
      world.replicas[0]?.calls,
      purchases,
      customers,
      grants,
      orphans,
      world.clock.now(),
    ]);
  };
  const [first, again, other] = [await play(7), await play(7), await play(8)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});
