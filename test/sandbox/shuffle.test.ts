import { expect, test } from "vitest";
import { seededRandom } from "../../sandbox/random.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { PACKAGE } from "./support.ts";

const PLAN = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };

/** The types of a purchase and six renewals, in the order in which they came out. */
function run(seed: number, count: number | null) {
  const got: number[] = [];
  const sandbox = createSandbox({
    random: seededRandom(seed),
    rtdn: { kind: "function", deliver: ({ messageId }) => got.push(ids.indexOf(messageId)) },
  });
  sandbox.faults.add({ service: "rtdn", kind: "shuffle", count });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  for (let i = 0; i < 5; i += 1) sandbox.play.act(purchaseToken, "renew");
  const ids = sandbox.play.notifications.map(({ messageId }) => messageId);
  return { got, sandbox, purchaseToken, ids };
}

test("shuffle collects so many notices and lets them out in an order of chance", () => {
  const sandbox = createSandbox({
    random: seededRandom(3),
    rtdn: { kind: "function", deliver: ({ messageId }) => got.push(messageId) },
  });
  const got: string[] = [];
  sandbox.faults.add({ service: "rtdn", kind: "shuffle", count: 6 });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  for (let i = 0; i < 4; i += 1) sandbox.play.act(purchaseToken, "renew");
  expect(got).toEqual([]);
  expect(sandbox.play.notifications.map(({ delivery }) => delivery)).toEqual(Array(5).fill("held"));
  sandbox.play.act(purchaseToken, "renew");
  const sent = sandbox.play.notifications.map(({ messageId }) => messageId);
  expect(got).not.toEqual(sent);
  expect([...got].sort()).toEqual([...sent].sort());
  sandbox.play.act(purchaseToken, "renew");
  expect(got).toHaveLength(7);
});

test("one seed, one order; what is held without a count comes out when it is released", async () => {
  const orderOf = async (seed: number) => {
    const { got, sandbox } = run(seed, null);
    expect(got).toEqual([]);
    const release = new Request("http://sandbox.invalid/sandbox/rtdn/release", { method: "POST" });
    expect((await sandbox.fetch(release)).status).toBe(204);
    return got;
  };
  const first = await orderOf(5);
  expect(first).toHaveLength(6);
  expect(await orderOf(5)).toEqual(first);
  expect(await orderOf(6)).not.toEqual(first);
});
