import { describe, expect, it } from "vitest";
import type { GrantEvent } from "../../src/domain/grant-events.ts";
import { deliveryId, endpointId, eventId } from "../../src/domain/ids.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import {
  giveUp,
  isNewRound,
  isSuccess,
  nextNumber,
  planDelivery,
  recordTry,
  sendAgain,
  type Tried,
  type WebhookDelivery,
} from "../../src/domain/webhook-delivery.ts";
import { ANN, grant, must, NOW } from "../support/builders.ts";

const ENDPOINT = endpointId("0".repeat(32));
const GRANT = grant();
const EVENT: GrantEvent = {
  id: eventId(GRANT.id, "created"),
  type: "entitlement_grant.created",
  occurredAt: NOW - MINUTE,
  grant: GRANT,
};
const PLANNED = planDelivery(EVENT, ENDPOINT, NOW);
const MIDDLE = 0.5;

function tried(overrides: Partial<Tried> = {}): Tried {
  return { at: NOW, statusCode: 500, durationMs: 12, excerpt: "oh no", retryAfterMs: null, ...overrides };
}

/** A try that nobody else meddles with, at the time it is due and over at once. */
function attempt(delivery: WebhookDelivery, how: Partial<Tried> = {}, chance = MIDDLE): WebhookDelivery {
  const at = delivery.nextAttemptAt ?? NOW;
  return recordTry(delivery, delivery, tried({ at, ...how }), chance, at);
}

const OK = { statusCode: 204, excerpt: "" };

it("is planned once for an event and an endpoint, due at once", () => {
  expect(PLANNED).toEqual({
    id: deliveryId(EVENT.id, ENDPOINT),
    endpointId: ENDPOINT,
    eventId: EVENT.id,
    eventType: "entitlement_grant.created",
    grantId: GRANT.id,
    customerId: ANN,
    state: "pending",
    tries: 0,
    nextAttemptAt: NOW,
    attempts: [],
    createdAt: NOW,
  });
  expect(isNewRound(PLANNED)).toBe(true);
  expect(nextNumber(PLANNED)).toBe(1);
});

it.each([
  [null, false],
  [199, false],
  [200, true],
  [204, true],
  [299, true],
  [300, false],
  [302, false],
  [410, false],
  [500, false],
])("status %s succeeds: %s", (status, expected) => {
  expect(isSuccess(status)).toBe(expected);
});

describe("tries", () => {
  it("ends with the first success", () => {
    expect(attempt(PLANNED, OK)).toEqual({
      ...PLANNED,
      state: "succeeded",
      tries: 1,
      nextAttemptAt: null,
      attempts: [{ number: 1, at: NOW, durationMs: 12, ...OK, succeeded: true }],
    });
  });

  it.each([
    ["as written", MIDDLE, 1],
    ["10 % sooner at most", 0, 0.9],
    ["10 % later at most", 1, 1.1],
  ])("eight in about 27 hours, then no more: %s", (_, chance, factor) => {
    const pauses: number[] = [];
    let delivery = PLANNED;
    while (delivery.nextAttemptAt !== null) {
      const before = delivery.nextAttemptAt;
      delivery = attempt(delivery, {}, chance);
      if (delivery.nextAttemptAt !== null) pauses.push(delivery.nextAttemptAt - before);
    }
    const schedule = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
    expect(pauses).toEqual(schedule.map((pause) => Math.round(pause * factor)));
    expect(delivery).toMatchObject({ state: "failed", tries: 8 });
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(isNewRound(delivery)).toBe(false);
  });

  it("counts pauses from when the try ended", () => {
    const ended = NOW + 15 * SECOND;
    const after = recordTry(PLANNED, PLANNED, tried({ statusCode: null }), MIDDLE, ended);
    expect(after.nextAttemptAt).toBe(ended + 5 * SECOND);
    expect(after.attempts).toMatchObject([{ at: NOW, statusCode: null, succeeded: false }]);
  });

  it.each([
    ["sooner than planned: as planned", 1 * SECOND, 5 * SECOND],
    ["later: then", 90 * SECOND, 90 * SECOND],
    ["too late: within a day", 90 * DAY, DAY],
  ])("come when the receiver asks for it, %s", (_, retryAfterMs, pause) => {
    expect(attempt(PLANNED, { statusCode: 429, retryAfterMs }).nextAttemptAt).toBe(NOW + pause);
  });

  it("keeps the newest twenty of very many, with their numbers", () => {
    let delivery = PLANNED;
    for (let count = 0; count < 30; count += 1) delivery = attempt(sendAgain(delivery, NOW + count));
    expect(delivery.attempts).toHaveLength(20);
    expect([delivery.attempts[0]?.number, delivery.attempts.at(-1)?.number]).toEqual([11, 30]);
    expect(nextNumber(delivery)).toBe(31);
  });
});

