import { describe, expect, test } from "vitest";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { aSandbox, DAY, fixture, google, PACKAGE, shape, subscriptionPath, told } from "./support.ts";

const PLAN = { uid: "u".repeat(64), packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };
const PREPAID = { ...PLAN, basePlanId: "prepaid", autoRenewing: false };

type Line = { expiryTime?: string; latestSuccessfulOrderId?: string };
type Answer = { subscriptionState: string; lineItems: Line[]; linkedPurchaseToken?: string; etag: string };

async function read(sandbox: Sandbox, token: string): Promise<Answer> {
  const { status, body } = await google(sandbox, "GET", subscriptionPath(token));
  expect(status).toBe(200);
  return body as Answer;
}

function buyAndAck(sandbox: Sandbox, input = PLAN): string {
  const { purchaseToken } = sandbox.play.buy(input);
  sandbox.play.acknowledge(purchaseToken);
  return purchaseToken;
}

/** The actions, the fixture whose shape the answer then has, and what was told (facts sections 3 and 17). */
const LIVES: [actions: string, fixture: string, notices: string][] = [
  ["", "sub-active-new-unacknowledged", "4"],
  ["renew", "sub-active-renewed", "4 2"],
  ["grace", "sub-in-grace-period", "4 6"],
  ["grace grace", "sub-in-grace-period", "4 6"],
  ["grace renew", "sub-active-renewed", "4 6 2"],
  ["grace recover", "sub-active-renewed", "4 6 2"],
  ["grace hold", "sub-on-hold", "4 6 5"],
  ["hold recover", "sub-active-renewed", "4 5 1"],
  ["pause", "sub-paused", "4 10"],
  ["pause resume", "sub-active-renewed", "4 10 1"],
  ["cancel", "sub-canceled-still-entitled", "4 3"],
  ["cancel restart", "sub-active-renewed", "4 3 7"],
  ["revoke", "sub-expired-after-revoke", "4 12 void 1"],
  ["cancel expire", "", "4 3 13"],
  ["hold expire", "", "4 5 3 13"],
  ["refund", "", "4 12 void 1"],
];

describe("a subscription's life", () => {
  test.each(LIVES)("%s reads as %s and tells %s", async (actions, like, notices) => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    for (const action of actions.split(" ").filter(Boolean)) sandbox.play.act(purchaseToken, action);
    const answer = await read(sandbox, purchaseToken);
    if (like !== "") {
      const expected = fixture(like) as Answer;
      expect(shape(answer)).toEqual(shape(expected));
      expect(answer.subscriptionState).toBe(expected.subscriptionState);
    }
    expect(told(sandbox).join(" ")).toBe(notices);
  });

  test("expiry follows the state: forward in grace, past on hold, a new period after recovery", async () => {
    let now = Date.UTC(2026, 0, 1);
    const sandbox = await aSandbox({ now: () => now });
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const expiry = async () =>
      Date.parse((await read(sandbox, purchaseToken)).lineItems[0]?.expiryTime ?? "");
    expect(await expiry()).toBe(now + 30 * DAY);
    now += 30 * DAY;
    sandbox.play.act(purchaseToken, "grace", { days: 5 });
    expect(await expiry()).toBe(now + 5 * DAY);
    now += 5 * DAY;
    sandbox.play.act(purchaseToken, "hold");
    expect(await expiry()).toBe(now);
    now += 2 * DAY;
    sandbox.play.act(purchaseToken, "recover");
    expect(await expiry()).toBe(now + 30 * DAY);
  });

  test("each renewal is an order of its own, and a late one keeps the renewal date", async () => {
    const start = Date.UTC(2026, 0, 1);
    const sandbox = await aSandbox({ now: () => start });
    const { purchaseToken, orderId } = sandbox.play.buy(PLAN);
    sandbox.play.act(purchaseToken, "grace");
    const late = sandbox.play.act(purchaseToken, "renew");
    expect(late.orderId).toBe(`${orderId}..0`);
    expect(sandbox.play.act(purchaseToken, "renew").orderId).toBe(`${orderId}..1`);
    const { lineItems } = await read(sandbox, purchaseToken);
    expect(lineItems[0]?.expiryTime).toBe(new Date(start + 90 * DAY).toISOString());
  });

  test("what the state does not allow is a 409 that says what is possible", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const url = `${sandbox.url}/sandbox/purchases/${purchaseToken}/resume`;
    const response = await fetch(url, { method: "POST" });
    expect(response.status).toBe(409);
    expect(await response.text()).toMatch(/state ACTIVE; possible: cancel, renew/);
  });

  test("a pending one tells nothing until it is paid or given up", async () => {
    const sandbox = await aSandbox();
    const paid = sandbox.play.buy({ ...PREPAID, pending: true }).purchaseToken;
    expect(shape(await read(sandbox, paid))).toEqual(shape(fixture("sub-pending-first-payment")));
    expect(told(sandbox)).toEqual([]);
    sandbox.play.act(paid, "pay");
    const givenUp = sandbox.play.buy({ ...PREPAID, pending: true }).purchaseToken;
    sandbox.play.act(givenUp, "cancel");
    expect(told(sandbox)).toEqual(["4", "20"]);
  });
});

