import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import type { DeliveryId } from "../../../src/domain/ids.ts";
import {
  giveUp,
  recordTry,
  sendAgain,
  type Tried,
  type WebhookDelivery,
} from "../../../src/domain/webhook-delivery.ts";
import {
  deliveriesSchema,
  deliverySchema,
  endpointWithSecretSchema,
  webhookReplaySchema,
} from "../../../src/http/webhook-schemas.ts";
import { runDueEffects } from "../../../src/use-cases/run-effects.ts";
import { startReceiver } from "../../adapters/webhook/receiver.ts";
import { asAdmin, deedsOf, exactly } from "../support/admin.ts";
import { atEnd, expectProblem, startService, type TestService, until } from "../support/service.ts";

const PATH = "/v1/admin/webhook_endpoints";
const NOBODY = `whd_${"0".repeat(32)}`;
const GIFT = { customer_id: "ann", entitlement_id: "premium", expires_at: null };
const EPOCH = "1970-01-01T00:00:00Z";

type Row = z.output<typeof deliverySchema>;

/** A service, an endpoint of it, and who listens there. */
async function connected(answer: (response: ServerResponse) => void = (response) => response.end("thanks")) {
  const receiver = await startReceiver(answer);
  atEnd(() => receiver[Symbol.asyncDispose]());
  const service = await startService({ WEBHOOK_ALLOW_LOOPBACK: "1" });
  const id = await register(service, receiver.url);
  return { receiver, service, id };
}

async function register(service: TestService, url: string): Promise<string> {
  return exactly(endpointWithSecretSchema, await asAdmin(service, "POST", PATH, { url }), 201).id;
}

/** A gift makes two events: created, delivered. */
async function giveSomething(service: TestService, customer_id = "ann") {
  const answer = await asAdmin(service, "POST", "/v1/admin/grants", { ...GIFT, customer_id });
  expect(answer.status, answer.text).toBe(201);
}

/** What was told of it has been told. */
async function told(service: TestService) {
  await until(async () => {
    await runDueEffects(service.ports, 10);
    const { outbox, deliveries } = service.tables;
    return outbox.size === 0 && [...deliveries.values()].every(({ state }) => state !== "pending");
  });
}

async function rowsOf(service: TestService, id: string, query = "") {
  return exactly(deliveriesSchema, await asAdmin(service, "GET", `${PATH}/${id}/deliveries${query}`));
}

const seen = ({ attempt, outcome, status_code, next_attempt_at }: Row) => [
  attempt,
  outcome,
  status_code,
  next_attempt_at !== null,
];

async function change(service: TestService, id: string, how: (delivery: WebhookDelivery) => WebhookDelivery) {
  await service.ports.webhookRecords.changeDelivery(id.slice(0, 36) as DeliveryId, how, []);
}

async function switchOff(service: TestService, id: string) {
  expect((await asAdmin(service, "PATCH", `${PATH}/${id}`, { enabled: false })).status).toBe(200);
}

const FAILED: Tried = { at: 1, statusCode: 503, durationMs: 7, excerpt: "later", retryAfterMs: null };

/** A try that failed at this time. */
function failedAt(at: number) {
  return (delivery: WebhookDelivery) => recordTry(delivery, delivery, { ...FAILED, at }, 0.5, at);
}

