import { describe, expect, test } from "vitest";
import {
  endpointSchema,
  endpointsSchema,
  endpointWithSecretSchema,
} from "../../../src/http/webhook-schemas.ts";
import { asAdmin, deedsOf, exactly } from "../support/admin.ts";
import { expectProblem, sharedService, startService, type TestService } from "../support/service.ts";

const PATH = "/v1/admin/webhook_endpoints";
const URL_ = "http://localhost:9/hooks?key=of-the-receiver";
const LOOPBACK = { WEBHOOK_ALLOW_LOOPBACK: "1" };
const NOBODY = `whe_${"0".repeat(32)}`;

async function create(service: TestService, body: object = {}) {
  const answer = await asAdmin(service, "POST", PATH, { url: URL_, ...body });
  return exactly(endpointWithSecretSchema, answer, 201);
}

async function read(service: TestService, id: string) {
  return exactly(endpointSchema, await asAdmin(service, "GET", `${PATH}/${id}`));
}

async function patch(service: TestService, id: string, body: object) {
  return exactly(endpointSchema, await asAdmin(service, "PATCH", `${PATH}/${id}`, body));
}

const storedAt = (service: TestService) => [...service.tables.endpoints.values()];

describe("creating", () => {
  test("an endpoint hears of all events unless told otherwise; its secret is shown this once", async () => {
    const service = await startService(LOOPBACK);
    const { secret, ...endpoint } = await create(service);
    expect(endpoint).toEqual({
      id: expect.stringMatching(/^whe_[0-9a-f]{32}$/),
      url: URL_,
      description: "",
      event_types: null,
      enabled: true,
      disabled_reason: null,
      created_at: expect.any(String),
      updated_at: endpoint.created_at,
    });
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice("whsec_".length), "base64")).toHaveLength(32);
    expect(await read(service, endpoint.id)).toEqual(endpoint);
    const list = exactly(endpointsSchema, await asAdmin(service, "GET", PATH));
    expect(list).toEqual({ data: [endpoint], next_cursor: null });
    expect(deedsOf(service)).toEqual([
      { actor: "tests", summary: `webhook endpoint ${endpoint.id} created` },
    ]);
  });

  test("neither the secret nor the receiver's own in its URL are anywhere else", async () => {
    const service = await startService(LOOPBACK);
    const { id, secret } = await create(service);
    await patch(service, id, { url: `${URL_}&more` });
    const { tables, lines } = service;
    const kept = JSON.stringify([[...tables.endpoints], [...tables.outbox], tables.audit]);
    expect(kept + lines.join("\n")).not.toContain(secret.slice(10, 30));
    expect(JSON.stringify(tables.audit) + lines.join("\n")).not.toContain("of-the-receiver");
  });

  test("two endpoints of one URL have ids and secrets of their own", async () => {
    const service = await startService(LOOPBACK);
    const [one, other] = await Promise.all([create(service), create(service)]);
    expect(one.id).not.toBe(other.id);
    expect(one.secret).not.toBe(other.secret);
  });

  test("of some types, each once, or of none", async () => {
    const service = await startService(LOOPBACK);
    const types = ["entitlement_grant.revoked", "entitlement_grant.created", "entitlement_grant.revoked"];
    const some = await create(service, { description: "the shop", event_types: types });
    expect(some).toMatchObject({ description: "the shop", event_types: types.slice(0, 2) });
    expect((await create(service, { event_types: [] })).event_types).toEqual([]);
    expect((await create(service, { event_types: null })).event_types).toBeNull();
  });

  test("twenty at most; when one is gone there is room again", async () => {
    const service = await startService(LOOPBACK);
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.push((await create(service)).id);
    const problem = expectProblem(
      await asAdmin(service, "POST", PATH, { url: URL_ }),
      400,
      "invalid_request",
    );
    expect(problem.detail).toContain("20");
    expect((await asAdmin(service, "DELETE", `${PATH}/${ids[0]}`)).status).toBe(204);
    await create(service);
  });
});

