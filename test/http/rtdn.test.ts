import { describe, expect, test } from "vitest";
import {
  type Answer,
  answerOf,
  expectCommonHeaders,
  expectProblem,
  PACKAGE,
  PUSH_ACCOUNT,
  PUSH_AUDIENCE,
  sharedService,
  startService,
  type TestService,
  until,
  verifiedOf,
} from "./support/service.ts";

const PATH = "/v1/rtdn";
const UNKNOWN = `${"a".repeat(24)}.${"B".repeat(120)}`;

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The wrapped body of Pub/Sub's push, doubled keys and all. */
function envelope(data: string, messageId = "1001") {
  const publishTime = "2026-11-22T12:00:00Z";
  return {
    message: { data, messageId, message_id: messageId, publishTime, publish_time: publishTime },
    subscription: "projects/p/subscriptions/s",
  };
}

function notice(fields: object, packageName = PACKAGE) {
  return { version: "1.0", packageName, eventTimeMillis: String(Date.now()), ...fields };
}

const oneTime = (purchaseToken: string, notificationType = 1, sku = "badge") =>
  notice({ oneTimeProductNotification: { version: "1.0", notificationType, purchaseToken, sku } });
const subscription = (purchaseToken: string, notificationType = 4) =>
  notice({ subscriptionNotification: { version: "1.0", notificationType, purchaseToken } });

interface PushOptions {
  readonly messageId?: string;
  readonly claims?: Partial<Parameters<TestService["sandbox"]["identity"]["pushToken"]>[0]> | undefined;
}

async function push(
  service: TestService,
  what: object,
  { messageId, claims }: PushOptions = {},
): Promise<Answer> {
  return pushRaw(service, JSON.stringify(envelope(base64(JSON.stringify(what)), messageId)), claims);
}

async function pushRaw(
  service: TestService,
  body: string,
  claims: PushOptions["claims"] = {},
): Promise<Answer> {
  const token = await service.sandbox.identity.pushToken({
    audience: PUSH_AUDIENCE,
    email: PUSH_ACCOUNT,
    ...claims,
  });
  return service.call("POST", PATH, { body, headers: { Authorization: `Bearer ${token}` } });
}

function expectDone(answer: Answer): void {
  expect(answer.status, answer.text).toBe(204);
  expect(answer.text).toBe("");
  expectCommonHeaders(answer);
}

const letters = (service: TestService) => [...service.tables.deadLetters.values()];

describe("401 and nothing is read", () => {
  test.each<[string, PushOptions["claims"]]>([
    ["another audience", { audience: "https://evil.example" }],
    ["another account", { email: "other@example.iam.gserviceaccount.com" }],
    ["an address nobody verified", { emailVerified: false }],
    ["another issuer", { issuer: "https://evil.example" }],
    ["expired", { expiresIn: -10 }],
  ])("%s", async (_what, claims) => {
    const service = await startService();
    const { purchase_token } = service.buy("badge");
    expectProblem(await push(service, oneTime(purchase_token), { claims }), 401, "unauthenticated");
    expectProblem(await pushRaw(service, "garbage", claims), 401, "unauthenticated");
    expect(service.sandbox.play.calls.get).toBe(0);
    expect(letters(service)).toEqual([]);
  });

  test("no token, a foreign key, an app user's token: not a byte of the body", async () => {
    const service = await startService();
    const { sandbox: stranger } = await startService();
    const tokens = [
      null,
      await stranger.identity.pushToken({ audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT }),
      await service.sandbox.identity.token({ uid: "ann", audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT }),
    ];
    for (const token of tokens) {
      let pulled = 0;
      const pull = () => {
        pulled += 1;
      };
      const response = await service.app.request(PATH, {
        method: "POST",
        headers: token === null ? {} : { Authorization: `Bearer ${token}` },
        body: new ReadableStream({ pull }, { highWaterMark: 0 }),
        duplex: "half",
      });
      expectProblem(await answerOf(response), 401, "unauthenticated");
      expect(pulled).toBe(0);
    }
  });

  test.each(["RTDN_PUSH_AUDIENCE", "RTDN_PUSH_SERVICE_ACCOUNT"])(
    "without %s nobody is believed",
    async (name) => {
      const service = await startService({ [name]: "" });
      expectProblem(
        await push(service, oneTime(service.buy("badge").purchase_token)),
        401,
        "unauthenticated",
      );
    },
  );
});

