import { PassThroughClient } from "google-auth-library";
import { expect, test } from "vitest";
import type { Credentials } from "../../../src/adapters/google-play/play-auth.ts";
import { type Answer, playOn, refOf, startFakeGoogle } from "./fake-google.ts";

const FOUND = { status: 200, body: { kind: "found" } };

/** Fails as Google's token server would make the auth library fail. */
async function tokenServer(...answers: Answer[]): Promise<Credentials> {
  const { rootUrl } = await startFakeGoogle(...answers);
  const client = new PassThroughClient();
  return async () => {
    const { data } = await client.request<{ token: string }>({ url: `${rootUrl}/token`, retry: false });
    return new Headers({ authorization: `Bearer ${data.token}` });
  };
}

test("the access token goes along with each call", async () => {
  const google = await startFakeGoogle(FOUND);
  const credentials = await tokenServer({ status: 200, body: { token: "ya29.a" } });
  await playOn(google.rootUrl, { credentials }).play.getPurchase(refOf(), "app");
  await playOn(google.rootUrl, { credentials }).play.acknowledge(refOf(), "pro");
  expect(google.headers.map(({ authorization }) => authorization)).toEqual([
    "Bearer ya29.a",
    "Bearer ya29.a",
  ]);
});

test.each([400, 401, 403, 404])(
  "a %i of the token server is our set-up's fault, never the purchase's",
  async (status) => {
    const google = await startFakeGoogle(FOUND);
    const credentials = await tokenServer({ status, body: { error: "invalid_grant" } });
    const { play } = playOn(google.rootUrl, { credentials });
    await expect(play.getPurchase(refOf(), "app")).rejects.toMatchObject({
      code: "play_rejected_credentials",
      retryable: true,
    });
    expect(google.requests).toEqual([]);
  },
);

test("credentials that aren't there are our set-up's fault too", async () => {
  const google = await startFakeGoogle(FOUND);
  const credentials = () => Promise.reject(new Error("Could not load the default credentials."));
  await expect(
    playOn(google.rootUrl, { credentials }).play.getPurchase(refOf(), "app"),
  ).rejects.toMatchObject({
    code: "play_rejected_credentials",
    cause: { reason: "noCredentials" },
  });
});

test("a token server in trouble is asked again", async () => {
  const google = await startFakeGoogle(FOUND);
  const credentials = await tokenServer({ status: 503 }, "cut", { status: 200, body: { token: "ya29.b" } });
  const { play, lines } = playOn(google.rootUrl, { credentials });
  await play.getPurchase(refOf(), "app");
  expect(lines).toHaveLength(2);
});

test("a token server that hangs costs the budget and no more", async () => {
  const google = await startFakeGoogle(FOUND);
  const credentials = await tokenServer("hang");
  const { play } = playOn(google.rootUrl, { credentials, attemptTimeoutMs: 100, totalBudgetMs: 250 });
  const began = performance.now();
  await expect(play.getPurchase(refOf(), "app")).rejects.toMatchObject({ code: "play_unavailable" });
  expect(performance.now() - began).toBeLessThan(1500);
});
