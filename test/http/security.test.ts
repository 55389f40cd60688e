import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { startSandbox } from "../../sandbox/sandbox.ts";
import {
  ADMIN_KEY,
  answerOf,
  atEnd,
  expectProblem,
  sharedService,
  startService,
  type TestService,
} from "./support/service.ts";

const ENDPOINT = `/v1/admin/webhook_endpoints/whe_${"0".repeat(32)}`;
const HAS_BODY: ReadonlySet<string> = new Set(["POST", "PATCH"]);

/** Every route that asks who you are, with a request that would be fine. */
const ROUTES: readonly [string, string, "customer" | "push" | "admin"][] = [
  ["POST", "/v1/purchases/verify", "customer"],
  ["POST", "/v1/purchases/restore", "customer"],
  ["GET", "/v1/purchases", "customer"],
  ["GET", "/v1/entitlements", "customer"],
  ["GET", "/v1/grants", "customer"],
  ["GET", `/v1/grants/egr_${"0".repeat(32)}`, "customer"],
  ["GET", "/v1/account", "customer"],
  ["POST", "/v1/rtdn", "push"],
  ["GET", "/metrics", "admin"],
  ["GET", "/v1/admin/customers/ann", "admin"],
  ["GET", "/v1/admin/purchases", "admin"],
  ["POST", `/v1/admin/purchases/pur_${"0".repeat(32)}/sync`, "admin"],
  ["GET", "/v1/admin/grants", "admin"],
  ["POST", "/v1/admin/grants", "admin"],
  ["POST", `/v1/admin/grants/egr_${"0".repeat(32)}/revoke`, "admin"],
  ["POST", `/v1/admin/grants/egr_${"0".repeat(32)}/retry`, "admin"],
  ["GET", "/v1/admin/dead_letters", "admin"],
  ["POST", `/v1/admin/dead_letters/dlt_${"0".repeat(32)}/replay`, "admin"],
  ["GET", "/v1/admin/license_orphans", "admin"],
  ["POST", `/v1/admin/license_orphans/orp_${"0".repeat(32)}/resolve`, "admin"],
  ["GET", "/v1/admin/refund_reviews", "admin"],
  ["POST", `/v1/admin/refund_reviews/rrv_${"0".repeat(32)}/answer`, "admin"],
  ["POST", "/v1/admin/webhook_endpoints", "admin"],
  ["GET", "/v1/admin/webhook_endpoints", "admin"],
  ["GET", ENDPOINT, "admin"],
  ["PATCH", ENDPOINT, "admin"],
  ["DELETE", ENDPOINT, "admin"],
  ["POST", `${ENDPOINT}/rotate_secret`, "admin"],
  ["POST", `${ENDPOINT}/test`, "admin"],
  ["GET", `${ENDPOINT}/deliveries`, "admin"],
  ["POST", `${ENDPOINT}/replay`, "admin"],
  ["POST", `${ENDPOINT}/recover`, "admin"],
  ["POST", `/v1/admin/webhook_deliveries/whd_${"0".repeat(32)}/resend`, "admin"],
  ["GET", "/v1/admin/nothing", "admin"],
];

type Claims = Parameters<TestService["sandbox"]["identity"]["token"]>[0];

const signed = (claims: Partial<Claims>) => (service: TestService) =>
  service.sandbox.identity.token({ uid: "ann", ...claims });

/** Tokens that must not open anything. */
const TOKENS: readonly [string, (service: TestService) => Promise<string>][] = [
  ["garbage", async () => "garbage"],
  ["three parts of garbage", async () => "a.b.c"],
  ["the admin key's hash", async ({ ports }) => ports.adminKeys[0]?.sha256 ?? ""],
  ["expired", signed({ expiresIn: -10 })],
  ["another audience", signed({ audience: "another-project" })],
  ["another issuer", signed({ issuer: "https://evil.example" })],
  ["a foreign key", signedByAnother],
  ["nobody signed it", unsigned],
  ["a shared secret", withSharedSecret],
  ["a sub that can't be a document", signed({ uid: "a/b" })],
  ["a sub of dots", signed({ uid: ".." })],
  ["a sub that Firestore reserves", signed({ uid: "__ann__" })],
  ["a sub that is too long", signed({ uid: "x".repeat(1501) })],
];