describe("change of plan", () => {
  test("immediate: a new linked token, the old one expired and replaced", async () => {
    const sandbox = await aSandbox();
    const old = buyAndAck(sandbox);
    const next = sandbox.play.act(old, "change_plan", { productId: "studio", price: 299 }).purchaseToken;
    const answer = await read(sandbox, next);
    expect(shape(answer)).toEqual(shape(fixture("sub-upgrade-linked-token")));
    expect(answer.linkedPurchaseToken).toBe(old);
    const replaced = fixture("sub-expired-replaced-by-upgrade");
    expect(shape(await read(sandbox, old))).toEqual(shape(replaced));
    expect(told(sandbox)).toEqual(["4", "13", "4"]);
  });

  test("deferred: two items that swap their parts at the next renewal", async () => {
    const sandbox = await aSandbox();
    const old = buyAndAck(sandbox);
    const input = { productId: "lite", mode: "DEFERRED" };
    const next = sandbox.play.act(old, "change_plan", input).purchaseToken;
    expect(shape(await read(sandbox, next))).toEqual(shape(fixture("sub-deferred-downgrade-two-items")));
    sandbox.play.act(next, "renew");
    const [was, is] = (await read(sandbox, next)).lineItems;
    expect(Date.parse(was?.expiryTime ?? "")).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(is?.expiryTime ?? "")).toBeGreaterThan(Date.now());
    expect(told(sandbox)).toEqual(["4", "13", "4", "2"]);
  });

  test("a pending prepaid top-up leaves the old token alone until it is paid, and adds its time", async () => {
    const start = Date.UTC(2026, 0, 1);
    const sandbox = await aSandbox({ now: () => start });
    const old = buyAndAck(sandbox, PREPAID);
    const dropped = sandbox.play.act(old, "change_plan", { pending: true }).purchaseToken;
    sandbox.play.act(dropped, "cancel");
    expect(shape(await read(sandbox, dropped))).toEqual(
      shape(fixture("sub-pending-purchase-canceled-topup")),
    );
    expect((await read(sandbox, old)).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
    const next = sandbox.play.act(old, "change_plan", { pending: true }).purchaseToken;
    sandbox.play.act(next, "pay");
    const answer = await read(sandbox, next);
    expect(shape(answer)).toEqual(shape(fixture("sub-prepaid-topup")));
    expect(answer.lineItems[0]?.expiryTime).toBe(new Date(start + 60 * DAY).toISOString());
    expect((await read(sandbox, old)).subscriptionState).toBe("SUBSCRIPTION_STATE_EXPIRED");
  });

  test("a resubscribe in the Play app names the expired purchase until it is acknowledged", async () => {
    const sandbox = await aSandbox();
    const old = buyAndAck(sandbox);
    sandbox.play.act(old, "expire");
    const { purchaseToken } = sandbox.play.buy({ ...PLAN, resubscribes: old });
    expect(shape(await read(sandbox, purchaseToken))).toEqual(shape(fixture("sub-resubscribe-out-of-app")));
    const path = `/purchases/subscriptions/plan/tokens/${purchaseToken}:acknowledge`;
    await google(sandbox, "POST", path, { externalAccountIds: { obfuscatedAccountId: "u1" } });
    const answer = await read(sandbox, purchaseToken);
    expect(answer).toMatchObject({ externalAccountIdentifiers: { obfuscatedExternalAccountId: "u1" } });
    expect(answer).not.toHaveProperty("outOfAppPurchaseContext");
  });
});

describe("refunds of a subscription", () => {
  test("an older order: the void is told, the subscription goes on", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken, orderId } = sandbox.play.buy(PLAN);
    sandbox.play.act(purchaseToken, "renew");
    sandbox.play.act(purchaseToken, "refund", { orderId: orderId ?? "" });
    expect((await read(sandbox, purchaseToken)).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
    expect(told(sandbox)).toEqual(["4", "2", "void 1"]);
  });

  test("without revoke nothing is told; with keepState the void runs ahead of the state", async () => {
    const sandbox = await aSandbox();
    const quiet = sandbox.play.buy(PLAN).purchaseToken;
    sandbox.play.act(quiet, "refund", { revoke: false });
    expect(told(sandbox)).toEqual(["4"]);
    const early = sandbox.play.buy(PLAN).purchaseToken;
    sandbox.play.act(early, "refund", { keepState: true });
    expect(told(sandbox)).toEqual(["4", "4", "void 1"]);
    expect((await read(sandbox, early)).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
  });
});

describe("version 2 methods", () => {
  test("cancel, defer and revoke act on the purchase; defer wants the latest etag", async () => {
    const sandbox = await aSandbox();
    const { purchaseToken } = sandbox.play.buy(PLAN);
    const { etag } = await read(sandbox, purchaseToken);
    const path = subscriptionPath(purchaseToken);
    const defer = { deferralContext: { etag, deferDuration: "864000s" } };
    expect((await google(sandbox, "POST", `${path}:defer`, defer)).body).toHaveProperty(
      "itemExpiryTimeDetails",
    );
    expect((await google(sandbox, "POST", `${path}:defer`, defer)).status).toBe(409);
    const cancel = fixture("sub-cancel-request");
    expect(await google(sandbox, "POST", `${path}:cancel`, cancel)).toMatchObject({ status: 200, body: "" });
    expect(
      await google(sandbox, "POST", `${path}:revoke`, fixture("sub-revoke-request-prorated")),
    ).toMatchObject({ status: 200, body: "" });
    expect(told(sandbox)).toEqual(["4", "9", "3", "12", "void 1"]);
  });

  test("revoking one item of two leaves the other", async () => {
    const sandbox = await aSandbox();
    const items = ["plan", "extra"].map((productId) => ({ productId, basePlanId: "monthly" }));
    const { purchaseToken } = sandbox.play.buy({ ...PLAN, items });
    const body = { revocationContext: { itemBasedRefund: { productId: "extra" } } };
    await google(sandbox, "POST", `${subscriptionPath(purchaseToken)}:revoke`, body);
    const answer = await read(sandbox, purchaseToken);
    expect(answer.subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
    const ended = answer.lineItems.map(({ expiryTime }) => Date.parse(expiryTime ?? "") <= Date.now());
    expect(ended).toEqual([false, true]);
  });
});
