import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../sandbox/keythai/answer-signer.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { type Answer, aSandbox, call } from "./support.ts";

const ORDER = { product: "my-app", policyId: "01J00000000000000000000SUB" };

type Created = { licenses: { id: string; key: string; status: string; metadata: object }[] };

function keythai(sandbox: Sandbox, method: string, path: string, body?: unknown, key = "kt_test_sandbox") {
  return call(`${sandbox.url}/keythai/v1${path}`, method, body, { Authorization: `Bearer ${key}` });
}

async function create(sandbox: Sandbox, order: object = ORDER): Promise<string> {
  const { body } = await keythai(sandbox, "POST", "/licenses", order);
  return (body as Created).licenses[0]?.key ?? "";
}

const codeOf = ({ body }: Answer): string => (body as { error: { code: string } }).error.code;

describe("management API", () => {
  test("create tells the key once and keeps its hash", async () => {
    const sandbox = await aSandbox();
    const order = { ...ORDER, quantity: 3, metadata: { order: "GPA.1" } };
    const { status, body } = await keythai(sandbox, "POST", "/licenses", order);
    expect(status).toBe(201);
    const { licenses } = body as Created;
    expect(licenses).toHaveLength(3);
    expect(licenses[0]).toMatchObject({ status: "active", metadata: { order: "GPA.1" } });
    const key = licenses[0]?.key ?? "";
    expect(key).toMatch(/^KEYT(-[0-9A-Z]{4}){5}$/);
    expect(JSON.stringify(sandbox.keythai.licences)).not.toContain(key);
    expect(sandbox.keythai.findByKey(key)?.id).toBe(licenses[0]?.id);
    const list = await keythai(sandbox, "GET", "/licenses");
    expect(JSON.stringify(list.body)).not.toContain(key);
    expect(list.body).toMatchObject({ total: 3, page: 1, limit: 20 });
  });

  test.each([
    [{ ...ORDER, product: "other" }],
    [{ ...ORDER, policyId: "nope" }],
    [{ ...ORDER, quantity: 101 }],
    [{ ...ORDER, holderName: null }],
    [{ product: "my-app" }],
    [{ ...ORDER, expiresAt: 1 }],
  ])("create refuses %j", async (order) => {
    const sandbox = await aSandbox();
    const answer = await keythai(sandbox, "POST", "/licenses", order);
    expect([answer.status, codeOf(answer)]).toEqual([400, "VALIDATION_ERROR"]);
    expect(sandbox.keythai.licences).toHaveLength(0);
  });

  test("suspend, resume, expiry, revoke; what is revoked stays so", async () => {
    const sandbox = await aSandbox();
    const key = await create(sandbox);
    const patch = (body: object) => keythai(sandbox, "PATCH", `/licenses/${encodeURIComponent(key)}`, body);
    expect((await patch({ action: "suspend" })).body).toMatchObject({ status: "suspended" });
    expect((await patch({ action: "resume" })).body).toMatchObject({ status: "active" });
    expect((await patch({ action: "resume" })).status).toBe(200);
    expect((await patch({ expiresAt: 1_800_000_000 })).body).toMatchObject({ expires_at: 1_800_000_000 });
    expect(codeOf(await patch({ expiresAt: Date.now() }))).toBe("VALIDATION_ERROR");
    expect((await patch({ action: "revoke" })).body).toMatchObject({ status: "revoked" });
    const again = await patch({ action: "resume" });
    expect([again.status, codeOf(again)]).toEqual([409, "LICENSE_REVOKED"]);
    const unknown = await keythai(sandbox, "GET", "/licenses/KEYT-0000");
    expect([unknown.status, codeOf(unknown)]).toEqual([404, "INVALID_KEY"]);
  });

  test("keys and scopes", async () => {
    const sandbox = await aSandbox();
    expect((await keythai(sandbox, "GET", "/licenses", undefined, "kt_test_readonly")).status).toBe(200);
    const write = await keythai(sandbox, "POST", "/licenses", ORDER, "kt_test_readonly");
    expect([write.status, codeOf(write)]).toEqual([403, "UNAUTHORIZED"]);
    const wrong = await keythai(sandbox, "GET", "/products", undefined, "nope");
    expect([wrong.status, codeOf(wrong)]).toEqual([401, "UNAUTHORIZED"]);
  });

  test("q finds holders and last four; metadata only where that is switched on", async () => {
    const sandbox = await aSandbox();
    const order = { ...ORDER, holderEmail: "somchai@example.com", metadata: { order: "GPA.77" } };
    const key = await create(sandbox, order);
    await create(sandbox);
    const found = async (query: string) => {
      const { body } = await keythai(sandbox, "GET", `/licenses?${query}`);
      return (body as { total: number }).total;
    };
    expect(await found("q=SOMCHAI")).toBe(1);
    expect(await found(`q=${key.slice(-4)}`)).toBe(1);
    expect(await found("q=GPA.77")).toBe(0);
    sandbox.keythai.qMatchesMetadata = true;
    expect(await found("q=GPA.77")).toBe(1);
    expect(await found("status=revoked")).toBe(0);
    expect(await found("page=2&limit=1")).toBe(2);
  });
});