const everyone = sharedService();

describe.each(ROUTES)("%s %s", (method, path, who) => {
  const ask = (service: TestService, authorization?: string) =>
    service.call(method, path, {
      ...(HAS_BODY.has(method) ? { body: {} } : {}),
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });

  test("401 without a valid token, and nothing happened", async () => {
    const service = everyone();
    const before = service.stored();
    const asked = service.sandbox.play.calls.get;
    for (const authorization of [undefined, "", "Bearer", "Bearer ", "Basic YTpi", "Token abc"]) {
      expectProblem(await ask(service, authorization), 401, "unauthenticated");
    }
    for (const [what, make] of TOKENS) {
      const token = await make(service);
      const answer = await ask(service, `Bearer ${token}`);
      expect(answer.status, what).toBe(401);
      expectProblem(answer, 401, "unauthenticated");
      expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer");
      expect(answer.text).not.toContain(token);
    }
    expect(service.stored()).toBe(before);
    expect(service.sandbox.play.calls.get).toBe(asked);
  });

  test("a token for another door doesn't open this one", async () => {
    const service = everyone();
    const { identity } = service.sandbox;
    const tokens = {
      customer: await identity.token({ uid: "ann" }),
      admin: ADMIN_KEY,
      push: await identity.pushToken({
        audience: "https://playgrant.example/v1/rtdn",
        email: "pubsub@example.iam.gserviceaccount.com",
      }),
    };
    for (const [door, token] of Object.entries(tokens)) {
      const answer = await ask(service, `Bearer ${token}`);
      if (door === who) expect(answer.status).not.toBe(401);
      else expectProblem(answer, 401, "unauthenticated");
    }
  });
});

describe("no admin key in the settings", () => {
  const shared = sharedService({ ADMIN_API_KEYS: "" });

  test.each(ROUTES.filter(([, , who]) => who === "admin"))("%s %s is for nobody", async (method, path) => {
    for (const key of [ADMIN_KEY, "", "undefined"]) {
      const headers = { Authorization: `Bearer ${key}` };
      const body = HAS_BODY.has(method) ? { body: {} } : {};
      expectProblem(await shared().call(method, path, { headers, ...body }), 401, "unauthenticated");
    }
  });
});