describe("lists", () => {
  test("newest first, in pages", async () => {
    const service = await startService(LOOPBACK);
    for (const description of ["a", "b", "c"]) await create(service, { description });
    const all = exactly(endpointsSchema, await asAdmin(service, "GET", PATH)).data;
    const first = exactly(endpointsSchema, await asAdmin(service, "GET", `${PATH}?limit=2`));
    const next = `${PATH}?limit=2&cursor=${encodeURIComponent(String(first.next_cursor))}`;
    const rest = exactly(endpointsSchema, await asAdmin(service, "GET", next));
    expect([...first.data, ...rest.data]).toEqual(all);
    expect([first.data.length, rest.next_cursor]).toEqual([2, null]);
    const times = all.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort().reverse());
  });

  test.each(["limit=0", "limit=101", "cursor=", "cursor=abc"])("400: %s", async (query) => {
    const service = await startService();
    expectProblem(await asAdmin(service, "GET", `${PATH}?${query}`), 400, "invalid_request");
  });
});

describe("changing", () => {
  test("what is given, and nothing else", async () => {
    const service = await startService(LOOPBACK);
    const { secret, ...endpoint } = await create(service, { description: "old" });
    const changes = {
      url: "http://127.0.0.1:9/other",
      description: "new",
      event_types: ["entitlement_grant.failed"],
    };
    for (const [key, value] of Object.entries(changes)) {
      const before = await read(service, endpoint.id);
      const after = await patch(service, endpoint.id, { [key]: value });
      expect(after).toEqual({ ...before, [key]: value, updated_at: after.updated_at });
      expect(await read(service, endpoint.id)).toEqual(after);
    }
    expect((await patch(service, endpoint.id, { event_types: null })).event_types).toBeNull();
    const deeds = deedsOf(service).map(({ summary }) =>
      summary?.replace(`webhook endpoint ${endpoint.id} `, ""),
    );
    expect(deeds).toEqual([
      "created",
      "changed: url",
      "changed: description",
      "changed: event types",
      "changed: event types",
    ]);
  });

  test("off with a reason, and on again", async () => {
    const service = await startService(LOOPBACK);
    const { id } = await create(service);
    const off = await patch(service, id, { enabled: false, disabled_reason: "moving house" });
    expect(off).toMatchObject({ enabled: false, disabled_reason: "moving house" });
    expect(await patch(service, id, { enabled: false })).toEqual(off);
    expect(await patch(service, id, { enabled: true })).toMatchObject({
      enabled: true,
      disabled_reason: null,
    });
    expect(await patch(service, id, { enabled: false })).toMatchObject({
      disabled_reason: "disabled by an admin",
    });
    expect(deedsOf(service).map(({ summary }) => summary?.split(" ").at(-1))).toEqual([
      "created",
      "off",
      "on",
      "off",
    ]);
  });

  test("nothing new leaves no trace", async () => {
    const service = await startService(LOOPBACK);
    const { secret, ...endpoint } = await create(service);
    const before = service.stored();
    for (const body of [{}, { url: URL_ }, { enabled: true, event_types: null }])
      expect(await patch(service, endpoint.id, body)).toEqual(endpoint);
    expect(service.stored()).toBe(before);
  });
});

describe("deleting", () => {
  test("it is gone, and says who did it", async () => {
    const service = await startService(LOOPBACK);
    const { id } = await create(service);
    const answer = await asAdmin(service, "DELETE", `${PATH}/${id}`);
    expect([answer.status, answer.text, answer.headers.get("Cache-Control")]).toEqual([204, "", "no-store"]);
    expectProblem(await asAdmin(service, "GET", `${PATH}/${id}`), 404, "not_found");
    expectProblem(await asAdmin(service, "DELETE", `${PATH}/${id}`), 404, "not_found");
    expect(storedAt(service)).toEqual([]);
    expect(deedsOf(service).map(({ summary }) => summary)).toEqual([
      `webhook endpoint ${id} created`,
      `webhook endpoint ${id} deleted`,
    ]);
  });
});

