import { Firestore, Query, WriteBatch } from "@google-cloud/firestore";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createUidAccountIds } from "../../../src/adapters/account-ids/account-ids.ts";
import { createLocalSecretBox } from "../../../src/adapters/crypto/local-secret-box.ts";
import { DAY, HOUR, type Instant } from "../../../src/domain/instant.ts";
import type { Purchase } from "../../../src/domain/purchase.ts";
import { NO_IDS } from "../../../src/domain/purchase-file.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { Background } from "../../../src/ports.ts";
import { runDueEffects } from "../../../src/use-cases/run-effects.ts";
import { syncPurchase } from "../../../src/use-cases/sync-purchase.ts";
import { verifyPurchase } from "../../../src/use-cases/verify-purchase.ts";
import { storeOptions } from "../../contracts/store-harness.ts";
import {
  ANN,
  lineItem as anItem,
  subscription as aSubscription,
  must,
  oneTime,
  only,
  PACKAGE,
  POLICY,
  product,
  refOf,
  token,
} from "../../support/builders.ts";
import { createEmulatedStore, type EmulatedStore } from "../../support/emulator.ts";
import { type AllPorts, assemblePorts, createBackground, createLog } from "../../support/ports.ts";
import { FakeLicenses } from "../../use-cases/support/fake-licenses.ts";
import { FakePlay } from "../../use-cases/support/fake-play.ts";

/** The use cases over Firestore itself: what they cost, what they leave there, and that nothing is lost in between. */

let store: EmulatedStore;
let play: FakePlay;
let licenses: FakeLicenses;
let ports: AllPorts;

beforeEach(() => {
  play = new FakePlay();
  licenses = new FakeLicenses();
  store = createEmulatedStore(import.meta.url, storeOptions(60_000));
  ports = newProcess();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
});

const secretBox = createLocalSecretBox([
  { id: "k1", key: new Secret(Buffer.alloc(32, 7).toString("base64")) },
]);

function newProcess(verifyFreshMs = 0, background: Background = createBackground("at_once")): AllPorts {
  return assemblePorts({
    ...store,
    settings: {
      policy: POLICY,
      verifyFreshMs,
      verifyWaitMs: 20_000,
      leaseMs: 60_000,
      refundReviewDefault: null,
    },
    clock: storeOptions(0).clock,
    accountIds: createUidAccountIds(),
    secretBox,
    background,
    play,
    licenses,
    log: createLog([]),
  });
}

const now = () => Date.now();
const lineItem = (overrides: Parameters<typeof anItem>[0] = {}) =>
  anItem({ expiresAt: now() + 10 * DAY, ...overrides });
const subscription = (overrides: Partial<Purchase> = {}) =>
  aSubscription({ items: [lineItem()], ...overrides });

function verify(by = ports, name = "first", productId = "lumen_lifetime") {
  return verifyPurchase(by, { customerId: ANN, packageName: PACKAGE, productId, token: token(name) });
}

function sync(name: string, type: Purchase["type"] = "subscription", by = ports) {
  const nobody = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  return syncPurchase(by, { ...nobody, ref: refOf(name, type), cause: "rtdn", priority: "notice" });
}

