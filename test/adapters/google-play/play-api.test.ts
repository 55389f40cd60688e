import { expect, test } from "vitest";
import { PACKAGE } from "../../support/builders.ts";
import { playOn, refOf, startFakeGoogle, TOKEN } from "./fake-google.ts";

const FOUND = { status: 200, body: { kind: "found" } };
const ROOT = `/play/androidpublisher/v3/applications/${PACKAGE}/purchases`;

test("each call goes to Google's own path, below the path of the root", async () => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl);
  await play.getPurchase(refOf("subscription"), "app");
  await play.getPurchase(refOf("one_time"), "app");
  await play.acknowledge(refOf("subscription"), "pro");
  await play.acknowledge(refOf("one_time"), "lifetime");
  await play.consume(refOf("one_time"), "coins");
  expect(google.requests).toEqual([
    `GET ${ROOT}/subscriptionsv2/tokens/${TOKEN}`,
    `GET ${ROOT}/productsv2/tokens/${TOKEN}`,
    `POST ${ROOT}/subscriptions/pro/tokens/${TOKEN}:acknowledge`,
    `POST ${ROOT}/products/lifetime/tokens/${TOKEN}:acknowledge`,
    `POST ${ROOT}/products/coins/tokens/${TOKEN}:consume`,
  ]);
  expect(google.bodies).toEqual(["", "", "{}", "{}", ""]);
  // No credentials for a fake.
  expect(google.headers.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test("an account id goes with the acknowledgement, unless it is longer than Google takes", async () => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl);
  await play.acknowledge(refOf("subscription"), "pro", "a".repeat(64));
  await play.acknowledge(refOf("subscription"), "pro", "a".repeat(65));
  expect(google.bodies.map((body) => JSON.parse(body))).toEqual([
    { externalAccountIds: { obfuscatedAccountId: "a".repeat(64) } },
    {},
  ]);
});

test("a redirect is no word on the purchase", async () => {
  const google = await startFakeGoogle({ status: 302, headers: { location: "/elsewhere" } });
  const answer = playOn(google.rootUrl).play.getPurchase(refOf("subscription"), "app");
  await expect(answer).rejects.toMatchObject({ code: "play_unavailable" });
  expect(google.requests.filter((request) => !request.includes(TOKEN))).toEqual([]);
});

test("an answer without a body is success", async () => {
  const google = await startFakeGoogle({ status: 204 });
  await playOn(google.rootUrl).play.acknowledge(refOf(), "pro");
  expect(google.requests).toHaveLength(1);
});

const NO_TOKENS = [
  "",
  "short",
  ".".repeat(24),
  `../../${"a".repeat(30)}`,
  `${"a".repeat(30)}/../x`,
  `${"a".repeat(30)}%2F`,
  `${"a".repeat(30)}?x=1`,
  `${"a".repeat(30)}:consume`,
  `${"a".repeat(30)}\n`,
  `${"ก".repeat(30)}`,
  "a".repeat(2049),
];

test.each(NO_TOKENS)("what can't be a token (%j) is not found, without a call", async (token) => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl);
  const refused = { code: "purchase_not_found", retryable: false };
  await expect(play.getPurchase(refOf("subscription", token), "app")).rejects.toMatchObject(refused);
  await expect(play.acknowledge(refOf("subscription", token), "pro")).rejects.toMatchObject(refused);
  await expect(play.consume(refOf("one_time", token), "coins")).rejects.toMatchObject(refused);
  expect(google.requests).toEqual([]);
});

test("the shortest and the longest token go out", async () => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl);
  await play.getPurchase(refOf("subscription", "a".repeat(20)), "app");
  await play.getPurchase(refOf("subscription", "a".repeat(2048)), "app");
  expect(google.requests).toHaveLength(2);
});

test.each(["", "..", ".", "a/b", "-x", "a b", "x".repeat(300)])(
  "%j is no package and no product",
  async (name) => {
    const google = await startFakeGoogle(FOUND);
    const { play } = playOn(google.rootUrl);
    const refused = { code: "purchase_not_found" };
    await expect(play.getPurchase(refOf("subscription", TOKEN, name), "app")).rejects.toMatchObject(refused);
    await expect(play.acknowledge(refOf(), name)).rejects.toMatchObject(refused);
    expect(google.requests).toEqual([]);
  },
);

test("a hundred calls for one token at once are two requests", async () => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl);
  const answers = await Promise.all(Array.from({ length: 100 }, () => play.getPurchase(refOf(), "app")));
  expect(answers).toEqual(Array(100).fill({ kind: "found" }));
  expect(google.requests).toHaveLength(2);
});

test("an answer is never older than the call that gets it", async () => {
  const google = await startFakeGoogle(
    { status: 200, body: { kind: "old" } },
    { status: 200, body: { kind: "new" } },
  );
  const { play } = playOn(google.rootUrl);
  const early = play.getPurchase(refOf(), "sweep");
  while (google.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const late = play.getPurchase(refOf(), "app");
  expect(await Promise.all([early, late])).toEqual([{ kind: "old" }, { kind: "new" }]);
});

test.each(["http://example.com/", "http://10.0.0.7:8090/play", "ftp://127.0.0.1/"])(
  "no credentials to %s",
  (rootUrl) => {
    expect(() => playOn(rootUrl)).toThrow(RangeError);
  },
);
