import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createKeyThaiClient, type KeyThaiClient } from "../../../src/adapters/keythai/keythai-client.ts";
import { KeyThaiApiError, parseRetryAfter } from "../../../src/adapters/keythai/keythai-error.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { type Answer, type Seen, startScripted } from "./scripted-server.ts";

const API_KEY = "kt_live_0123456789";
const KEY = new Secret("KEYT-AB12-3C4D-5E6F-7G8H-9J0K");
const ORDER = { product: "my-app", policyId: "01J" };

/** Lets a client talk to a server that answers as told. */
async function talk<T>(answers: readonly Answer[], act: (client: KeyThaiClient) => Promise<T>) {
  await using server = await startScripted(answers);
  const client = createKeyThaiClient({
    apiKey: new Secret(API_KEY),
    baseUrl: `${server.url}/`,
    timeoutMs: 5_000,
  });
  const outcome = await act(client).then(
    (value) => ({ value, error: null }),
    (error: unknown) => ({ value: null, error }),
  );
  return { ...outcome, seen: server.seen };
}

const request = (seen: readonly Seen[]) => seen[0];

describe("what the KeyThai client sends", () => {
  it("creates with the API key, and leaves out what isn't given", async () => {
    const made = { licenses: [{ id: "lic_1", key: KEY.reveal(), status: "active" }] };
    const { value, seen } = await talk([{ status: 201, body: made }], (client) =>
      client.createLicense({ ...ORDER, metadata: { slot: "slt_1" } }),
    );
    expect(request(seen)).toMatchObject({
      method: "POST",
      path: "/v1/licenses",
      authorization: `Bearer ${API_KEY}`,
      body: JSON.stringify({ ...ORDER, metadata: { slot: "slt_1" } }),
    });
    expect(value?.[0].key.reveal()).toBe(KEY.reveal());
    expect(inspect(value, { depth: 9 })).not.toContain(KEY.reveal());
  });

  it("lists without a query, or with what is asked", async () => {
    const none = await talk([{ body: { licenses: [] } }], (client) => client.listLicenses());
    expect(request(none.seen)).toMatchObject({ method: "GET", path: "/v1/licenses", query: {} });
    const some = await talk([{ body: { data: [] } }], (client) =>
      client.listLicenses({ q: "slt_1 &x", page: 2, limit: 100, status: "active" }),
    );
    expect(request(some.seen)?.query).toEqual({ q: "slt_1 &x", page: "2", limit: "100", status: "active" });
  });

  it("puts a key into the path with no character taken for safe", async () => {
    const odd = new Secret("a/b?c#d e%f!g'h(i)j*k~l.m_n-oก");
    const { seen } = await talk([{ body: {} }], (client) => client.getLicense(odd));
    expect(request(seen)?.path).toBe(
      "/v1/licenses/a%2Fb%3Fc%23d%20e%25f%21g%27h%28i%29j%2Ak~l.m_n-o%E0%B8%81",
    );
  });

  it("patches a licence", async () => {
    const { value, seen } = await talk([{ body: { id: 17, status: "suspended" } }], (client) =>
      client.updateLicense(KEY, { action: "suspend" }),
    );
    expect(request(seen)).toMatchObject({
      method: "PATCH",
      path: `/v1/licenses/${KEY.reveal()}`,
      body: '{"action":"suspend"}',
    });
    expect(value).toMatchObject({ id: "17", status: "suspended" });
  });

  it("asks for products and policies, which come under their name or data", async () => {
    const product = { id: "p1", code: "my-app" };
    const policy = { id: "01J", name: "Perpetual", type: "perpetual" };
    for (const body of [{ products: [product] }, { data: [product] }]) {
      expect((await talk([{ body }], (client) => client.listProducts())).value).toEqual([product]);
    }
    for (const body of [{ policies: [policy] }, { data: [policy] }]) {
      const { value, seen } = await talk([{ body }], (client) => client.listPolicies({ productId: "p1" }));
      expect(value).toEqual([policy]);
      expect(request(seen)).toMatchObject({ path: "/v1/policies", query: { productId: "p1" } });
    }
  });

  it("is not made with a base URL or an API key that can't be used, and repeats neither", () => {
    const make = (baseUrl: string, apiKey: string) => () =>
      createKeyThaiClient({ baseUrl, apiKey: new Secret(apiKey), timeoutMs: 1 });
    expect(make("api.keythai.net", API_KEY)).toThrow(/^KeyThai's base URL is not a URL$/);
    for (const key of ["", `${API_KEY}\n`, "กข"]) {
      expect(make("https://api.keythai.net/v1", key)).toThrow(/^KeyThai's API key is empty, or holds/);
    }
  });
});

describe("how the KeyThai client reads answers", () => {
  it.each([
    ["no metadata, no id", {}, { id: null, status: null, metadata: {}, expires_at: null }],
    ["nulls", { id: null, metadata: null, expires_at: null }, { id: null, metadata: {}, expires_at: null }],
    [
      "odd types",
      { id: [], status: 3, metadata: "x", expires_at: "x" },
      { id: null, status: null, metadata: {} },
    ],
    ["more than we know", { id: "a", machines: [1] }, { id: "a", machines: [1] }],
  ])("reads a licence with %s", async (_name, body, expected) => {
    const { value } = await talk([{ body: { licenses: [body, { id: "z" }] } }], (client) =>
      client.listLicenses(),
    );
    expect(value).toMatchObject([expected, { id: "z" }]);
  });

  it.each([{}, "", "null", "[]", "true"])(
    "takes any JSON, or none, as the answer to a change: %j",
    async (body) => {
      const { value } = await talk([{ body }], (client) => client.updateLicense(KEY, { action: "resume" }));
      expect(value).toMatchObject({ id: null, metadata: {} });
    },
  );

  it.each([
    ["not JSON", "<html>KEYT-AB12-3C4D-5E6F-7G8H-9J0K"],
    ["cut JSON", '{"licenses":[{"key":"KEYT-AB12-3C4D-5E6F-7G8H-9J0K"'],
    ["empty", ""],
    ["no licences", { licenses: [] }],
    ["a licence without a key", { licenses: [{ id: "lic_1" }] }],
    ["a key that is no text", { licenses: [{ key: 5 }] }],
    ["a key that would lead elsewhere", { licenses: [{ key: ".." }] }],
    ["another envelope", { items: [{ key: "KEYT-AB12-3C4D-5E6F-7G8H-9J0K" }] }],
  ])("says INVALID_RESPONSE of a create's 2xx that is %s, and quotes nothing", async (_name, body) => {
    const { error } = await talk([{ status: 201, body }], (client) => client.createLicense(ORDER));
    expect(error).toBeInstanceOf(KeyThaiApiError);
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", status: 201, retryAfterMs: null });
    expect(inspect(error, { depth: 9 })).not.toContain("KEYT");
  });

  it("tells KeyThai's own code, status and words", async () => {
    const body = { error: { code: "SEAT_LIMIT_REACHED", message: "All 3 seats are taken." } };
    const { error } = await talk([{ status: 409, body }], (client) => client.getLicense(KEY));
    expect(error).toMatchObject({
      code: "SEAT_LIMIT_REACHED",
      status: 409,
      message: "All 3 seats are taken.",
    });
  });

  it("strikes keys out of KeyThai's words, and keeps them short", async () => {
    const odd = new Secret("customer-key-of-another-form");
    const message = `no ${odd.reveal()}, nor keyt-ab12-3c4d, for ${API_KEY} ${"x".repeat(999)}`;
    const body = { error: { code: "INVALID_KEY", message } };
    const { error } = await talk([{ status: 404, body }], (client) => client.getLicense(odd));
    const told = inspect(error, { depth: 9 });
    expect(told).toContain("no [secret], nor [secret], for [secret] xxx");
    expect(told).not.toContain("x".repeat(300));
  });

  it.each([
    ["HTML", "<html>502</html>"],
    ["another shape", { message: "no", code: "X" }],
    ["an odd code", { error: { code: "no such key: KEYT-AB12", message: "" } }],
    ["nothing", ""],
  ])("says UNKNOWN of an error that is %s, and quotes nothing", async (_name, body) => {
    const { error } = await talk([{ status: 502, body }], (client) => client.getLicense(KEY));
    expect(error).toMatchObject({ code: "UNKNOWN", status: 502, message: "KeyThai answered 502" });
  });

  it("follows no redirect: a create could be made twice", async () => {
    const { error, seen } = await talk(
      [{ status: 307, headers: { Location: "/v1/elsewhere" } }, { body: { licenses: [{ key: "KEYT-2" }] } }],
      (client) => client.createLicense(ORDER),
    );
    expect(error).toMatchObject({ code: "UNKNOWN", status: 307 });
    expect(seen).toHaveLength(1);
  });

  it("repeats no call by itself", async () => {
    const { error, seen } = await talk([{ status: 503, headers: { "Retry-After": "0" } }], (client) =>
      client.listLicenses(),
    );
    expect(error).toMatchObject({ status: 503, retryAfterMs: 0 });
    expect(seen).toHaveLength(1);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-03-01T00:00:00Z");
  it.each([
    [null, null],
    ["", null],
    ["soon", null],
    ["0", 0],
    ["2", 2_000],
    ["-5", 0],
    ["Sun, 01 Mar 2026 00:00:30 GMT", 30_000],
    ["Sat, 28 Feb 2026 23:00:00 GMT", 0],
    ["99999999", 3_600_000],
  ])("%j is %j ms", (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});