describe("sent again", () => {
  it("begins a new round, with the whole schedule", () => {
    const failed = { ...attempt(PLANNED), state: "failed", tries: 8, nextAttemptAt: null } as const;
    const again = sendAgain(failed, NOW + DAY);
    expect(again).toEqual({ ...failed, state: "pending", tries: 0, nextAttemptAt: NOW + DAY });
    expect(isNewRound(again)).toBe(true);
    expect(attempt(again).nextAttemptAt).toBe(NOW + DAY + 5 * SECOND);
  });

  it.each([
    ["it works", OK],
    ["it fails", {}],
  ])("while a try is under way: that one is noted, and the new round is still to come; %s", (_, how) => {
    const again = sendAgain(PLANNED, NOW + 1);
    const after = recordTry(again, PLANNED, tried(how), MIDDLE, NOW + 2);
    expect(after).toEqual({ ...again, attempts: after.attempts });
    expect(after.attempts).toHaveLength(1);
  });

  it("also while a retry is under way", () => {
    const retried = attempt(PLANNED);
    const again = sendAgain(retried, must(retried.nextAttemptAt));
    const after = recordTry(again, retried, tried({ ...OK, at: NOW + 5 * SECOND }), MIDDLE, NOW + DAY);
    expect(after).toMatchObject({ state: "pending", tries: 0 });
  });
});

describe("meddled with while a try was under way", () => {
  it("given up: a failure stays one, but what was told was told", () => {
    const given = giveUp(PLANNED);
    expect(given).toEqual({ ...PLANNED, state: "failed", nextAttemptAt: null });
    const failed = recordTry(given, PLANNED, tried(), MIDDLE, NOW);
    expect(failed).toMatchObject({ state: "failed", nextAttemptAt: null, attempts: [{ number: 1 }] });
    expect(recordTry(given, PLANNED, tried(OK), MIDDLE, NOW)).toMatchObject({ state: "succeeded", tries: 0 });
  });

  it("another made the same try: one success is enough, and the schedule moves on once", () => {
    const theirs = attempt(PLANNED, { at: NOW - SECOND });
    const failed = recordTry(theirs, PLANNED, tried(), MIDDLE, NOW + HOUR);
    expect(failed).toEqual({ ...theirs, attempts: failed.attempts });
    expect(failed.attempts.map(({ number }) => number)).toEqual([1, 2]);
    const worked = recordTry(theirs, PLANNED, tried(OK), MIDDLE, NOW + HOUR);
    expect(worked).toMatchObject({ state: "succeeded", tries: 1, nextAttemptAt: null });
    const told = attempt(PLANNED, { ...OK, at: NOW - SECOND });
    expect(recordTry(told, PLANNED, tried(), MIDDLE, NOW)).toMatchObject({ state: "succeeded" });
  });

  it("recorded already, by a commit whose answer was lost: nothing changes", () => {
    for (const how of [OK, {}]) {
      const once = attempt(PLANNED, how);
      expect(recordTry(once, PLANNED, tried(how), MIDDLE, NOW + SECOND)).toBe(once);
    }
  });
});

describe("given up", () => {
  it.each([OK, {}])("only where it is pending", (how) => {
    const delivery = attempt(PLANNED, how);
    const after = giveUp(delivery);
    if (how === OK) expect(after).toBe(delivery);
    else expect(after).toMatchObject({ state: "failed", nextAttemptAt: null });
  });
});
