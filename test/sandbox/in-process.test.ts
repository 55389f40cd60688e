import { describe, expect, test } from "vitest";
import { seededRandom } from "../../sandbox/random.ts";
import type { Notification } from "../../sandbox/rtdn/publisher.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { DAY, PACKAGE } from "./support.ts";

const START = Date.UTC(2026, 0, 1);
const PLAN = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };
const ROOT = `http://sandbox.invalid/play/androidpublisher/v3/applications/${PACKAGE}`;

function life(seed: number) {
  const sandbox = createSandbox({ now: () => START, random: seededRandom(seed) });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  sandbox.play.act(purchaseToken, "renew");
  sandbox.play.act(purchaseToken, "refund_review");
  const order = { product: "my-app", policyId: "01J0000000000000000000PERP", quantity: 2 };
  const keys = sandbox.keythai.create(order);
  return {
    purchases: sandbox.play.purchases(),
    notices: sandbox.play.notifications,
    keys,
    publicKeys: sandbox.keythai.signer.publicKeys(),
  };
}

describe("without a socket", () => {
  test("one seed gives one run, another another", () => {
    expect(life(7)).toEqual(life(7));
    expect(life(8).purchases[0]?.purchaseToken).not.toBe(life(7).purchases[0]?.purchaseToken);
  });

  test("the services answer requests", async () => {
    const sandbox = createSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const url = `${ROOT}/purchases/subscriptionsv2/tokens/${purchaseToken}`;
    const response = await sandbox.fetch(new Request(url));
    expect(await response.json()).toMatchObject({ subscriptionState: "SUBSCRIPTION_STATE_ACTIVE" });
  });

  test("a cut connection rejects as fetch does, before or after the deed; a hanging one when it is left", async () => {
    const sandbox = createSandbox();
    const create = (signal?: AbortSignal) =>
      sandbox.fetch(
        new Request("http://sandbox.invalid/keythai/v1/licenses", {
          method: "POST",
          headers: { Authorization: "Bearer kt_test_sandbox" },
          body: JSON.stringify({ product: "my-app", policyId: "01J0000000000000000000PERP" }),
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    for (const [kind, made] of [
      ["cut_before", 0],
      ["cut_after", 1],
    ] as const) {
      sandbox.faults.add({ service: "keythai", kind });
      await expect(create()).rejects.toThrow(new TypeError("fetch failed"));
      expect(sandbox.keythai.licences).toHaveLength(made);
    }
    sandbox.faults.add({ service: "keythai", kind: "hang" });
    const leaving = new AbortController();
    const hanging = create(leaving.signal);
    leaving.abort();
    await expect(hanging).rejects.toThrow(TypeError);
    expect(sandbox.keythai.licences).toHaveLength(1);
  });

  test("notices are handed over in the same turn; a delay waits for the timer that was given", async () => {
    const got: Notification[] = [];
    const waits: { ms: number; wake: () => void }[] = [];
    const sandbox = createSandbox({
      rtdn: { kind: "function", deliver: (notification) => got.push(notification) },
      sleep: (ms) => new Promise((resolve) => waits.push({ ms, wake: () => resolve() })),
    });
    const { purchaseToken } = sandbox.play.buy(PLAN);
    expect(got).toHaveLength(1);
    sandbox.faults.add({ service: "rtdn", kind: "double" });
    sandbox.play.act(purchaseToken, "renew");
    expect(got).toHaveLength(3);
    sandbox.faults.add({ service: "rtdn", kind: "delay", delayMs: DAY });
    sandbox.play.act(purchaseToken, "cancel");
    expect(got).toHaveLength(3);
    expect(waits[0]?.ms).toBe(DAY);
    waits[0]?.wake();
    await sandbox.play.delivered();
    expect(got).toHaveLength(4);
  });
});

describe("the clock", () => {
  test("moves forward where nobody brought one, and never back", () => {
    const sandbox = createSandbox();
    const before = sandbox.clock.now();
    sandbox.clock.advance(DAY);
    expect(sandbox.clock.now() - before).toBeGreaterThanOrEqual(DAY);
    expect(() => sandbox.clock.advance(-1)).toThrow(/forward/);
  });

  test("belongs to whoever brought one", () => {
    const sandbox = createSandbox({ now: () => START });
    expect(sandbox.clock.now()).toBe(START);
    expect(() => sandbox.clock.advance(DAY)).toThrow(/outside/);
  });
});
