import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { endpointWithSecretSchema, webhookTestResultSchema } from "../../../src/http/webhook-schemas.ts";
import { type Received, startReceiver } from "../../adapters/webhook/receiver.ts";
import { asAdmin, deedsOf, exactly } from "../support/admin.ts";
import { ADMIN_KEY, atEnd, expectProblem, startService, type TestService } from "../support/service.ts";

const PATH = "/v1/admin/webhook_endpoints";

/** A service, and an endpoint of it at which somebody listens. */
async function connected(answer: (response: ServerResponse) => void = (response) => response.end("thanks")) {
  const receiver = await startReceiver(answer);
  atEnd(() => receiver[Symbol.asyncDispose]());
  const service = await startService({ WEBHOOK_ALLOW_LOOPBACK: "1" });
  const created = await asAdmin(service, "POST", PATH, { url: receiver.url });
  const { id, secret } = exactly(endpointWithSecretSchema, created, 201);
  return { receiver, service, id, secret };
}

async function tryOut(service: TestService, id: string, body?: object) {
  return exactly(webhookTestResultSchema, await asAdmin(service, "POST", `${PATH}/${id}/test`, body));
}

async function rotate(service: TestService, id: string, body?: object): Promise<string> {
  const answer = await asAdmin(service, "POST", `${PATH}/${id}/rotate_secret`, body);
  return exactly(endpointWithSecretSchema, answer).secret;
}

/** Which of the secrets a receiver may hold so that it accepts the message. */
function acceptedBy(message: Received | undefined, secrets: readonly string[]): boolean[] {
  const { body = "", headers = {} } = message ?? {};
  const known = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return secrets.map((secret) => {
    try {
      new Webhook(secret).verify(body, known);
      return true;
    } catch {
      return false;
    }
  });
}

describe("POST …/test", () => {
  test("a signed sample at once, and what came of it", async () => {
    const { service, receiver, id, secret } = await connected();
    expect(await tryOut(service, id)).toEqual({
      status_code: 200,
      duration_ms: expect.any(Number),
      outcome: "succeeded",
      response_excerpt: "thanks",
    });
    expect(receiver.received).toHaveLength(1);
    expect(acceptedBy(receiver.received[0], [secret, `whsec_${btoa("x".repeat(32))}`])).toEqual([
      true,
      false,
    ]);
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
      type: "entitlement_grant.created",
      data: { payload_type: "EntitlementGrant", customer_id: "sample-customer" },
    });
  });

  test.each(["created", "delivered", "failed", "revoked"])("of the type asked for: %s", async (name) => {
    const { service, receiver, id } = await connected();
    await asAdmin(service, "PATCH", `${PATH}/${id}`, { event_types: ["entitlement_grant.revoked"] });
    await tryOut(service, id, { event_type: `entitlement_grant.${name}` });
    await tryOut(service, id);
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      `entitlement_grant.${name}`,
      "entitlement_grant.revoked",
    ]);
  });

  test("sent once whatever comes of it, and held against nobody", async () => {
    const { service, receiver, id } = await connected((response) => response.writeHead(500).end());
    const before = service.stored();
    expect(await tryOut(service, id)).toMatchObject({
      status_code: 500,
      outcome: "failed",
      response_excerpt: null,
    });
    expect(receiver.received).toHaveLength(1);
    expect(service.stored()).toBe(before);
    await receiver[Symbol.asyncDispose]();
    expect(await tryOut(service, id)).toMatchObject({
      status_code: null,
      outcome: "failed",
      response_excerpt: "connection_failed",
    });
    expect(service.stored()).toBe(before);
  });

  test("an endpoint that is off, or wants nothing, can be tried too", async () => {
    const { service, receiver, id } = await connected();
    await asAdmin(service, "PATCH", `${PATH}/${id}`, { enabled: false, event_types: [] });
    expect((await tryOut(service, id)).outcome).toBe("succeeded");
    expect(receiver.received).toHaveLength(1);
  });

  test("400: no type of ours, or a body that says something else", async () => {
    const { service, receiver, id } = await connected();
    for (const [path, body] of [
      ["event_type", { event_type: "created" }],
      ["event_type", { event_type: null }],
      ["(body)", { url: "http://elsewhere.example" }],
      ["(body)", "{"],
    ] as const) {
      const answer = await asAdmin(service, "POST", `${PATH}/${id}/test`, body);
      const problem = expectProblem(answer, 400, "invalid_request");
      expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    }
    expect(receiver.received).toEqual([]);
  });
});

describe("POST …/rotate_secret", () => {
  test("both sign until the former is told to stop; then the new one alone", async () => {
    const { service, receiver, id, secret: first } = await connected();
    const second = await rotate(service, id);
    await tryOut(service, id);
    expect(acceptedBy(receiver.received[0], [first, second])).toEqual([true, true]);
    const third = await rotate(service, id, { expire_old: false });
    await tryOut(service, id);
    expect(acceptedBy(receiver.received[1], [first, second, third])).toEqual([true, true, true]);
    const fourth = await rotate(service, id, { expire_old: true });
    await tryOut(service, id);
    expect(acceptedBy(receiver.received[2], [first, second, third, fourth])).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
    expect(deedsOf(service).map(({ summary }) => summary?.replace(`webhook endpoint ${id} `, ""))).toEqual([
      "created",
      "secret rotated",
      "secret rotated",
      "secret rotated, the former expired",
    ]);
  });

  test("the secrets are nowhere but in the answers", async () => {
    const { service, id, secret } = await connected();
    const secrets = [secret, await rotate(service, id), await rotate(service, id, { expire_old: true })];
    await tryOut(service, id);
    const { tables, lines } = service;
    const read = await asAdmin(service, "GET", `${PATH}/${id}`);
    const kept = JSON.stringify([[...tables.endpoints], tables.audit]) + lines.join("\n") + read.text;
    for (const each of secrets) expect(kept).not.toContain(each.slice("whsec_".length, 30));
  });

  test("400, and both as before: a body that would be passed over, or says something else", async () => {
    const { service, id } = await connected();
    const before = service.stored();
    const path = `${PATH}/${id}/rotate_secret`;
    for (const [where, body] of [
      ["expire_old", { expire_old: "true" }],
      ["expire_old", { expire_old: null }],
      ["(body)", { expire: true }],
      ["(body)", { secret: "whsec_mine" }],
      ["(body)", []],
      ["(body)", "{"],
    ] as const) {
      const problem = expectProblem(await asAdmin(service, "POST", path, body), 400, "invalid_request");
      expect(problem.errors?.map((error) => error.path)).toEqual([where]);
    }
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      const headers = { Authorization: `Bearer ${ADMIN_KEY}`, "Content-Type": type };
      const answer = await service.call("POST", path, { headers, body: '{"expire_old":true}' });
      expectProblem(answer, 400, "invalid_request");
    }
    expect(service.stored()).toBe(before);
  });
});