test("either way in which Google writes its name is believed", async () => {
  const service = await startService();
  for (const issuer of ["https://accounts.google.com", "accounts.google.com"]) {
    expectDone(await push(service, notice({ testNotification: { version: "1.0" } }), { claims: { issuer } }));
  }
});

describe("what Google tells is synced", () => {
  test("a purchase whose account id names a customer is granted from RTDN alone, and acknowledged", async () => {
    const service = await startService();
    const { purchase_token } = service.buy("lifetime");
    expectDone(await push(service, oneTime(purchase_token)));
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [
        { entitlement_id: "desktop", active: true },
        { entitlement_id: "premium", active: true },
      ],
    });
    await until(() => service.tables.outbox.size === 0);
    expect(service.sandbox.play.purchase(purchase_token).acknowledged).toBe(true);
    expect(service.sandbox.keythai.calls.create).toBe(1);
  });

  test("hmac: it is found once the app has asked for the id", async () => {
    const key = Buffer.alloc(32, 9).toString("base64");
    const service = await startService({ OBFUSCATED_ACCOUNT_ID: "hmac", OBFUSCATED_ACCOUNT_KEY: key });
    const { body } = await service.get("/v1/account", "ann");
    const { obfuscated_account_id: obfuscatedAccountId } = body as { obfuscated_account_id: string };
    expectDone(await push(service, oneTime(service.buy("badge", { obfuscatedAccountId }).purchase_token)));
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: true }],
    });
  });

  test("one that nobody is named for is stored unclaimed: neither granted nor acknowledged until verified", async () => {
    const service = await startService();
    const bought = service.buy("badge", { obfuscatedAccountId: null });
    expectDone(await push(service, oneTime(bought.purchase_token)));
    expect(service.tables.purchases.size).toBe(1);
    expect(service.tables.grants.size).toBe(0);
    expect(service.tables.outbox.size).toBe(0);
    expect(service.sandbox.play.purchase(bought.purchase_token).acknowledged).toBe(false);
    expect(verifiedOf(await service.verify("ann", bought)).purchase.access).toBe(true);
    await until(() => service.sandbox.play.purchase(bought.purchase_token).acknowledged);
  });

  test("the paid QR: pending at verify, granted by the notice", async () => {
    const service = await startService();
    const bought = service.buy("badge", { pending: true });
    verifiedOf(await service.verify("ann", bought));
    service.sandbox.play.act(bought.purchase_token, "pay");
    expectDone(await push(service, oneTime(bought.purchase_token)));
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: true }],
    });
  });

  test("the number in it is a hint: unknown types are synced like any other", async () => {
    const service = await startService();
    expectDone(await push(service, oneTime(service.buy("badge").purchase_token, 99)));
    const plan = service.buy("plan").purchase_token;
    expectDone(await push(service, subscription(plan, 4711), { messageId: "2" }));
    const other = service.buy("badge").purchase_token;
    const unknownKind = notice({ someProductNotification: { version: "2.0", purchaseToken: other } });
    expectDone(await push(service, unknownKind, { messageId: "3" }));
    expect(service.tables.purchases.size).toBe(3);
    expect(letters(service)).toEqual([]);
  });

  test("a refund takes access away, and the licence with it", async () => {
    const service = await startService();
    const bought = service.buy("lifetime");
    verifiedOf(await service.verify("ann", bought));
    service.sandbox.play.act(bought.purchase_token, "refund", { notify: false });
    const told = service.sandbox.play.notifications.at(-1)?.body;
    expectDone(await push(service, told as object));
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: false }, { active: false }],
    });
    const { data } = (await service.get("/v1/grants", "ann")).body as {
      data: { revocation_reason: string }[];
    };
    expect(data.map((grant) => grant.revocation_reason)).toEqual(["refund", "refund"]);
    await until(() => service.sandbox.keythai.licences[0]?.status === "revoked");
  });

  test("the sandbox's own pushes are taken, in any number", async () => {
    const service = await startService();
    const bought = service.buy("plan", { basePlanId: "team" });
    service.sandbox.play.act(bought.purchase_token, "renew");
    for (const told of service.sandbox.play.notifications) {
      for (let copy = 0; copy < 3; copy += 1) expectDone(await push(service, told.body as object));
    }
    await until(() => service.tables.outbox.size === 0);
    expect(service.sandbox.keythai.calls.create).toBe(1);
    expect(service.tables.grants.size).toBe(3);
  });
});

