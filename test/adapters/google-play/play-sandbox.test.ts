import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/sandbox.ts";
import { PACKAGE } from "../../support/builders.ts";
import { playOn, refOf } from "./fake-google.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.faults.clear());
afterAll(() => sandbox.close());

function playOnSandbox() {
  return playOn(`${sandbox.url}/play`, { attemptTimeoutMs: 200, totalBudgetMs: 2000 }).play;
}

function subscription() {
  const { purchaseToken } = sandbox.play.buy({
    uid: "ann",
    packageName: PACKAGE,
    productId: "pro",
    basePlanId: "monthly",
  });
  return refOf("subscription", purchaseToken);
}

function consumable() {
  const { purchaseToken } = sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId: "coins" });
  return refOf("one_time", purchaseToken);
}

test("a subscription is read, acknowledged and read again", async () => {
  const play = playOnSandbox();
  const ref = subscription();
  expect(await play.getPurchase(ref, "app")).toMatchObject({
    subscriptionState: "SUBSCRIPTION_STATE_ACTIVE",
    acknowledgementState: "ACKNOWLEDGEMENT_STATE_PENDING",
  });
  await play.acknowledge(ref, "pro");
  expect(await play.getPurchase(ref, "app")).toHaveProperty(
    "acknowledgementState",
    "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED",
  );
});

test("a token of the other kind, or of nobody, is not found", async () => {
  const play = playOnSandbox();
  const missing = { code: "purchase_not_found" };
  await expect(
    play.getPurchase(refOf("one_time", subscription().token.reveal()), "app"),
  ).rejects.toMatchObject(missing);
  await expect(play.getPurchase(refOf("subscription"), "app")).rejects.toMatchObject(missing);
});

test.each(["status_503", "status_429", "cut_before", "cut_after", "hang"] as const)(
  "one %s is got over",
  async (kind) => {
    const play = playOnSandbox();
    const ref = subscription();
    sandbox.faults.add({ service: "play", kind, retryAfterSeconds: 0 });
    expect(await play.getPurchase(ref, "app")).toHaveProperty("subscriptionState");
    sandbox.faults.add({ service: "play", kind, retryAfterSeconds: 0 });
    await play.acknowledge(ref, "pro");
  },
);

test("a consume whose answer is lost took effect, which a read tells", async () => {
  const play = playOnSandbox();
  const ref = consumable();
  sandbox.faults.add({ service: "play", kind: "cut_after", path: ":consume" });
  await expect(play.consume(ref, "coins")).rejects.toMatchObject({
    code: "play_unavailable",
    retryable: true,
  });
  expect(JSON.stringify(await play.getPurchase(ref, "notice"))).toContain("CONSUMPTION_STATE_CONSUMED");
  await expect(play.consume(ref, "coins")).rejects.toMatchObject({ code: "purchase_not_found" });
});
