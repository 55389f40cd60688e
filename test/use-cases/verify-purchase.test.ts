import { beforeEach, describe, expect, it } from "vitest";
import { OutsideError } from "../../src/domain/errors.ts";
import { DAY } from "../../src/domain/instant.ts";
import { verifyPurchase } from "../../src/use-cases/verify-purchase.ts";
import {
  ANN,
  BEN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  PACKAGE,
  POLICY,
  product,
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import {
  aboutProduct,
  aboutSubscription,
  eventCounts,
  findLicenceFaults,
  googleSays,
  notify,
  present,
  slotsFor,
  stored,
  verify,
} from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

/** What every table of the store holds, to see that nothing was written. */
function snapshot(): string {
  const { purchases, customers, outbox, audit, grants } = world.memory.tables;
  const versions = [...purchases.values(), ...customers.values(), ...outbox.values()].map(
    ({ version }) => version,
  );
  return JSON.stringify([versions, audit.length, grants.size]);
}

describe("a token that took the place of another of the same product", () => {
  it("shows the rows that it took over, with their key", async () => {
    const items = [lineItem({ productId: "lumen_studio" })];
    googleSays(world, "first", subscription({ items }));
    const before = await verify(world, service, "first", { productId: "lumen_studio" });
    googleSays(world, "second", subscription({ items, replaces: token("first") }));
    const after = await verify(world, service, "second", { productId: "lumen_studio" });
    const shown = ({ grants }: typeof before) => grants.map(({ grant, key }) => [grant.id, key?.reveal()]);
    expect(shown(after)).toEqual(shown(before));
    expect(after.grants.length).toBeGreaterThan(0);
  });
});

describe("a token whose place another product's took", () => {
  it("shows its own rows, ended", async () => {
    googleSays(world, "first", subscription());
    const before = await verify(world, service, "first");
    const items = [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })];
    googleSays(world, "second", subscription({ items, replaces: token("first") }));
    const next = await verify(world, service, "second", { productId: "lumen_studio" });
    const after = await verify(world, service, "first");
    expect(before.grants.length).toBeGreaterThan(0);
    expect(after.grants.map(({ grant }) => grant)).toMatchObject(
      before.grants.map(({ grant: { id } }) => ({ id, status: "Revoked", revocationReason: "plan_changed" })),
    );
    const old = new Set(before.grants.map(({ grant }) => grant.id));
    expect(next.grants.filter(({ grant }) => old.has(grant.id))).toEqual([]);
  });
});

describe("a first verify", () => {
  it("answers with purchase, entitlements and the licence key in clear", async () => {
    googleSays(world, "first", oneTime({ acknowledged: false }));
    const { purchase, customer, grants, pendingEntitlements } = await verify(world, service, "first");
    expect(purchase).toMatchObject({ customerId: ANN, answer: { state: "purchased" } });
    expect(customer.entitlements.pro).toMatchObject({ active: true, accessUntil: null });
    expect(grants.map(({ grant }) => [grant.entitlementId, grant.status])).toEqual(
      expect.arrayContaining([
        ["pro", "Delivered"],
        ["desktop", "Delivered"],
      ]),
    );
    const key = grants.find(({ grant }) => grant.entitlementId === "desktop")?.key?.reveal();
    expect(key).toBe(only(world.licenses.live()).key);
    expect(pendingEntitlements).toEqual([]);
  });

  it("asks Google once and tells it once", async () => {
    googleSays(world, "first", oneTime({ acknowledged: false }));
    await verify(world, service, "first");
    await service.settle();
    expect([world.play.count("getPurchase"), world.play.count("acknowledge")]).toEqual([1, 1]);
    expect(world.play.purchase(refOf("first", "one_time")).acknowledged).toBe(true);
  });

  it("puts the end of access on a subscription's licence", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    expect(only(world.licenses.live()).expiresAt).toBe(NOW + 13 * DAY);
  });

  it("takes two reads and one commit until Google's answer stands", async () => {
    googleSays(world, "first", oneTime());
    const manual = world.process({ background: "manual" });
    await verify(world, manual, "first");
    const before = manual.calls.slice(0, manual.calls.indexOf("store.update") + 1);
    // The later loads find all they need in the first one, and read nothing.
    expect(before.filter((call) => call === "play.getPurchase")).toHaveLength(1);
    expect(before.filter((call) => call === "store.update")).toHaveLength(1);
  });

  it("gives a pending purchase nothing, and doesn't tell Google", async () => {
    googleSays(world, "first", oneTime({ state: "pending", startedAt: null, acknowledged: false }));
    const { purchase, grants, pendingEntitlements } = await verify(world, service, "first");
    expect(purchase.answer?.state).toBe("pending");
    expect([grants, pendingEntitlements]).toEqual([[], []]);
    await service.settle();
    expect([world.play.count("acknowledge"), world.licenses.all.length]).toEqual([0, 0]);
    googleSays(world, "first", oneTime({ acknowledged: false }));
    expect((await verify(world, service, "first")).grants).toHaveLength(2);
  });
});