describe("bad messages are kept as dead letters and acked", () => {
  const shared = sharedService();
  const tokenNotice = { notificationType: 1, purchaseToken: UNKNOWN };
  const CASES: readonly [string, string, string, string | null][] = [
    ["no JSON at all", "not json", "malformed_envelope", null],
    ["an empty body", "", "malformed_envelope", null],
    ["no message", "{}", "malformed_envelope", null],
    ["null", "null", "malformed_envelope", null],
    ["a message without data", JSON.stringify({ message: { messageId: "1" } }), "malformed_envelope", null],
    ["data that is no text", JSON.stringify({ message: { data: 5 } }), "malformed_envelope", null],
    ["not base64", JSON.stringify(envelope("%%%")), "not_base64", null],
    ["half base64", JSON.stringify(envelope("abc")), "not_base64", null],
    ["empty data", JSON.stringify(envelope("")), "not_base64", null],
    ["not JSON inside", JSON.stringify(envelope(base64("hello"))), "not_json", null],
    [
      "bytes inside",
      JSON.stringify(envelope(Buffer.from([0xff, 0xfe]).toString("base64"))),
      "not_json",
      null,
    ],
    ["a list inside", JSON.stringify(envelope(base64("[]"))), "malformed_notification", null],
    ["null inside", JSON.stringify(envelope(base64("null"))), "malformed_notification", null],
    ["nothing inside", inside({}), "malformed_notification", null],
    ["no package", inside({ eventTimeMillis: "1", testNotification: {} }), "malformed_notification", null],
    [
      "no token",
      inside(notice({ subscriptionNotification: { notificationType: 4 } })),
      "malformed_notification",
      null,
    ],
    [
      "an unknown package",
      inside(notice({ oneTimeProductNotification: tokenNotice }, "com.other.app")),
      "package_not_allowed",
      "com.other.app",
    ],
    ["a token that Google doesn't know", inside(oneTime(UNKNOWN)), "purchase_not_found", PACKAGE],
    ["a token that Google calls invalid", inside(oneTime("x".repeat(40))), "purchase_not_found", PACKAGE],
    ["a token that can't be one", inside(subscription("../../x")), "purchase_not_found", PACKAGE],
  ];

  function inside(what: object): string {
    return JSON.stringify(envelope(base64(JSON.stringify(what))));
  }

  test.each(CASES)("%s", async (_what, body, reason, packageName) => {
    const service = shared();
    service.tables.deadLetters.clear();
    expectDone(await pushRaw(service, body));
    const message = (safeJson(body) as { message?: { data?: unknown } } | null)?.message;
    expect(letters(service)).toEqual([
      {
        id: expect.stringMatching(/^dlt_[0-9a-f]{32}$/),
        reason,
        messageId: reason === "malformed_envelope" ? null : "1001",
        source: "push",
        receivedAt: expect.any(Number),
        packageName,
        data: reason === "malformed_envelope" ? body : message?.data,
      },
    ]);
    expect(service.tables.purchases.size).toBe(0);
  });

  test("an unknown product", async () => {
    const service = await startService();
    expectDone(await push(service, oneTime(service.buy("yacht").purchase_token, 1, "yacht")));
    expect(letters(service)).toMatchObject([{ reason: "product_not_in_catalog", packageName: PACKAGE }]);
  });

  test("redelivered it is the same letter; the queue goes on", async () => {
    const service = await startService();
    for (let copy = 0; copy < 3; copy += 1)
      expectDone(await push(service, oneTime(UNKNOWN), { messageId: "7" }));
    expectDone(await push(service, oneTime(UNKNOWN), { messageId: "8" }));
    expectDone(await push(service, oneTime(service.buy("badge").purchase_token), { messageId: "9" }));
    expect(letters(service)).toHaveLength(2);
    expect(service.tables.purchases.size).toBe(1);
  });

  test("the store can't keep it: 503, so that it isn't lost", async () => {
    const service = await startService();
    const { addDeadLetter } = service.ports.intake;
    service.ports.intake.addDeadLetter = async () => {
      throw new Error("down");
    };
    expectProblem(await pushRaw(service, "not json"), 503, "notice_not_handled");
    service.ports.intake.addDeadLetter = addDeadLetter;
    expectDone(await pushRaw(service, "not json"));
    expect(letters(service)).toHaveLength(1);
  });
});

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

