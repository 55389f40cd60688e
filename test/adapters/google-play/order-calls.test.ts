import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/sandbox.ts";
import { DAY, MINUTE } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { RefundReview } from "../../../src/ports.ts";
import { only, PACKAGE } from "../../support/builders.ts";
import { errorAnswer, playOn, refusal, startFakeGoogle } from "./fake-google.ts";

const APP = `/play/androidpublisher/v3/applications/${PACKAGE}`;
const EMPTY = { status: 200, body: {} };
const query = (overrides = {}) => ({
  packageName: PACKAGE,
  since: Date.now(),
  pageToken: null,
  ...overrides,
});
const review = (overrides: Partial<RefundReview> = {}): RefundReview => ({
  packageName: PACKAGE,
  pendingRefundToken: new Secret("prt-secret"),
  orderId: "GPA.3345-1234-5678-90123..0",
  refundReason: 7,
  receivedAt: 0,
  answerBy: DAY,
  ...overrides,
});

describe("the list of voids", () => {
  const asked = (request: string | undefined): Record<string, string> => {
    const url = new URL(request?.split(" ")[1] ?? "", "http://google");
    return { path: url.pathname, ...Object.fromEntries(url.searchParams) };
  };

  test("asks for both kinds, parts of quantities included, since a moment", async () => {
    const google = await startFakeGoogle({ status: 200, body: { voidedPurchases: [{ orderId: "GPA.1" }] } });
    const since = Date.now() - DAY;
    const answer = await playOn(google.rootUrl).play.voidedPurchases(query({ since }));
    expect(answer).toEqual({ voidedPurchases: [{ orderId: "GPA.1" }] });
    expect(google.requests[0]).toMatch(/^GET /);
    expect(asked(google.requests[0])).toEqual({
      path: `${APP}/purchases/voidedpurchases`,
      type: "1",
      includeQuantityBasedPartialRefund: "true",
      maxResults: "1000",
      startTime: String(since),
    });
  });

  test("goes on by the page's token alone", async () => {
    const google = await startFakeGoogle(EMPTY);
    await playOn(google.rootUrl).play.voidedPurchases(query({ pageToken: "next" }));
    expect(asked(google.requests[0])).toMatchObject({ token: "next", type: "1" });
    expect(asked(google.requests[0])).not.toHaveProperty("startTime");
  });

  test("asks for no more than the 30 days that Google keeps, which it would refuse", async () => {
    const google = await startFakeGoogle(EMPTY);
    await playOn(google.rootUrl).play.voidedPurchases(query({ since: 0 }));
    const age = Date.now() - Number(asked(google.requests[0]).startTime);
    expect(age).toBeLessThan(30 * DAY);
    expect(age).toBeGreaterThan(30 * DAY - 5 * MINUTE);
  });

  test("is asked 25 times at once and then slowly, each app for itself", async () => {
    const google = await startFakeGoogle(EMPTY);
    const { play } = playOn(google.rootUrl);
    for (let page = 0; page < 25; page += 1) await play.voidedPurchases(query());
    await expect(play.voidedPurchases(query())).rejects.toMatchObject({
      code: "play_unavailable",
      retryable: true,
      retryAfterMs: expect.toSatisfy((ms: number) => ms > 8_000 && ms <= 15_000),
    });
    await play.voidedPurchases(query({ packageName: "th.example.other" }));
    await play.reviewRefund(review(), "neutral");
    expect(google.requests).toHaveLength(27);
  });

  test("is asked again after an answer that tells nothing", async () => {
    const google = await startFakeGoogle(refusal(503), "cut", EMPTY);
    expect(await playOn(google.rootUrl).play.voidedPurchases(query())).toEqual({});
    expect(google.requests).toHaveLength(3);
  });

  test.each([
    ["a package that can't be one", "a/../b", { code: "purchase_not_found", retryable: false }],
    ["no package", "", { code: "purchase_not_found" }],
  ])("of %s isn't asked for", async (_, packageName, error) => {
    const google = await startFakeGoogle(EMPTY);
    await expect(playOn(google.rootUrl).play.voidedPurchases(query({ packageName }))).rejects.toMatchObject(
      error,
    );
    expect(google.requests).toEqual([]);
  });
});