describe("licence API", () => {
  test("answers are signed over canonical JSON", async () => {
    const sandbox = await aSandbox();
    const key = await create(sandbox);
    const url = `${sandbox.url}/keythai/v1`;
    const { body } = await call(`${url}/licenses/${key}/activate`, "POST", { fingerprint: "f1", name: "PC" });
    const { signature, kid, machine, ...signed } = body as Record<string, unknown>;
    expect(signed).toMatchObject({ valid: true, status: "active" });
    expect(machine).toMatchObject({ fingerprint: "f1" });
    const keys = (await call(`${url}/keys`)).body as { keys: { publicJwk: JsonWebKey }[] };
    const jwk = keys.keys.find(({ publicJwk }) => publicJwk.kid === kid)?.publicJwk ?? {};
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    const holds = (text: string) =>
      verify(null, Buffer.from(text), publicKey, Buffer.from(String(signature), "base64"));
    expect(holds(canonicalJson(signed))).toBe(true);
    expect(holds(canonicalJson({ ...signed, valid: false }))).toBe(false);
  });

  test("seats, unknown machines, suspended and expired licences", async () => {
    let now = Date.UTC(2026, 0, 1);
    const sandbox = await aSandbox({ now: () => now });
    const key = await create(sandbox);
    const ask = (verb: string, fingerprint: string) =>
      call(`${sandbox.url}/keythai/v1/licenses/${key}/${verb}`, "POST", { fingerprint });
    for (const machine of ["a", "b", "c", "a"]) expect((await ask("activate", machine)).status).toBe(200);
    expect(codeOf(await ask("activate", "d"))).toBe("SEAT_LIMIT_REACHED");
    expect(codeOf(await ask("heartbeat", "d"))).toBe("MACHINE_NOT_FOUND");
    await keythai(sandbox, "DELETE", `/licenses/${key}/machines/a`);
    expect((await ask("activate", "d")).status).toBe(200);
    await keythai(sandbox, "PATCH", `/licenses/${key}`, { action: "suspend" });
    expect(codeOf(await ask("activate", "e"))).toBe("LICENSE_SUSPENDED");
    expect((await ask("validate", "b")).body).toMatchObject({ valid: false, status: "suspended" });
    await keythai(sandbox, "PATCH", `/licenses/${key}`, { action: "resume", expiresAt: now / 1000 + 60 });
    expect((await ask("validate", "b")).body).toMatchObject({ valid: true });
    now += 60_000;
    expect((await ask("validate", "b")).body).toMatchObject({ valid: false, status: "expired" });
  });
});