describe("a licence that takes its time", () => {
  it("is pending in the answer, while access in the app is there", async () => {
    googleSays(world, "first", oneTime());
    const slow = world.process({ background: "manual" });
    const { customer, grants, pendingEntitlements } = await verify(world, slow, "first");
    expect(world.clock.monotonic()).toBe(world.settings.verifyWaitMs);
    expect(pendingEntitlements).toEqual(["desktop"]);
    expect(customer.entitlements.desktop?.active).toBe(true);
    expect(grants.map(({ grant }) => grant.entitlementId)).toEqual(["pro"]);
  });

  it("is waited for no longer than it takes", async () => {
    googleSays(world, "first", oneTime());
    world.licenses.failNext("issue", new OutsideError("busy", "keythai_busy", "Later."));
    const { pendingEntitlements } = await verify(world, service, "first");
    expect(world.clock.monotonic()).toBe(0);
    expect(pendingEntitlements).toEqual(["desktop"]);
    await service.settle();
    world.clock.advance(60_000);
    expect((await verify(world, service, "first")).pendingEntitlements).toEqual([]);
    expect(await findLicenceFaults(world)).toEqual([]);
  });

  it("is waited for by the one who finds another process delivering it", async () => {
    googleSays(world, "first", oneTime());
    const other = world.process({ background: "manual" });
    const first = present(world, other, "first");
    await world.clock.idle();
    const second = present(world, service, "first");
    await world.clock.idle();
    other.flush();
    const [mine, theirs] = await world.run(Promise.all([second, first]));
    expect(mine.pendingEntitlements).toEqual([]);
    expect(mine.grants.map(({ key }) => key?.reveal())).toEqual(
      theirs.grants.map(({ key }) => key?.reveal()),
    );
    expect(world.clock.monotonic()).toBeLessThan(1_000);
    expect(world.licenses.all).toHaveLength(1);
  });

  it("is waited for at a plan change too, where the former key is taken back first", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    await service.settle();
    const items = [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })];
    googleSays(world, "second", subscription({ replaces: token("first"), items }));
    const other = world.process({ background: "manual" });
    await notify(world, other, aboutSubscription("second"));
    const asked = present(world, service, "second");
    await world.clock.idle();
    other.flush();
    const { grants, pendingEntitlements } = await world.run(asked);
    expect(pendingEntitlements).toEqual([]);
    expect(grants.map(({ key }) => key?.reveal() ?? null)).toContain(only(world.licenses.live()).key);
  });

  it("is left to the outbox where there is no room to run it", async () => {
    googleSays(world, "first", oneTime());
    const full = world.process({ background: "full" });
    const { pendingEntitlements } = await verify(world, full, "first");
    expect(pendingEntitlements).toEqual(["desktop"]);
    const waiting = [...world.memory.tables.outbox.values()].map(({ value }) => value);
    expect(waiting.map(({ effect, lease }) => [effect.kind, lease])).toEqual([
      ["fulfill_slot", null],
      ["publish_events", null],
    ]);
    await service.settle();
    expect(await findLicenceFaults(world)).toEqual([]);
  });
});

