import { describe, expect, it } from "vitest";
import { endpointId } from "../../src/domain/ids.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import {
  liveSecrets,
  newEndpoint,
  noteAttempt,
  patchEndpoint,
  rotateSecret,
  type WebhookEndpoint,
  wants,
} from "../../src/domain/webhook-endpoint.ts";
import { NOW } from "../support/builders.ts";

const LATER = NOW + HOUR;
const ENDPOINT = newEndpoint(
  {
    id: endpointId("0".repeat(32)),
    url: "https://shop.example/hooks",
    description: "the shop",
    eventTypes: null,
  },
  "sealed-1",
  NOW,
);
const OFF: WebhookEndpoint = { ...ENDPOINT, enabled: false, disabledReason: "moving house" };

describe("a new endpoint", () => {
  it("is on, and signs with its one secret for as long as it is not replaced", () => {
    expect(ENDPOINT).toMatchObject({
      enabled: true,
      disabledReason: null,
      failingSince: null,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(liveSecrets(ENDPOINT, NOW + 1000 * DAY)).toEqual([{ sealed: "sealed-1", until: null }]);
  });
});

describe("a change by a person", () => {
  it("changes what it names, and nothing else", () => {
    const patch = { description: "the new shop", eventTypes: ["entitlement_grant.revoked"] } as const;
    expect(patchEndpoint(ENDPOINT, patch, LATER)).toEqual({ ...ENDPOINT, ...patch, updatedAt: LATER });
  });

  it.each([
    ["nothing", ENDPOINT, {}],
    ["what is so already", ENDPOINT, { url: ENDPOINT.url, enabled: true, eventTypes: null }],
    ["a reason for what is on", ENDPOINT, { disabledReason: "why not" }],
    ["off without a reason, where one is told already", OFF, { enabled: false }],
  ])("is none where it says nothing new: %s", (_, endpoint, patch) => {
    expect(patchEndpoint(endpoint, patch, LATER)).toBe(endpoint);
  });

  it("switches off with a reason, its own if need be, and on again without", () => {
    const off = patchEndpoint(ENDPOINT, { enabled: false, disabledReason: "moving house" }, LATER);
    expect(off).toEqual({ ...OFF, updatedAt: LATER });
    expect(patchEndpoint(ENDPOINT, { enabled: false }, LATER).disabledReason).toBe("disabled by an admin");
    expect(patchEndpoint(off, { enabled: false, disabledReason: "gone fishing" }, LATER).disabledReason).toBe(
      "gone fishing",
    );
    expect(patchEndpoint(off, { enabled: true }, LATER)).toEqual({ ...ENDPOINT, updatedAt: LATER });
  });

  it("begins a new record for a new address, and when it is switched on; for nothing else", () => {
    const failing = { ...ENDPOINT, failingSince: NOW };
    const since = (endpoint: WebhookEndpoint, patch: Parameters<typeof patchEndpoint>[1]) =>
      patchEndpoint(endpoint, patch, LATER).failingSince;
    expect(since(failing, { url: "https://other.example/" })).toBeNull();
    expect(since({ ...OFF, failingSince: NOW }, { enabled: true })).toBeNull();
    // Said again every day by a script, it must not keep a dead endpoint alive.
    expect(since(failing, { enabled: true, description: "x" })).toBe(NOW);
    expect(since(failing, { url: ENDPOINT.url, description: "x" })).toBe(NOW);
    expect(since({ ...OFF, failingSince: NOW }, { description: "x" })).toBe(NOW);
  });
});

describe("a rotation", () => {
  const sealedAt = (endpoint: WebhookEndpoint, at: number) =>
    liveSecrets(endpoint, at).map(({ sealed }) => sealed);

  it("lets both sign for 24 h, the newest first, then the new one alone", () => {
    const rotated = rotateSecret(ENDPOINT, "sealed-2", true, LATER);
    expect(rotated.updatedAt).toBe(LATER);
    expect(sealedAt(rotated, LATER)).toEqual(["sealed-2", "sealed-1"]);
    expect(sealedAt(rotated, LATER + DAY - 1)).toEqual(["sealed-2", "sealed-1"]);
    expect(sealedAt(rotated, LATER + DAY)).toEqual(["sealed-2"]);
  });

  it("ends what signed so far at once where that is asked for", () => {
    const twice = rotateSecret(rotateSecret(ENDPOINT, "sealed-2", true, NOW), "sealed-3", false, LATER);
    expect(twice.secrets).toEqual([{ sealed: "sealed-3", until: null }]);
  });

  it("never lets an older secret sign longer than it was promised, and forgets those that have ended", () => {
    const twice = rotateSecret(rotateSecret(ENDPOINT, "sealed-2", true, NOW), "sealed-3", true, LATER);
    expect(twice.secrets).toEqual([
      { sealed: "sealed-3", until: null },
      { sealed: "sealed-2", until: LATER + DAY },
      { sealed: "sealed-1", until: NOW + DAY },
    ]);
    expect(rotateSecret(twice, "sealed-4", true, NOW + DAY).secrets.map(({ sealed }) => sealed)).toEqual([
      "sealed-4",
      "sealed-3",
      "sealed-2",
    ]);
  });

  it("is made once: again with the same secret it changes nothing", () => {
    const rotated = rotateSecret(ENDPOINT, "sealed-2", true, NOW);
    expect(rotateSecret(rotated, "sealed-2", true, LATER)).toBe(rotated);
  });

  it("keeps the newest five, however often it is rotated", () => {
    let endpoint = ENDPOINT;
    for (let count = 2; count <= 9; count += 1)
      endpoint = rotateSecret(endpoint, `sealed-${count}`, true, NOW);
    expect(sealedAt(endpoint, NOW)).toEqual(["sealed-9", "sealed-8", "sealed-7", "sealed-6", "sealed-5"]);
  });
});

describe("what an endpoint wants", () => {
  it.each([
    ["all", null, true],
    ["these", ["entitlement_grant.created", "entitlement_grant.revoked"], true],
    ["others", ["entitlement_grant.revoked"], false],
    ["none", [], false],
  ] as const)("%s", (_, eventTypes, wanted) => {
    const endpoint = { ...ENDPOINT, eventTypes };
    expect(wants(endpoint, "entitlement_grant.created")).toBe(wanted);
    expect(wants({ ...endpoint, enabled: false }, "entitlement_grant.created")).toBe(false);
  });
});

describe("what attempts say of an endpoint", () => {
  const FAILED = { succeeded: false, statusCode: 500 };
  const note = (endpoint: WebhookEndpoint, seen: Partial<typeof FAILED>, now = LATER) =>
    noteAttempt(endpoint, { ...FAILED, ...seen }, now);

  it("nothing new: it goes on as before, or is off already", () => {
    const failing = { ...ENDPOINT, failingSince: NOW };
    expect(note(ENDPOINT, { succeeded: true, statusCode: 200 })).toBe(ENDPOINT);
    expect(note(failing, {})).toBe(failing);
    expect(note(OFF, { statusCode: 410 })).toBe(OFF);
    expect(note({ ...OFF, failingSince: NOW }, {}, NOW + 9 * DAY)).toMatchObject({
      disabledReason: "moving house",
    });
  });

  it("five days of nothing but failures switch it off", () => {
    const first = note(ENDPOINT, {}, NOW);
    expect(first).toEqual({ ...ENDPOINT, failingSince: NOW, failedAt: NOW });
    let failing = first;
    for (let at = NOW + 11 * HOUR; at < NOW + 5 * DAY; at += 11 * HOUR) failing = note(failing, {}, at);
    const last = NOW + 110 * HOUR;
    expect(failing).toEqual({ ...ENDPOINT, failingSince: NOW, failedAt: last });
    expect(note(failing, {}, NOW + 5 * DAY - MINUTE)).toMatchObject({ enabled: true });
    expect(note(failing, {}, NOW + 5 * DAY)).toEqual({
      ...failing,
      enabled: false,
      disabledReason: "failed for five days",
      updatedAt: NOW + 5 * DAY,
    });
  });

  it("a failure after a day of silence is the first of another trouble", () => {
    const first = note(ENDPOINT, {}, NOW);
    const again = NOW + 6 * DAY;
    expect(note(first, {}, again)).toEqual({ ...ENDPOINT, failingSince: again, failedAt: again });
  });

  it("of many failures in an hour the first is written down", () => {
    const first = note(ENDPOINT, {}, NOW);
    expect(note(first, {}, NOW + HOUR)).toBe(first);
  });

  it("one success in between, and the days are counted anew", () => {
    const better = note({ ...ENDPOINT, failingSince: NOW }, { succeeded: true, statusCode: 204 });
    expect(better).toEqual(ENDPOINT);
    expect(note(better, {}, NOW + 6 * DAY)).toMatchObject({ enabled: true, failingSince: NOW + 6 * DAY });
  });

  it("410 switches it off at once", () => {
    expect(note(ENDPOINT, { statusCode: 410 })).toMatchObject({
      enabled: false,
      disabledReason: "answered 410 Gone",
      updatedAt: LATER,
    });
  });
});