describe("set aside knowingly", () => {
  test("a test notification", async () => {
    const service = await startService();
    expectDone(await push(service, notice({ testNotification: { version: "1.0" } })));
    expect(service.lines.join("")).toContain('"outcome":"test"');
    expect(service.sandbox.play.calls.get).toBe(0);
    expect(letters(service)).toEqual([]);
  });

  test("a kind that Google adds later, without a token", async () => {
    const service = await startService();
    expectDone(await push(service, notice({ weatherNotification: { rain: true } })));
    expect(service.lines.join("")).toContain("weatherNotification");
    expect(service.sandbox.play.calls.get).toBe(0);
  });

  test("a token that Google has forgotten: what was granted stays", async () => {
    const service = await startService();
    expectDone(await push(service, subscription(service.buy("badge").purchase_token)));
    expect(service.tables.purchases.size).toBe(0);
  });

  test("a refund review is kept for the admin, once, and access is not touched", async () => {
    const service = await startService();
    const bought = service.buy("badge");
    const { purchase } = verifiedOf(await service.verify("ann", bought));
    service.sandbox.play.act(bought.purchase_token, "refund_review", { notify: false });
    const told = service.sandbox.play.notifications.at(-1)?.body as {
      eventTimeMillis: string;
      pendingRefundReviewNotification: { pendingRefundToken: string };
    };
    const calls = service.sandbox.play.calls.get;
    expectDone(await push(service, told));
    expectDone(await push(service, told, { messageId: "2" }));
    const reviews = [...service.tables.refundReviews.values()];
    expect(reviews).toMatchObject([
      {
        packageName: PACKAGE,
        orderId: purchase.order_id,
        answerBy: Number(told.eventTimeMillis) + 24 * 3_600_000,
      },
    ]);
    expect(reviews[0]?.pendingRefundToken.reveal()).toBe(
      told.pendingRefundReviewNotification.pendingRefundToken,
    );
    expect(service.sandbox.play.calls.get).toBe(calls);
    expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
      entitlements: [{ active: true }],
    });
  });
});

describe("503 while Google fails, nothing changed, and redelivery heals it", () => {
  test.each(["status_401", "status_403", "status_429", "status_503", "broken_json", "cut_before"] as const)(
    "%s",
    { timeout: 15_000 },
    async (kind) => {
      const service = await startService();
      const told = oneTime(service.buy("badge").purchase_token);
      service.sandbox.faults.add({ service: "play", kind, count: null });
      const before = service.stored();
      const answer = await push(service, told);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("Retry-After")).toMatch(/^\d+$/);
      expect(service.stored()).toBe(before);
      service.sandbox.faults.clear();
      expectDone(await push(service, told));
      expect((await service.get("/v1/entitlements", "ann")).body).toMatchObject({
        entitlements: [{ active: true }],
      });
      expect(letters(service)).toEqual([]);
    },
  );

  test("a bug of ours is a 503 too: the message isn't lost", async () => {
    const service = await startService();
    const told = oneTime(service.buy("badge").purchase_token);
    const { load } = service.ports.store;
    service.ports.store.load = () => Promise.reject(new TypeError("bug"));
    expect((await push(service, told)).status).toBe(503);
    service.ports.store.load = load;
    expectDone(await push(service, told));
  });
});

test("twenty deliveries at once are two Google calls at most and one write", async () => {
  const service = await startService();
  const { purchase_token } = service.buy("badge", { obfuscatedAccountId: null });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      push(service, oneTime(purchase_token), { messageId: `m${index}` }),
    ),
  );
  for (const answer of answers) expectDone(answer);
  expect(service.sandbox.play.calls.get).toBeLessThanOrEqual(2);
  const [row] = service.tables.purchases.values();
  expect(row?.value.revision).toBe(1);
  expect(service.tables.audit).toHaveLength(1);
});