describe("a repeated verify", () => {
  beforeEach(async () => {
    googleSays(world, "first", oneTime());
    await verify(world, service, "first");
    await service.settle();
  });

  it("costs no Google call and no write while Google was asked just now, and says the same", async () => {
    const before = [snapshot(), world.play.calls.length];
    world.clock.advance(world.settings.verifyFreshMs - 1);
    for (const by of [service, world.process()]) {
      const { grants } = await verify(world, by, "first");
      expect(grants.map(({ key }) => key?.reveal() ?? null)).toContain(only(world.licenses.live()).key);
    }
    expect([snapshot(), world.play.calls.length]).toEqual(before);
  });

  it("asks Google after a while, and writes nothing where nothing is new", async () => {
    world.clock.advance(world.settings.verifyFreshMs);
    const before = snapshot();
    await verify(world, service, "first");
    await verify(world, service, "first");
    expect(snapshot()).toBe(before);
    expect(world.play.count("getPurchase")).toBe(2);
  });

  it("always asks where it is told to", async () => {
    const eager = createWorld({ settings: { verifyFreshMs: 0 } });
    googleSays(eager, "first", oneTime());
    const by = eager.process();
    for (let count = 0; count < 3; count += 1) await verify(eager, by, "first");
    expect(eager.play.count("getPurchase")).toBe(3);
  });

  it("asks once a period has ended since", async () => {
    googleSays(
      world,
      "ending",
      subscription({ items: [lineItem({ expiresAt: world.clock.now() + 10_000 })] }),
    );
    await verify(world, service, "ending");
    const asked = world.play.count("getPurchase");
    world.clock.advance(10_000);
    googleSays(world, "ending", subscription());
    const { purchase } = await verify(world, service, "ending");
    expect(world.play.count("getPurchase")).toBe(asked + 1);
    expect(purchase.answer?.items[0]?.expiresAt).toBe(NOW + 10 * DAY);
  });

  it("asks for a purchase without access, however recently it was asked", async () => {
    googleSays(world, "later", oneTime({ state: "pending", startedAt: null }));
    await verify(world, service, "later");
    googleSays(world, "later", oneTime());
    expect((await verify(world, service, "later")).purchase.answer?.state).toBe("purchased");
  });

  it("never shows somebody else what our own record holds", async () => {
    const stranger = verify(world, service, "first", { customerId: BEN });
    await expect(stranger).rejects.toMatchObject({ code: "purchase_owned_by_another_customer" });
  });

  it("doesn't take another product for the one bought, fresh or not", async () => {
    const other = verify(world, service, "first", { productId: "lumen_v2" });
    await expect(other).rejects.toMatchObject({ code: "product_mismatch" });
  });
});

describe("a hundred at once", () => {
  it("make one purchase, one set of grants, one licence", async () => {
    googleSays(world, "first", oneTime({ acknowledged: false }));
    const processes = [service, world.process(), world.process()];
    const all = Array.from({ length: 100 }, (_, index) =>
      present(world, must(processes[index % 3]), "first"),
    );
    const answers = await world.run(Promise.all(all));
    const keys = answers.map(({ grants }) => grants.flatMap(({ key }) => key?.reveal() ?? []));
    expect(new Set(keys.flat()).size).toBe(1);
    expect(answers.every(({ purchase }) => purchase.customerId === ANN)).toBe(true);
    await service.settle();
    expect(world.licenses.all).toHaveLength(1);
    expect(eventCounts(world)).toEqual({ created: 2, delivered: 2 });
    expect(world.memory.tables.grants.size).toBe(2);
  });

  it("of many customers with one token bind it to one of them", async () => {
    googleSays(world, "first", oneTime());
    const customers = Array.from({ length: 10 }, (_, index) => `customer-${index}` as typeof ANN);
    const all = customers.map((customerId) => present(world, world.process(), "first", { customerId }));
    const answers = await world.run(Promise.allSettled(all));
    const won = answers.filter(({ status }) => status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason.code).toBe("purchase_owned_by_another_customer");
    }
    expect(world.licenses.live()).toHaveLength(1);
  });
});