describe("GET …/deliveries", () => {
  test("what was sent, as it is there and here", async () => {
    const { service, receiver, id } = await connected();
    expect(await rowsOf(service, id)).toEqual({ data: [], next_cursor: null });
    await giveSomething(service);
    await told(service);
    const { data } = await rowsOf(service, id);
    expect(data).toHaveLength(2);
    for (const row of data) {
      expect(row).toEqual({
        id: expect.stringMatching(/^whd_[0-9a-f]{32}_1$/),
        webhook_id: `${row.grant_id}_${row.event_type.split(".")[1]}`,
        grant_id: expect.stringMatching(/^egr_/),
        event_type: expect.stringMatching(/^entitlement_grant\.(created|delivered)$/),
        attempt: 1,
        at: expect.any(String),
        status_code: 200,
        duration_ms: expect.any(Number),
        outcome: "succeeded",
        next_attempt_at: null,
        response_excerpt: "thanks",
      });
    }
    expect(data.map(({ webhook_id }) => webhook_id).sort()).toEqual(
      receiver.received.map(({ headers }) => headers["webhook-id"]).sort(),
    );
  });

  test("one row for each attempt and for a first one that is still to come", async () => {
    const { service, id } = await connected();
    await giveSomething(service);
    await told(service);
    const [one, other] = (await rowsOf(service, id)).data;
    const now = Date.now() + 3_600_000;
    const planned = { state: "pending", tries: 0, nextAttemptAt: now, attempts: [] } as const;
    for (const row of [one, other])
      await change(service, row?.id ?? "", (delivery) => ({ ...delivery, ...planned }));
    const waiting = (await rowsOf(service, id)).data;
    expect(waiting.map(seen)).toEqual([
      [1, "pending", null, true],
      [1, "pending", null, true],
    ]);
    expect(waiting[0]).toMatchObject({ at: new Date(now).toISOString(), response_excerpt: null });
    await change(service, one?.id ?? "", failedAt(now));
    await change(service, one?.id ?? "", failedAt(now + 5000));
    await change(service, other?.id ?? "", giveUp);
    expect((await rowsOf(service, id)).data.map(seen)).toEqual([
      [2, "failed", 503, true],
      [1, "failed", 503, false],
      // Its endpoint was off before it could be tried: the owner must see that there is something to recover.
      [1, "failed", null, false],
    ]);
    await change(service, one?.id ?? "", (delivery) => sendAgain(delivery, now + 6000));
    expect((await rowsOf(service, id)).data.map(seen)).toEqual([
      [3, "pending", null, true],
      [2, "failed", 503, false],
      [1, "failed", 503, false],
      [1, "failed", null, false],
    ]);
  });

  test("in pages of deliveries, the rows of each together", async () => {
    const { service, id } = await connected();
    for (const customer of ["ann", "ben", "cat"]) await giveSomething(service, customer);
    await told(service);
    for (const { id: delivery } of (await rowsOf(service, id)).data) {
      await asAdmin(service, "POST", `/v1/admin/webhook_deliveries/${delivery}/resend`);
      await told(service);
    }
    const all = (await rowsOf(service, id)).data;
    expect(all).toHaveLength(12);
    const paged: Row[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await rowsOf(service, id, `?limit=4${query}`);
      paged.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(paged).toEqual(all);
    expect(all.map(({ attempt }) => attempt)).toEqual([2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
  });

  test("of this endpoint alone; 400 on what is no page", async () => {
    const { service, id, receiver } = await connected();
    await switchOff(service, id);
    const other = await register(service, receiver.url);
    await giveSomething(service);
    await told(service);
    expect((await rowsOf(service, id)).data).toEqual([]);
    expect((await rowsOf(service, other)).data).toHaveLength(2);
    for (const query of ["limit=0", "cursor=", "cursor=abc"]) {
      const answer = await asAdmin(service, "GET", `${PATH}/${id}/deliveries?${query}`);
      expectProblem(answer, 400, "invalid_request");
    }
  });
});

describe("POST …/resend", () => {
  const resend = (service: TestService, id = "") =>
    asAdmin(service, "POST", `/v1/admin/webhook_deliveries/${id}/resend`);

  test("the same message once more, at once, by a delivery's id or an attempt's", async () => {
    const { service, receiver, id } = await connected();
    await giveSomething(service);
    await told(service);
    const [row] = (await rowsOf(service, id)).data;
    const sent = receiver.received.length;
    for (const [attempt, name] of [
      [2, row?.id],
      [3, row?.id.slice(0, 36)],
    ] as const) {
      const waiting = exactly(deliverySchema, await resend(service, name), 202);
      expect(waiting).toMatchObject({ id: `${row?.id.slice(0, 36)}_${attempt}`, outcome: "pending" });
      expect(waiting).toMatchObject({ webhook_id: row?.webhook_id, next_attempt_at: waiting.at });
      // Nobody looks for what is due: it goes out by itself.
      await until(() => receiver.received.length === sent + attempt - 1);
      await told(service);
    }
    const [first, ...again] = receiver.received.filter(
      ({ headers }) => headers["webhook-id"] === row?.webhook_id,
    );
    expect(again.map(({ body }) => body)).toEqual([first?.body, first?.body]);
    expect((await rowsOf(service, id)).data.slice(0, 3).map(seen)).toEqual([
      [3, "succeeded", 200, false],
      [2, "succeeded", 200, false],
      [1, "succeeded", 200, false],
    ]);
    expect(deedsOf(service).at(-1)).toEqual({
      actor: "tests",
      summary: `${row?.event_type} sent to webhook endpoint ${id} again`,
    });
    const customer = await asAdmin(service, "GET", "/v1/admin/customers/ann");
    expect(customer.text).toContain(`sent to webhook endpoint ${id} again (tests)`);
  });

  test("409: its endpoint is off, or gone; nothing changes", async () => {
    const { service, receiver, id } = await connected();
    await giveSomething(service);
    await told(service);
    const [row] = (await rowsOf(service, id)).data;
    await switchOff(service, id);
    const before = service.stored();
    expectProblem(await resend(service, row?.id), 409, "endpoint_disabled");
    expect(service.stored()).toBe(before);
    await asAdmin(service, "DELETE", `${PATH}/${id}`);
    expectProblem(await resend(service, row?.id), 409, "endpoint_disabled");
    expect(receiver.received).toHaveLength(2);
  });

  test("404: none of ours, and what is no id", async () => {
    const { service } = await connected();
    for (const id of [
      NOBODY,
      `${NOBODY}_1`,
      `${NOBODY}_`,
      `${NOBODY}_1_1`,
      `${NOBODY}_x`,
      "x",
      "a%2Fb",
      "_1",
    ])
      expectProblem(await resend(service, id), 404, "not_found");
  });
});

describe.each([
  ["replay", "missing"],
  ["recover", "failed"],
])("POST …/%s", (name, which) => {
  const ask = (service: TestService, id: string, body: unknown) =>
    asAdmin(service, "POST", `${PATH}/${id}/${name}`, body);

  test("202, and what it lacks arrives once", async () => {
    const { service, receiver, id } = await connected();
    await giveSomething(service, "ann");
    await told(service);
    await switchOff(service, id);
    await giveSomething(service, "ben");
    await told(service);
    await asAdmin(service, "PATCH", `${PATH}/${id}`, { enabled: true });
    const [row] = (await rowsOf(service, id)).data;
    await change(service, row?.id ?? "", (delivery) => ({ ...delivery, state: "failed" }));
    const before = receiver.received.length;
    const asked = exactly(webhookReplaySchema, await ask(service, id, { since: EPOCH }), 202);
    expect(asked).toEqual({ endpoint_id: id, since: "1970-01-01T00:00:00.000Z", which });
    const lacked = which === "missing" ? 3 : 1;
    await until(async () => {
      await runDueEffects(service.ports, 10);
      return receiver.received.length >= before + lacked;
    });
    await told(service);
    exactly(webhookReplaySchema, await ask(service, id, { since: EPOCH }), 202);
    await told(service);
    expect(receiver.received).toHaveLength(before + lacked);
    const words = which === "missing" ? "replay what is missing" : "recover what failed";
    expect(deedsOf(service).at(-1)).toEqual({
      actor: "tests",
      summary: `webhook endpoint ${id} told to ${words} since 1970-01-01T00:00:00.000Z`,
    });
  });

  test("from before there was time as from its beginning, and in any zone", async () => {
    const { service, id } = await connected();
    for (const [since, expected] of [
      ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00.000Z"],
      ["2026-01-01T07:00:00.5+07:00", "2026-01-01T00:00:00.500Z"],
    ]) {
      const asked = exactly(webhookReplaySchema, await ask(service, id, { since }), 202);
      expect(asked.since).toBe(expected);
    }
    await told(service);
  });

  test("409: it is off", async () => {
    const { service, id } = await connected();
    await switchOff(service, id);
    const before = service.stored();
    expectProblem(await ask(service, id, { since: EPOCH }), 409, "endpoint_disabled");
    expect(service.stored()).toBe(before);
  });

  test("400: no time, one that is still to come, or more than a time", async () => {
    const { service, id } = await connected();
    const before = service.stored();
    for (const [path, body] of [
      ["since", {}],
      ["since", { since: "yesterday" }],
      ["since", { since: "2026-01-01" }],
      ["since", { since: "2026-01-01T00:00:00" }],
      ["since", { since: 1_790_000_000 }],
      ["since", { since: null }],
      ["since", { since: new Date(Date.now() + 60_000).toISOString() }],
      ["(body)", { since: EPOCH, which: "all" }],
      ["(body)", []],
      ["(body)", "{"],
      ["since", undefined],
    ] as const) {
      const problem = expectProblem(await ask(service, id, body), 400, "invalid_request");
      expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    }
    expect(service.stored()).toBe(before);
  });
});