test.each(ROUTES.filter(([method]) => HAS_BODY.has(method)))(
  "%s %s: 401 before a byte is read",
  async (method, path) => {
    const service = everyone();
    let pulled = 0;
    const pull = () => {
      pulled += 1;
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    const answer = await answerOf(await service.app.request(path, { method, body, duplex: "half" }));
    expectProblem(answer, 401, "unauthenticated");
    expect(pulled).toBe(0);
  },
);

test.each(ROUTES.filter(([method, , who]) => HAS_BODY.has(method) && who === "admin"))(
  "%s %s: 413 above 16 KiB",
  async (method, path) => {
    const service = everyone();
    const headers = { Authorization: `Bearer ${ADMIN_KEY}` };
    const body = { note: "x".repeat(16 * 1024) };
    expectProblem(await service.call(method, path, { headers, body }), 413, "request_too_large");
  },
);

test("unsigned tokens are accepted with the Auth emulator alone, their claims checked all the same", async () => {
  const service = await startService({ FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:9099" });
  const good = await service.call("GET", "/v1/account", bearer(await unsigned(service)));
  expect(good.body).toMatchObject({ customer_id: "ann" });
  const { issuer } = service.sandbox.identity;
  const wrong = new UnsecuredJWT({ sub: "ann" })
    .setIssuer(issuer)
    .setAudience("another")
    .setExpirationTime("1h");
  expectProblem(await service.call("GET", "/v1/account", bearer(wrong.encode())), 401, "unauthenticated");
  const endless = new UnsecuredJWT({ sub: "ann" })
    .setIssuer(issuer)
    .setAudience(service.sandbox.identity.audience);
  expectProblem(await service.call("GET", "/v1/account", bearer(endless.encode())), 401, "unauthenticated");
});

test("while the keys that sign tokens can't be had it is a 503, not a 401", async () => {
  const service = await startService({ AUTH_JWKS_URL: "http://127.0.0.1:9/jwks.json" });
  expectProblem(await service.get("/v1/account", "ann"), 503, "store_unavailable");
});

describe("ids of requests", () => {
  test("a caller's own id comes back, a wild one is replaced", async () => {
    const service = await startService();
    const own = await service.call("GET", "/healthz", { headers: { "X-Request-Id": "abc-123_=" } });
    expect(own.headers.get("X-Request-Id")).toBe("abc-123_=");
    for (const wild of ["a b", "x".repeat(101), "<script>", "a;b"]) {
      const answer = await service.call("GET", "/healthz", { headers: { "X-Request-Id": wild } });
      expect(answer.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("what isn't there", () => {
  const shared = sharedService();
  test.each([
    ["GET", "/"],
    ["GET", "/v2/entitlements"],
    ["DELETE", "/v1/entitlements"],
    ["GET", "/v1/purchases/verify"],
    ["GET", "/docs/../../package.json"],
    ["GET", "/docs/package.json"],
    ["GET", "/docs/__proto__"],
    ["GET", "/docs/constructor"],
    ["GET", "/docs/..%2f..%2fpackage.json"],
    ["GET", "/v1/grants/%E0%A4%A"],
  ])("%s %s", async (method, path) => {
    const service = shared();
    const answer = await service.call(method, path, { as: "ann" });
    expect([400, 404]).toContain(answer.status);
    expectProblem(answer, answer.status, answer.status === 400 ? "invalid_request" : "not_found");
  });
});

test("a bug of ours is a 500 that tells nothing, and one line in the log", async () => {
  const service = await startService();
  service.ports.store.load = async () => {
    throw new TypeError("secret-of-a-stack");
  };
  const answer = await service.get("/v1/entitlements", "ann");
  expectProblem(answer, 500, "internal_error");
  expect(answer.text).not.toMatch(/secret-of-a-stack|TypeError|\.ts/);
  const told = service.lines.filter((line) => line.includes('"http.bug"'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(answer.headers.get("X-Request-Id"));
  expect(told[0]).not.toContain("secret-of-a-stack");
});

test("a request is logged by its route's pattern, never by its path", async () => {
  const service = await startService();
  await service.get(`/v1/grants/egr_${"a".repeat(32)}`, "ann");
  const line = service.lines.map((text) => JSON.parse(text)).find(({ event }) => event === "request");
  expect(line).toMatchObject({ method: "GET", route: "/v1/grants/:id", outcome: 404, customer_id: "ann" });
});

function bearer(token: string) {
  return { headers: { Authorization: `Bearer ${token}` } };
}

/** Right in every claim, signed by a key that isn't in the issuer's set. */
async function signedByAnother({ sandbox }: TestService): Promise<string> {
  const stranger = await startSandbox({ port: 0, smtpPort: null });
  atEnd(() => stranger.close());
  return stranger.identity.token({ uid: "ann", issuer: sandbox.identity.issuer });
}

async function unsigned({ sandbox: { identity } }: TestService): Promise<string> {
  return new UnsecuredJWT({ sub: "ann" })
    .setIssuer(identity.issuer)
    .setAudience(identity.audience)
    .setExpirationTime("1h")
    .encode();
}

/** The public key passed off as an HMAC secret. */
async function withSharedSecret({ sandbox: { identity } }: TestService): Promise<string> {
  const pem = Object.values(await identity.certs())[0] ?? "";
  return new SignJWT({ sub: "ann" })
    .setProtectedHeader({ alg: "HS256", kid: "sandbox-1" })
    .setIssuer(identity.issuer)
    .setAudience(identity.audience)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(pem));
}