describe("refusals", () => {
  const asAnn = (overrides: { packageName?: string; productId?: string } = {}) =>
    world.run(
      verifyPurchase(service.ports, {
        customerId: ANN,
        packageName: PACKAGE,
        productId: "lumen_pro",
        token: token("first"),
        ...overrides,
      }),
    );

  it.each([
    ["package_not_allowed", { packageName: "com.other" }],
    ["product_not_in_catalog", { productId: "nothing" }],
  ])("%s, before anything is asked", async (code, overrides) => {
    await expect(asAnn(overrides)).rejects.toMatchObject({ code });
    expect([world.play.calls, service.calls]).toEqual([[], []]);
  });

  it("product_mismatch: the token is for another product", async () => {
    googleSays(world, "first", subscription());
    await expect(asAnn({ productId: "lumen_studio" })).rejects.toMatchObject({ code: "product_mismatch" });
    expect(world.memory.tables.purchases.size).toBe(0);
  });

  it.each([
    "purchase_not_found",
    "purchase_token_expired",
    "play_rejected_credentials",
    "play_unavailable",
  ] as const)("%s, as Google says it, and nothing is changed", async (code) => {
    world.play.put(refOf("first"), code);
    await expect(asAnn()).rejects.toMatchObject({ code });
    expect(world.memory.tables.purchases.size).toBe(0);
  });

  it("purchase_token_expired also for one that we hold: the app is told", async () => {
    googleSays(world, "first", subscription());
    await asAnn();
    world.clock.advance(60_000);
    world.play.put(refOf("first"), "purchase_token_expired");
    await expect(asAnn()).rejects.toMatchObject({ code: "purchase_token_expired" });
    expect(world.customer(ANN).entitlements.pro?.active).toBe(true);
  });

  it("play_unavailable, retryable, for an answer that can't be read", async () => {
    service.ports.play.getPurchase = async () => ({ not: "an answer" });
    const unreadable = {
      ...service.ports,
      play: { ...world.play, getPurchase: async () => "<html>" } as never,
    };
    const asked = verifyPurchase(unreadable, {
      customerId: ANN,
      packageName: PACKAGE,
      productId: "lumen_pro",
      token: token("first"),
    });
    await expect(world.run(asked)).rejects.toMatchObject({ code: "play_unavailable", retryable: true });
  });

  it("somebody else's token costs no Google call once we know whose it is", async () => {
    googleSays(world, "first", subscription());
    await asAnn();
    const asked = world.play.count("getPurchase");
    await expect(verify(world, service, "first", { customerId: BEN })).rejects.toMatchObject({
      code: "purchase_owned_by_another_customer",
    });
    expect(world.play.count("getPurchase")).toBe(asked);
  });

  it("a purchase whose account id names somebody else is not the caller's", async () => {
    googleSays(world, "first", subscription({ accountId: BEN }));
    await expect(asAnn()).rejects.toMatchObject({ code: "purchase_owned_by_another_customer" });
    expect(world.memory.tables.purchases.size).toBe(0);
  });

  it("one that replaces a purchase of somebody else's is not the caller's", async () => {
    googleSays(world, "bens", subscription());
    await verify(world, service, "bens", { customerId: BEN });
    googleSays(
      world,
      "first",
      subscription({ replaces: token("bens"), items: [lineItem({ orderId: "GPA.2" })] }),
    );
    await expect(asAnn()).rejects.toMatchObject({ code: "purchase_owned_by_another_customer" });
    expect(slotsFor(world, "pro", BEN)).toHaveLength(1);
  });

  it("says nothing secret in any line of the log", async () => {
    googleSays(world, "first", subscription());
    await asAnn();
    await service.settle();
    const text = JSON.stringify(world.log);
    expect(text).not.toContain(token("first").reveal());
    expect(text).not.toContain(only(world.licenses.live()).key);
  });
});

it("a purchase that nobody had claimed is bound to its first verified caller, and granted", async () => {
  googleSays(world, "first", oneTime({ items: [product({ productId: "lumen_v2" })] }));
  await notify(world, service, aboutProduct("first"));
  expect(stored(world, "first", "one_time").customerId).toBeNull();
  world.clock.advance(1_000);
  const { customer } = await verify(world, service, "first");
  expect(customer.entitlements.pro?.active).toBe(true);
});

it("a purchase that moves while it gives nothing tells the new owner nothing of the former one's", async () => {
  world = createWorld({ policy: { ...POLICY, transfers: true } });
  service = world.process();
  googleSays(world, "first", subscription());
  await verify(world, service, "first");
  await service.settle();
  googleSays(world, "first", subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - DAY })] }));
  world.clock.advance(DAY);
  const { customer, grants } = await verify(world, service, "first", { customerId: BEN });
  expect(customer.customerId).toBe(BEN);
  expect(grants).toEqual([]);
  await service.settle();
  expect(world.licenses.live()).toEqual([]);
});
