import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { aSandbox, call, fixture, PACKAGE, shape } from "./support.ts";

const PLAN = { uid: "u1", packageName: PACKAGE, productId: "plan", basePlanId: "monthly" };

type Request = { method: string; url: string; authorization: string; body: Record<string, unknown> };

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A receiver that answers with the statuses given, then with 204. */
async function receiver(statuses: number[] = []): Promise<{ origin: string; got: Request[] }> {
  const got: Request[] = [];
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    const { method = "", url = "", headers } = request;
    got.push({ method, url, authorization: headers.authorization ?? "", body: JSON.parse(text) });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

const push = (origin: string) =>
  ({
    kind: "push",
    url: `${origin}/v1/rtdn`,
    audience: "aud",
    serviceAccountEmail: "push@example.com",
  }) as const;

/** The `DeveloperNotification` inside a push body. */
function noticeIn(request: Request | undefined): unknown {
  const { data } = (request?.body.message ?? {}) as { data: string };
  return JSON.parse(Buffer.from(data, "base64").toString());
}

describe("push", () => {
  test("has the body and the signed token of a Pub/Sub push", async () => {
    const { origin, got } = await receiver();
    const sandbox = await aSandbox({ rtdn: push(origin) });
    sandbox.play.buy(PLAN);
    await sandbox.play.delivered();
    expect(shape(got[0]?.body)).toEqual(shape(fixture("push-body-subscription-purchased")));
    expect(shape(noticeIn(got[0]))).toEqual(shape(fixture("rtdn-subscription-purchased")));
    const keys = createRemoteJWKSet(new URL(`${sandbox.url}/identity/jwks.json`));
    const token = got[0]?.authorization.replace("Bearer ", "") ?? "";
    const { payload } = await jwtVerify(token, keys, {
      audience: "aud",
      issuer: "https://accounts.google.com",
    });
    expect(shape(payload)).toEqual(shape(fixture("pubsub-oidc-claims")));
    expect(payload.email).toBe("push@example.com");
  });

  test("a nack brings the same message again until it is acknowledged", async () => {
    const { origin, got } = await receiver([503, 500, 204]);
    const sandbox = await aSandbox({ rtdn: push(origin) });
    sandbox.play.buy(PLAN);
    await sandbox.play.delivered();
    const ids = got.map(({ body }) => (body.message as { messageId: string }).messageId);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(sandbox.play.notifications[0]).toMatchObject({ delivery: "delivered", attempts: 3 });
  });

  test("lost, doubled and delayed notices; withheld ones can be sent later", async () => {
    const { origin, got } = await receiver();
    const sandbox = await aSandbox({ rtdn: push(origin) });
    sandbox.faults.add({ service: "rtdn", kind: "lose" });
    const { purchaseToken } = sandbox.play.buy(PLAN);
    sandbox.faults.add({ service: "rtdn", kind: "double" });
    sandbox.play.act(purchaseToken, "renew");
    sandbox.faults.add({ service: "rtdn", kind: "delay", delayMs: 30 });
    sandbox.play.act(purchaseToken, "cancel");
    await sandbox.play.delivered();
    sandbox.play.act(purchaseToken, "restart", { notify: false });
    await sandbox.play.delivered();
    expect(got).toHaveLength(3);
    await call(`${sandbox.url}/sandbox/purchases/${purchaseToken}/notify`, "POST", { times: 2 });
    await sandbox.play.delivered();
    const types = got.map((request) => (noticeIn(request) as typeof RESTARTED).subscriptionNotification);
    expect(types.map(({ notificationType }) => notificationType)).toEqual([2, 2, 3, 7, 7]);
    expect(sandbox.play.notifications.map(({ delivery }) => delivery)).toEqual([
      "lost",
      "delivered",
      "delivered",
      "withheld",
      "delivered",
      "delivered",
    ]);
  });

  test("anything can be published: a test message, text that is no JSON", async () => {
    const { origin, got } = await receiver();
    const sandbox = await aSandbox();
    sandbox.setRtdn(push(origin));
    const url = `${sandbox.url}/sandbox/rtdn`;
    await call(url, "POST", { test: true, package_name: PACKAGE });
    await call(url, "POST", { text: "not json at all" });
    await sandbox.play.delivered();
    expect(got.map(({ body }) => (body.message as { data: string }).data)).toContain("bm90IGpzb24gYXQgYWxs");
  });
});

const RESTARTED = { subscriptionNotification: { notificationType: 7 } };

test("the Pub/Sub emulator's topic is made once, then published to", async () => {
  const { origin, got } = await receiver([409, 200, 200]);
  const emulatorHost = origin.replace("http://", "");
  const rtdn = { kind: "pubsub", projectId: "demo", topic: "rtdn", emulatorHost } as const;
  const sandbox = await aSandbox({ rtdn });
  const { purchaseToken } = sandbox.play.buy(PLAN);
  sandbox.play.act(purchaseToken, "cancel");
  await sandbox.play.delivered();
  const topic = "/v1/projects/demo/topics/rtdn";
  expect(got.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `PUT ${topic}`,
    `POST ${topic}:publish`,
    `POST ${topic}:publish`,
  ]);
});

describe("identity", () => {
  test("ID tokens verify against the JWKS; ones that are over do not", async () => {
    const sandbox = await aSandbox();
    const keys = createRemoteJWKSet(new URL(`${sandbox.url}/identity/jwks.json`));
    const wanted = { issuer: `${sandbox.url}/identity`, audience: "playgrant-sandbox" };
    const url = `${sandbox.url}/identity/tokens`;
    const { body } = await call(url, "POST", { uid: "u1", email: "a@example.com" });
    const { payload, protectedHeader } = await jwtVerify((body as { token: string }).token, keys, wanted);
    expect(payload).toMatchObject({ sub: "u1", email: "a@example.com", email_verified: true });
    expect(protectedHeader).toMatchObject({ alg: "RS256", kid: expect.any(String) });
    const over = await sandbox.identity.token({ uid: "u1", expiresIn: -60 });
    await expect(jwtVerify(over, keys, wanted)).rejects.toThrow(/exp/);
  });
});