describe("400", () => {
  const shared = sharedService(LOOPBACK);
  const wrong: readonly [string, object][] = [
    ["url", { url: "" }],
    ["url", { url: 7 }],
    ["url", { url: null }],
    ["url", { url: "no url" }],
    ["url", { url: `http://localhost/${"x".repeat(2048)}` }],
    ["description", { description: "x".repeat(501) }],
    ["description", { description: null }],
    ["event_types", { event_types: "entitlement_grant.created" }],
    ["event_types.0", { event_types: ["created"] }],
    ["event_types.1", { event_types: ["entitlement_grant.created", null] }],
    ["(body)", { secret: "whsec_mine" }],
    ["(body)", { id: NOBODY }],
  ];

  test.each<[string, unknown]>([
    ...wrong.map(([path, body]): [string, unknown] => [path, { url: URL_, ...body }]),
    ["url", {}],
    ["(body)", { url: URL_, enabled: false }],
    ["(body)", []],
    ["(body)", "{"],
  ])("POST, naming %s", async (path, body) => {
    const problem = expectProblem(await asAdmin(shared(), "POST", PATH, body), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect(storedAt(shared())).toEqual([]);
  });

  test.each<[string, unknown]>([
    ...wrong,
    ["enabled", { enabled: "false" }],
    ["enabled", { enabled: null }],
    ["disabled_reason", { enabled: false, disabled_reason: "" }],
    ["disabled_reason", { enabled: false, disabled_reason: "x".repeat(501) }],
    ["disabled_reason", { disabled_reason: "why not" }],
    ["disabled_reason", { enabled: true, disabled_reason: "why not" }],
    ["(body)", []],
  ])("PATCH, naming %s", async (path, body) => {
    const answer = await asAdmin(shared(), "PATCH", `${PATH}/${NOBODY}`, body);
    const problem = expectProblem(answer, 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  });
});

describe("where nothing may be sent", () => {
  test.each([
    "http://shop.example/hooks",
    "https://shop.example:8443/hooks",
    "https://anna:secret-of-anna@shop.example/hooks",
    "https://127.0.0.1/hooks",
    "https://2130706433/hooks",
    "https://[::ffff:169.254.169.254]/latest",
    "https://metadata.google.internal/",
    "https://localhost/",
    "ftp://shop.example/",
    "javascript:alert(1)",
  ])("%s", async (url) => {
    const service = await startService();
    const known = await seeded(service);
    for (const [method, path] of [
      ["POST", PATH],
      ["PATCH", `${PATH}/${known}`],
    ] as const) {
      const answer = await asAdmin(service, method, path, { url });
      const problem = expectProblem(answer, 400, "invalid_request");
      expect(problem.errors).toEqual([{ path: "url", message: problem.detail }]);
      expect(answer.text).not.toContain("secret-of-anna");
    }
    expect(storedAt(service)).toMatchObject([{ id: known, url: "https://shop.example/" }]);
    expect(deedsOf(service)).toHaveLength(1);
  });

  /** One that is there already, without asking DNS about it. */
  async function seeded(service: TestService): Promise<string> {
    const { webhooks } = service.ports;
    const { refusal } = webhooks;
    webhooks.refusal = async () => null;
    const { id } = await create(service, { url: "https://shop.example/" });
    webhooks.refusal = refusal;
    return id;
  }
});

describe("404", () => {
  const shared = sharedService(LOOPBACK);

  test.each([NOBODY, NOBODY.toUpperCase(), `${NOBODY}0`, "x", "a%2Fb", "%2E%2E", "__proto__"])(
    "no endpoint: %s",
    async (id) => {
      const since = new Date().toISOString();
      for (const [method, path, body] of [
        ["GET", ""],
        ["PATCH", "", { enabled: true }],
        ["DELETE", ""],
        ["POST", "/rotate_secret"],
        ["POST", "/test"],
        ["GET", "/deliveries"],
        ["POST", "/replay", { since }],
        ["POST", "/recover", { since }],
      ] as const) {
        const before = shared().stored();
        expectProblem(await asAdmin(shared(), method, `${PATH}/${id}${path}`, body), 404, "not_found");
        expect(shared().stored()).toBe(before);
      }
    },
  );
});