/** Runs all that is due until nothing is, but for searches that are due much later. */
async function drain(at: () => Instant = now): Promise<void> {
  for (let idle = 0; idle < 3; ) {
    const ran = await runDueEffects(ports, 50);
    const { due } = await store.outbox.backlog(at());
    idle = ran === 0 && due === 0 ? idle + 1 : 0;
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Round trips to Firestore from now on. */
function countCalls(): () => { reads: number; commits: number; queries: number } {
  const reads = vi.spyOn(Firestore.prototype, "getAll");
  const commits = vi.spyOn(WriteBatch.prototype, "commit");
  const queries = vi.spyOn(Query.prototype, "get");
  return () => ({
    reads: reads.mock.calls.length,
    commits: commits.mock.calls.length,
    queries: queries.mock.calls.length,
  });
}

describe("what a verify costs", () => {
  // What is told of it afterwards waits: nobody who buys something waits for that.
  const buyer = (verifyFreshMs = 0) => newProcess(verifyFreshMs, createBackground("manual"));

  it("is a read and a commit where nothing has to be delivered", async () => {
    play.put(refOf("first", "one_time"), oneTime({ items: [product({ productId: "lumen_v2" })] }));
    const calls = countCalls();
    await verify(buyer(), "first", "lumen_v2");
    expect(calls()).toEqual({ reads: 1, commits: 1, queries: 0 });
  });

  it("is a read where nothing has changed, and also where Google needn't be asked", async () => {
    play.put(refOf("first", "one_time"), oneTime({ items: [product({ productId: "lumen_v2" })] }));
    await verify(buyer(), "first", "lumen_v2");
    const calls = countCalls();
    await verify(buyer(), "first", "lumen_v2");
    expect([calls(), play.count("getPurchase")]).toEqual([{ reads: 1, commits: 0, queries: 0 }, 2]);
    await verify(buyer(60_000), "first", "lumen_v2");
    expect([calls(), play.count("getPurchase")]).toEqual([{ reads: 2, commits: 0, queries: 0 }, 2]);
  });

  it("with a licence: one commit to record it, once in vain where the first event is still being told", async () => {
    play.put(refOf("first", "one_time"), oneTime());
    const [delivering, telling] = [createBackground("at_once"), createBackground("manual")];
    const backgrounds = [delivering];
    const run: Background["run"] = (task) => (backgrounds.pop() ?? telling).run(task);
    const calls = countCalls();
    const { grants } = await verify(newProcess(0, { ...telling, run }));
    expect(grants.some(({ key }) => key?.reveal() === only(licenses.all).key)).toBe(true);
    expect(calls()).toEqual({ reads: 2, commits: 3, queries: 0 });
    telling.flush();
    await drain();
    expect(await store.outbox.backlog(now() + DAY)).toMatchObject({ due: 0 });
  });
});

describe("what is read back", () => {
  it.each([
    [
      "a one-time purchase",
      () => oneTime({ items: [product({ productId: "credit_pack_50", quantity: 3, consumed: true })] }),
    ],
    ["a subscription", () => subscription()],
    [
      "a subscription with add-ons",
      () => subscription({ items: [lineItem(), lineItem({ productId: "lumen_cloud", orderId: "GPA.2" })] }),
    ],
  ])("is no news: the same answer about %s writes nothing", async (_, build) => {
    const purchase = { ...build(), accountId: ANN };
    play.put(refOf("first", purchase.type), purchase);
    await sync("first", purchase.type);
    await drain();
    const calls = countCalls();
    await sync("first", purchase.type, newProcess());
    expect(calls().commits).toBe(0);
    expect(licenses.all.every(({ status }) => status === "active")).toBe(true);
  });
});

describe("what lies in Firestore", () => {
  beforeEach(async () => {
    play.put(refOf("first"), subscription());
    await verify(ports, "first", "lumen_pro");
    await drain();
  });

  it("is what a client may read: its entitlements, by the names of the contract", async () => {
    const { docs } = await store.db.collection(`customers/${ANN}/entitlements`).get();
    expect(docs.map((doc) => doc.id)).toEqual(["desktop", "pro"]);
    const data = must(docs[1]).data();
    expect(Object.keys(data).sort()).toEqual([
      "access_until",
      "active",
      "entitlement_id",
      "expires_at",
      "product_ids",
      "purchase_ids",
      "state",
      "updated_at",
      "will_renew",
    ]);
    expect(data).toMatchObject({ entitlement_id: "pro", active: true, state: "active", will_renew: true });
    expect(data.access_until.toMillis() - data.expires_at.toMillis()).toBe(72 * HOUR);
  });

  it("is its grants with all but four characters of the key hidden", async () => {
    const { docs } = await store.db.collection(`customers/${ANN}/grants`).get();
    const row = must(docs.map((doc) => doc.data()).find((data) => data.entitlement_id === "desktop"));
    expect(row.license_key.key).toMatch(/^[*-]+0001$/);
    expect(row).toMatchObject({ customer_id: ANN, business_id: PACKAGE, status: "Delivered" });
  });

  it("has the key nowhere in clear, and the purchase token in its purchase alone", async () => {
    const found: string[] = [];
    const collections = await store.db.listCollections();
    const nested = [
      store.db.collection(`customers/${ANN}/entitlements`),
      store.db.collection(`customers/${ANN}/grants`),
    ];
    for (const collection of [...collections, ...nested]) {
      const { docs } = await collection.get();
      for (const doc of docs) {
        const text = `${doc.id} ${JSON.stringify(doc.data())}`;
        if (text.includes(only(licenses.all).key)) found.push(`key in ${doc.ref.path}`);
        if (text.includes(token("first").reveal())) found.push(`token in ${doc.ref.parent.path}`);
      }
    }
    expect(found).toEqual(["token in purchases"]);
  });

  it("says in order what happened, once each", async () => {
    const { docs } = await store.db.collection("grant_events").get();
    const types = docs.map((doc) => doc.get("type") as string).sort();
    expect(types.map((type) => type.split(".")[1])).toEqual(["created", "created", "delivered", "delivered"]);
  });
});

describe("many at once, over several processes", () => {
  it("make one purchase, one set of grants, one licence", async () => {
    play.put(refOf("first", "one_time"), oneTime({ acknowledged: false }));
    const processes = Array.from({ length: 4 }, () => newProcess());
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => verify(processes[index % 4])));
    const keys = answers.flatMap(({ grants }) => grants.flatMap(({ key }) => key?.reveal() ?? []));
    expect(new Set(keys)).toEqual(new Set([only(licenses.all).key]));
    expect(answers.flatMap(({ pendingEntitlements }) => pendingEntitlements)).toEqual([]);
    await drain();
    expect((await store.db.collection(`customers/${ANN}/grants`).get()).size).toBe(2);
    expect((await store.db.collection("grant_events").get()).size).toBe(4);
    expect(play.purchase(refOf("first", "one_time")).acknowledged).toBe(true);
  });

  it("of one customer's different purchases lose none", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `buy-${index}`);
    for (const name of names) {
      play.put(
        refOf(name, "one_time"),
        oneTime({ accountId: ANN, items: [product({ orderId: `GPA.${name}` })] }),
      );
    }
    const processes = Array.from({ length: 3 }, () => newProcess());
    await Promise.all(names.map((name, index) => sync(name, "one_time", processes[index % 3])));
    await drain();
    const { file } = await store.store.load({ ...NO_IDS, customerId: ANN });
    expect(file.customer?.entitlements.pro?.purchaseIds).toHaveLength(20);
    expect(licenses.all).toHaveLength(20);
    const slots = Object.values(file.customer?.slots ?? {}).filter(
      (slot) => slot.entitlementId === "desktop",
    );
    expect(slots.map(({ applied, attempt }) => [applied.kind, attempt])).toEqual(
      slots.map(() => ["active", null]),
    );
  });

  it("a subscription's life, each notice four times and at once, ends as it should", async () => {
    play.put(refOf("first"), subscription({ accountId: ANN }));
    const processes = Array.from({ length: 4 }, () => newProcess());
    const told = async (state: Purchase["state"], expiresAt: Instant) => {
      play.put(refOf("first"), subscription({ accountId: ANN, state, items: [lineItem({ expiresAt })] }));
      await Promise.all(processes.map((by) => sync("first", "subscription", by)));
    };
    const end = now() + 30 * DAY;
    await told("active", now() + 10 * DAY);
    await told("on_hold", now() - HOUR);
    await told("active", end);
    await drain();
    const license = only(licenses.live());
    expect(license).toMatchObject({ status: "active", expiresAt: end + 72 * HOUR });
    await told("expired", now() - HOUR);
    await drain();
    expect(licenses.live()).toEqual([]);
    const { file } = await store.store.load({ ...NO_IDS, customerId: ANN });
    expect(file.customer?.slots).toEqual({});
  });
});
