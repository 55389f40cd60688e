import { expect, test } from "vitest";
import { errorAnswer, playOn, refOf, refusal, startFakeGoogle } from "./fake-google.ts";

const FOUND = { status: 200, body: { kind: "found" } };

async function timed(work: Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  const began = performance.now();
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { ms: performance.now() - began, error };
}

test.each(["hang", "hang_in_body"] as const)(
  "a server that does not answer (%s) costs the budget and no more",
  async (how) => {
    const google = await startFakeGoogle(how);
    const { play } = playOn(google.rootUrl, { attemptTimeoutMs: 150, totalBudgetMs: 400 });
    const { ms, error } = await timed(play.getPurchase(refOf(), "app"));
    expect(error).toMatchObject({
      code: "play_unavailable",
      retryable: true,
      cause: { reason: "TimeoutError" },
    });
    expect(ms).toBeLessThan(1200);
    expect(google.requests.length).toBeGreaterThanOrEqual(2);
  },
);

test("one attempt that hangs is followed by one that is answered", async () => {
  const google = await startFakeGoogle("hang", FOUND);
  const { play } = playOn(google.rootUrl, { attemptTimeoutMs: 100 });
  expect(await play.getPurchase(refOf(), "app")).toEqual({ kind: "found" });
});

test("whoever waited for somebody else's hanging read keeps to their own budget", async () => {
  const google = await startFakeGoogle("hang");
  const { play } = playOn(google.rootUrl, { attemptTimeoutMs: 400, totalBudgetMs: 800 });
  const calls = [timed(play.getPurchase(refOf(), "app")), timed(play.getPurchase(refOf(), "app"))];
  for (const { ms, error } of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: "play_unavailable" });
    expect(ms).toBeLessThan(1400);
  }
});

test("a Retry-After within the budget is waited out", async () => {
  const google = await startFakeGoogle(refusal(429, "rateLimitExceeded", { "Retry-After": "7" }), FOUND);
  const { play, slept } = playOn(google.rootUrl);
  await play.getPurchase(refOf(), "app");
  expect(slept).toEqual([7000]);
  expect(google.requests).toHaveLength(2);
});

test("delays double, each shortened by chance to no less than half", async () => {
  const google = await startFakeGoogle(refusal(503));
  for (const [chance, delays] of [
    [0, [100, 200, 400, 800]],
    [1, [50, 100, 200, 400]],
  ] as const) {
    const { play, slept } = playOn(google.rootUrl, { chance: () => chance });
    await timed(play.getPurchase(refOf(), "app"));
    expect(slept).toEqual(delays);
  }
});

test("a Retry-After beyond the budget ends the call at once and is passed on", async () => {
  const google = await startFakeGoogle(refusal(503, "backendError", { "Retry-After": "30" }));
  const { ms, error } = await timed(playOn(google.rootUrl).play.getPurchase(refOf(), "app"));
  expect(error).toMatchObject({ code: "play_unavailable", retryAfterMs: 30_000 });
  expect(ms).toBeLessThan(5000);
  expect(google.requests).toHaveLength(1);
});

test("a Retry-After may be a date", async () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const google = await startFakeGoogle(refusal(429, "rateLimitExceeded", { "Retry-After": inAMinute }));
  const { error } = await timed(playOn(google.rootUrl).play.getPurchase(refOf(), "app"));
  expect(error).toHaveProperty("retryAfterMs", expect.closeTo(60_000, -4));
});

test("an acknowledge is repeated whatever became of it", async () => {
  for (const failure of [errorAnswer("503-backend"), errorAnswer("429-quota"), "cut", "hang"] as const) {
    const google = await startFakeGoogle(failure, { status: 200 });
    await playOn(google.rootUrl, { attemptTimeoutMs: 100 }).play.acknowledge(refOf(), "pro");
    expect(google.requests).toHaveLength(2);
  }
});

test("a consume is repeated only where it surely had no effect", async () => {
  const cases = [
    [errorAnswer("429-quota"), 2],
    [errorAnswer("409-concurrent-update"), 2],
    [errorAnswer("503-backend"), 1],
    ["cut", 1],
    ["hang", 1],
  ] as const;
  for (const [failure, requests] of cases) {
    const google = await startFakeGoogle(failure, { status: 200 });
    const { play } = playOn(google.rootUrl, { attemptTimeoutMs: 100 });
    const { error } = await timed(play.consume(refOf("one_time"), "coins"));
    if (requests === 1) expect(error).toMatchObject({ code: "play_unavailable", retryable: true });
    else expect(error).toBeNull();
    expect(google.requests).toHaveLength(requests);
  }
});

test("an app call that the quota would keep waiting too long is sent away with a time to come back", async () => {
  const google = await startFakeGoogle(FOUND);
  const { play } = playOn(google.rootUrl, { quotaPerMinute: 2, totalBudgetMs: 300 });
  await play.getPurchase(refOf(), "app");
  const { ms, error } = await timed(play.getPurchase(refOf(), "app"));
  expect(error).toMatchObject({ code: "play_unavailable", retryable: true });
  expect(error).toHaveProperty("retryAfterMs", expect.closeTo(60_000, -3));
  expect(ms).toBeLessThan(1000);
  expect(google.requests).toHaveLength(1);
  // The other kind of purchase has a bucket of its own.
  await play.getPurchase(refOf("one_time"), "app");
});