describe("our view of a refund", () => {
  test.each([
    ["approve", "APPROVE"],
    ["decline", "DECLINE"],
    ["neutral", "NEUTRAL"],
  ] as const)("%s", async (preference, word) => {
    const google = await startFakeGoogle({ status: 200 });
    await playOn(google.rootUrl).play.reviewRefund(review(), preference);
    expect(google.requests).toEqual([`POST ${APP}/orders/GPA.3345-1234-5678-90123..0:reviewrefund`]);
    expect(JSON.parse(only(google.bodies))).toEqual({
      pendingRefundToken: "prt-secret",
      refundPreference: word,
      sampleContentProvided: false,
    });
  });

  test.each([refusal(500), "cut"] as const)("isn't given twice where nobody knows: %o", async (answer) => {
    const google = await startFakeGoogle(answer);
    const { play, lines } = playOn(google.rootUrl);
    const error = await play.reviewRefund(review(), "decline").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "play_unavailable", retryable: true });
    expect(google.requests).toHaveLength(1);
    expect(JSON.stringify([error, String(error), lines])).not.toContain("prt-secret");
  });

  test("that Google refuses is refused for good; a lack of rights is told aloud", async () => {
    const google = await startFakeGoogle(refusal(400, "invalidValue"), refusal(401));
    const { play, lines } = playOn(google.rootUrl);
    await expect(play.reviewRefund(review(), "neutral")).rejects.toMatchObject({
      code: "purchase_not_found",
      retryable: false,
    });
    await expect(play.reviewRefund(review(), "neutral")).rejects.toMatchObject({
      code: "play_rejected_credentials",
    });
    expect(lines).toMatchObject([
      {
        event: "play.rejected_credentials",
        fields: { method: "orders.reviewrefund", packageName: PACKAGE },
      },
    ]);
  });

  test.each(["", "../x", "GPA.1/refund", "GPA.1:refund", `G${"1".repeat(300)}`])(
    "of what can't be an order isn't sent: %s",
    async (orderId) => {
      const google = await startFakeGoogle({ status: 200 });
      await expect(
        playOn(google.rootUrl).play.reviewRefund(review({ orderId }), "neutral"),
      ).rejects.toMatchObject({ code: "purchase_not_found" });
      expect(google.requests).toEqual([]);
    },
  );
});

describe("on the sandbox", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, smtpPort: null });
  });
  afterEach(() => sandbox.faults.clear());
  afterAll(() => sandbox.close());

  const play = () => playOn(`${sandbox.url}/play`).play;
  const buy = (productId: string, quantity = 1) =>
    sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId, quantity });

  test("voids of both kinds come, those of single units too, the oldest first", async () => {
    const since = Date.now() - MINUTE;
    const plan = sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId: "pro", basePlanId: "m" });
    const coins = buy("coins", 3);
    sandbox.play.act(plan.purchaseToken, "revoke");
    sandbox.play.act(coins.purchaseToken, "refund", { quantity: 1 });
    expect(await play().voidedPurchases(query({ since }))).toMatchObject({
      voidedPurchases: [
        { purchaseToken: plan.purchaseToken },
        { purchaseToken: coins.purchaseToken, voidedQuantity: 1 },
      ],
    });
    expect(await play().voidedPurchases(query({ since: 0 }))).toHaveProperty("voidedPurchases");
  });

  test("a review is answered once, by the first that comes", async () => {
    const { purchaseToken } = buy("lifetime");
    sandbox.play.act(purchaseToken, "refund_review");
    const asked = [...sandbox.play.world.reviews.values()].at(-1);
    const pending = review({
      orderId: asked?.orderId ?? "",
      pendingRefundToken: new Secret(asked?.pendingRefundToken ?? ""),
    });
    sandbox.faults.add({ service: "play", kind: "cut_after", path: "reviewrefund" });
    await expect(play().reviewRefund(pending, "decline")).rejects.toMatchObject({ code: "play_unavailable" });
    await play().reviewRefund(pending, "approve");
    expect(asked).toMatchObject({ preference: "DECLINE", answers: 2 });
    const foreign = review({ ...pending, pendingRefundToken: new Secret("another") });
    await expect(play().reviewRefund(foreign, "approve")).rejects.toMatchObject({
      code: "purchase_not_found",
    });
  });

  test("one 429 is waited out", async () => {
    sandbox.faults.add({ service: "play", kind: "status_429", retryAfterSeconds: 0 });
    expect(await play().voidedPurchases(query())).toBeTypeOf("object");
  });
});

test("Google's own words for a used-up quota slow the list down", async () => {
  const google = await startFakeGoogle(errorAnswer("429-quota"), EMPTY);
  expect(await playOn(google.rootUrl).play.voidedPurchases(query())).toEqual({});
});
