import { inspect } from "node:util";
import { expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { type Answer, errorAnswer, playOn, refOf, refusal, startFakeGoogle, TOKEN } from "./fake-google.ts";

const GIVE_UP = 5;

/** Google's answer, our code, and how often we ask for it. */
const TABLE: [name: string, answer: Answer, code: string, asked: number][] = [
  ["400 malformed token", errorAnswer("400-invalid-token"), "purchase_not_found", 1],
  ["400 wrong pair", errorAnswer("400-product-not-owned"), "purchase_not_found", 1],
  ["404", errorAnswer("404-not-found"), "purchase_not_found", 1],
  ["410 60 days past the end", errorAnswer("410-subscription-gone"), "purchase_token_expired", 1],
  ["410 token dead", errorAnswer("410-token-no-longer-valid"), "purchase_token_expired", 1],
  ["401", errorAnswer("401-unauthenticated"), "play_rejected_credentials", 1],
  ["403 no right", errorAnswer("403-insufficient-permission"), "play_rejected_credentials", 1],
  ["403 without a reason", { status: 403 }, "play_rejected_credentials", 1],
  ["403 quotaExceeded", refusal(403, "quotaExceeded"), "play_unavailable", GIVE_UP],
  ["403 rateLimitExceeded", refusal(403, "rateLimitExceeded"), "play_unavailable", GIVE_UP],
  ["403 dailyLimitExceeded", refusal(403, "dailyLimitExceeded"), "play_unavailable", GIVE_UP],
  ["403 userRateLimitExceeded", refusal(403, "userRateLimitExceeded"), "play_unavailable", GIVE_UP],
  ["409", errorAnswer("409-concurrent-update"), "play_unavailable", GIVE_UP],
  ["429", errorAnswer("429-quota"), "play_unavailable", GIVE_UP],
  ["500", refusal(500), "play_unavailable", GIVE_UP],
  ["503", errorAnswer("503-backend"), "play_unavailable", GIVE_UP],
  ["503 of a proxy, in HTML", { status: 503, body: "<html>secret words" }, "play_unavailable", GIVE_UP],
  ["a cut connection", "cut", "play_unavailable", GIVE_UP],
];

test.each(TABLE)("%s", async (_, answer, code, asked) => {
  const google = await startFakeGoogle(answer);
  const { play } = playOn(google.rootUrl);
  const error = await play.getPurchase(refOf(), "app").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  const final = code === "purchase_not_found" || code === "purchase_token_expired";
  expect(error).toMatchObject({ code, retryable: !final });
  if (code === "play_unavailable") expect(error).toHaveProperty("retryAfterMs", 5000);
  expect(google.requests).toHaveLength(asked);
});

test("what broke the call heals with the next one", async () => {
  const google = await startFakeGoogle("cut", refusal(503), errorAnswer("409-concurrent-update"), {
    status: 200,
    body: { kind: "found" },
  });
  const { play, lines } = playOn(google.rootUrl);
  expect(await play.getPurchase(refOf(), "app")).toEqual({ kind: "found" });
  expect(lines.map(({ event }) => event)).toEqual(Array(3).fill("play.call_repeated"));
});

test("rejected credentials are an alarm in the log", async () => {
  const google = await startFakeGoogle(errorAnswer("403-insufficient-permission"));
  const { play, lines } = playOn(google.rootUrl);
  await expect(play.getPurchase(refOf(), "sweep")).rejects.toThrow("Play Console");
  expect(lines).toMatchObject([
    {
      level: "error",
      event: "play.rejected_credentials",
      fields: { status: 403, reason: "userInsufficientPermission" },
    },
  ]);
});

test("neither the token nor Google's words get into an error or the log", async () => {
  const answers = [refusal(503), refusal(400, "a reason with secret words"), refusal(403), "cut" as const];
  for (const answer of answers) {
    const google = await startFakeGoogle(answer);
    const { play, lines } = playOn(google.rootUrl);
    const error = await play.getPurchase(refOf(), "app").catch((thrown: unknown) => thrown);
    const said = inspect([error, lines], { depth: 20, showHidden: true });
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain("secret words");
    expect(error).toHaveProperty("cause.name", "PlayFailure");
  }
});

test("a 200 that isn't JSON comes back as the text it is, for the schema to refuse", async () => {
  const google = await startFakeGoogle({ status: 200, body: '<html>{"not": json' });
  expect(await playOn(google.rootUrl).play.getPurchase(refOf(), "app")).toBe('<html>{"not": json');
});
