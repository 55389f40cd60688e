import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyThaiClient } from "../../../src/adapters/keythai/keythai-client.ts";
import { createLicenseServer } from "../../../src/adapters/keythai/license-server.ts";
import { OutsideError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { IssuedLicense, LicenseServer } from "../../../src/ports.ts";
import { anOrder } from "../../contracts/license-server.ts";
import { type KeyThaiFault, type KeyThaiHarness, startKeyThai } from "./sandbox-harness.ts";
import { type Answer, startScripted } from "./scripted-server.ts";

const UNKNOWN = { kind: "unknown", code: "keythai_unavailable" };
const UNAUTHORIZED = { kind: "refused", code: "keythai_unauthorized" };

let harness: KeyThaiHarness;
let server: LicenseServer;

beforeEach(async () => {
  harness = await startKeyThai();
  server = harness.server;
});
afterEach(() => harness.close());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => "no failure",
    (error: unknown) => error,
  );
const order = () => anOrder(harness);

async function withOther(
  changes: Parameters<typeof startKeyThai>[0],
  use: (other: KeyThaiHarness) => Promise<void>,
): Promise<void> {
  const other = await startKeyThai(changes);
  await use(other).finally(other.close);
}

/** KeyThai's answer to a create that says no. */
const refused = (status: number, code: string): Answer => ({
  status,
  body: { error: { code, message: "no" } },
});

async function issueFrom(answer: Answer): Promise<unknown> {
  await using scripted = await startScripted([answer]);
  const client = createKeyThaiClient({
    apiKey: new Secret("kt_live_1"),
    baseUrl: scripted.url,
    timeoutMs: 5_000,
  });
  const error = await failure(
    createLicenseServer({ client, issueTimeoutMs: 5_000, maxPages: 1 }).issue(order()),
  );
  expect(scripted.seen).toHaveLength(1);
  return error;
}

describe("what KeyThai's answer to a create means", () => {
  it.each<[string, Answer, object]>([
    ["a proxy's 429", { status: 429, body: "<html>" }, { kind: "busy", code: "keythai_rate_limited" }],
    ["429", refused(429, "RATE_LIMITED"), { kind: "busy", code: "keythai_rate_limited", retryAfterMs: null }],
    [
      "RATE_LIMITED with another 4xx",
      refused(403, "RATE_LIMITED"),
      { kind: "busy", code: "keythai_rate_limited" },
    ],
    ["QUOTA_EXCEEDED", refused(403, "QUOTA_EXCEEDED"), { kind: "refused", code: "keythai_quota_exceeded" }],
    [
      "QUOTA_EXCEEDED as a 429",
      refused(429, "QUOTA_EXCEEDED"),
      { kind: "refused", code: "keythai_quota_exceeded" },
    ],
    [
      "VALIDATION_ERROR",
      refused(400, "VALIDATION_ERROR"),
      { kind: "refused", code: "keythai_validation_error" },
    ],
    ["UNAUTHORIZED", refused(401, "UNAUTHORIZED"), UNAUTHORIZED],
    ["a scope that lacks", refused(403, "UNAUTHORIZED"), UNAUTHORIZED],
    ["a proxy's 401", { status: 401, body: "<html>" }, UNAUTHORIZED],
    ["another 4xx", refused(409, "SEAT_LIMIT_REACHED"), { kind: "refused", code: "keythai_refused" }],
    ["a foreign 404", { status: 404, body: "<html>" }, { kind: "refused", code: "keythai_refused" }],
    ["500", refused(500, "INTERNAL_ERROR"), UNKNOWN],
    ["a known code with a 5xx", refused(503, "QUOTA_EXCEEDED"), UNKNOWN],
    ["a proxy's 502", { status: 502, body: "<html>" }, UNKNOWN],
    ["a proxy's 408", { status: 408 }, UNKNOWN],
    ["a redirect", { status: 303, headers: { Location: "/" } }, UNKNOWN],
    ["an empty 2xx", { status: 201, body: "" }, UNKNOWN],
    ["a 2xx without a key", { body: { licenses: [{ id: "x" }] } }, UNKNOWN],
  ])("%s", async (_name, answer, expected) => {
    const error = await issueFrom(answer);
    expect(error).toBeInstanceOf(OutsideError);
    expect(error).toMatchObject(expected);
  });

  it.each<[KeyThaiFault, object]>([
    [
      { kind: "status_429", retryAfterSeconds: 7 },
      { kind: "busy", retryAfterMs: 7_000 },
    ],
    [{ kind: "status_503" }, UNKNOWN],
    [{ kind: "broken_json" }, UNKNOWN],
    [{ kind: "cut_before" }, UNKNOWN],
    [{ kind: "cut_after" }, UNKNOWN],
    [{ kind: "status_401" }, UNAUTHORIZED],
    [
      { kind: "status_403", code: "QUOTA_EXCEEDED" },
      { kind: "refused", code: "keythai_quota_exceeded" },
    ],
  ])("the sandbox's %j: never tried again", async (input, expected) => {
    const fault = harness.fault(input);
    expect(await failure(server.issue(order()))).toMatchObject(expected);
    expect(fault.struck).toBe(1);
    expect(harness.keythai.calls.create).toBeLessThanOrEqual(1);
  });

  it.each<KeyThaiFault>([{ kind: "hang" }, { kind: "slow", delayMs: 3_000 }])(
    "%j beyond its time: unknown, in no more than the time it names",
    (fault) =>
      withOther({ issueTimeoutMs: 100 }, async (other) => {
        other.fault(fault);
        expect(other.server.issueTimeoutMs).toBe(100);
        const began = performance.now();
        expect(await failure(other.server.issue(order()))).toMatchObject(UNKNOWN);
        expect(performance.now() - began).toBeLessThan(2_000);
      }),
  );

  it("busy when nobody listens there: surely nothing was made", async () => {
    await harness.close();
    expect(await failure(server.issue(order()))).toMatchObject({ kind: "busy", code: "keythai_unavailable" });
    harness = await startKeyThai();
  });

  it("refused, by KeyThai's own checks", async () => {
    const validation = { kind: "refused", code: "keythai_validation_error" };
    expect(await failure(server.issue({ ...order(), product: "no-app" }))).toMatchObject(validation);
    for (const apiKey of ["kt_live_wrong", "kt_test_readonly"]) {
      await withOther({ apiKey }, async (other) => {
        expect(await failure(other.server.issue(order()))).toMatchObject(UNAUTHORIZED);
      });
    }
  });
});

describe("calls that may be repeated", () => {
  const key = async (): Promise<Secret> => (await server.issue(order())).key;

  it.each<KeyThaiFault["kind"]>(["status_503", "status_500", "broken_json", "cut_before", "cut_after"])(
    "get through two failures in a row: %s",
    async (kind) => {
      const mine = anOrder(harness);
      const issued: IssuedLicense = await server.issue(mine);
      harness.fault({ kind, count: 2 });
      await server.setStatus(issued.key, "suspend");
      harness.fault({ kind, count: 2 });
      await server.setExpiry(issued.key, 1_900_000_000_000);
      harness.fault({ kind, count: 2 });
      expect(await server.findBySlot(mine.slotId)).toHaveLength(1);
    },
  );

  it("give up after the third try", async () => {
    const mine = await key();
    const fault = harness.fault({ kind: "status_503", count: null });
    expect(await failure(server.setStatus(mine, "revoke"))).toMatchObject({
      kind: "busy",
      code: "keythai_unavailable",
    });
    expect(fault.struck).toBe(3);
  });

  it("time out as busy", () =>
    withOther({ timeoutMs: 60 }, async (other) => {
      other.fault({ kind: "hang", count: null });
      const call = other.server.setStatus(new Secret("KEYT-0000"), "suspend");
      expect(await failure(call)).toMatchObject({ kind: "busy", code: "keythai_unavailable" });
    }));

  it("wait as long as KeyThai asks", async () => {
    const mine = await key();
    harness.fault({ kind: "status_429", retryAfterSeconds: 1 });
    const began = performance.now();
    await server.setStatus(mine, "suspend");
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it("leave a long wait to the caller", async () => {
    const mine = await key();
    const fault = harness.fault({ kind: "status_429", retryAfterSeconds: 60, count: null });
    expect(await failure(server.setExpiry(mine, 1_900_000_000_000))).toMatchObject({
      kind: "busy",
      code: "keythai_rate_limited",
      retryAfterMs: 60_000,
    });
    expect(fault.struck).toBe(1);
  });

  it("are not repeated when KeyThai says no", async () => {
    const mine = await key();
    for (const [fault, code] of [
      [{ kind: "status_403", code: "QUOTA_EXCEEDED", count: null }, "keythai_quota_exceeded"],
      [{ kind: "status_403", code: "SOMETHING_NEW", count: null }, "keythai_refused"],
    ] as const) {
      const added = harness.fault(fault);
      expect(await failure(server.setStatus(mine, "resume"))).toMatchObject({ kind: "refused", code });
      expect(added.struck).toBe(1);
      harness.heal();
    }
  });

  it("never take a wrong API key for a dead licence", async () => {
    const mine = await key();
    harness.fault({ kind: "status_401", code: "INVALID_KEY" });
    const error = await failure(server.setStatus(mine, "revoke"));
    expect(error).toMatchObject(UNAUTHORIZED);
  });

  it("take LICENSE_SUSPENDED, the answer to a suspend, for done; to a resume it is a no", async () => {
    const mine = await key();
    harness.fault({ kind: "status_403", code: "LICENSE_SUSPENDED", count: 2 });
    await server.setStatus(mine, "suspend");
    expect(await failure(server.setStatus(mine, "resume"))).toMatchObject({ code: "keythai_refused" });
  });

  it("name no key in what they throw, however deep one looks", async () => {
    const mine = await key();
    await server.setStatus(mine, "revoke");
    const error = await failure(server.setStatus(mine, "resume"));
    const told = inspect(error, { depth: 9, showHidden: true });
    expect(told).toContain("keythai_license_gone");
    expect(told).not.toContain(mine.reveal());
    expect(told).not.toContain(harness.keythai.apiKey);
  });
});

/** keythai.md doesn't say what telling a licence to be what it is already comes to: either answer will do. */
describe("a licence told to be what it is already", () => {
  const tell = async (action: "suspend" | "resume", no: Answer, standing: Answer) => {
    await using scripted = await startScripted([no, standing]);
    const client = createKeyThaiClient({
      apiKey: new Secret("kt_live_1"),
      baseUrl: scripted.url,
      timeoutMs: 5_000,
    });
    const server = createLicenseServer({ client, issueTimeoutMs: 5_000, maxPages: 1, retryDelayMs: 1 });
    return await server.setStatus(new Secret("KEYT-1234-5678"), action).catch((error: unknown) => error);
  };
  const stands = (status: string): Answer => ({ status: 200, body: { status } });
  const no = refused(422, "VALIDATION_ERROR");

  it.each([
    ["resume", "active"],
    ["suspend", "suspended"],
  ] as const)("%s: it is %s, so all is well", async (action, status) => {
    expect(await tell(action, no, stands(status))).toBeUndefined();
  });

  it.each([
    ["resume", "suspended"],
    ["suspend", "active"],
  ] as const)("%s: it is %s, so the refusal stands", async (action, status) => {
    expect(await tell(action, no, stands(status))).toMatchObject({
      kind: "refused",
      code: "keythai_validation_error",
    });
  });

  it("resume of one that is gone is refused without another look", async () => {
    const gone = refused(403, "LICENSE_REVOKED");
    expect(await tell("resume", gone, stands("active"))).toMatchObject({ code: "keythai_license_gone" });
  });
});

describe("what KeyThai's answer about a licence means", () => {
  const standingFrom = async (answer: Answer) => {
    await using scripted = await startScripted([answer]);
    const client = createKeyThaiClient({
      apiKey: new Secret("kt_live_1"),
      baseUrl: scripted.url,
      timeoutMs: 5_000,
    });
    const options = { client, issueTimeoutMs: 5_000, maxPages: 1, retryDelayMs: 1 };
    const standing = createLicenseServer(options).standing(new Secret("KEYT-1234-5678"));
    return await standing.catch((error: unknown) => error);
  };
  const told = (body: object): Answer => ({ status: 200, body });
  const busy = { kind: "busy", code: "keythai_unavailable" };

  it.each<[string, Answer, object]>([
    ["active", told({ status: "active", expires_at: 1_900_000_000 }), { status: "active", expiresAt: 19e11 }],
    ["expired", told({ status: "expired", expires_at: 5 }), { status: "active", expiresAt: 5_000 }],
    ["suspended", told({ status: "suspended" }), { status: "suspended", expiresAt: null }],
    ["revoked", told({ status: "revoked", expires_at: null }), { status: "gone", expiresAt: null }],
    ["INVALID_KEY", refused(404, "INVALID_KEY"), { status: "gone" }],
    ["LICENSE_REVOKED", refused(403, "LICENSE_REVOKED"), { status: "gone" }],
    ["LICENSE_SUSPENDED", refused(403, "LICENSE_SUSPENDED"), { status: "suspended" }],
    ["LICENSE_EXPIRED", refused(403, "LICENSE_EXPIRED"), { status: "active", expiresAt: null }],
    ["a word of tomorrow", told({ status: "paused" }), busy],
    ["no word at all", told({}), busy],
    ["no JSON", { status: 200, body: "<html>" }, busy],
    ["a proxy's 404, which is no word on the licence", { status: 404, body: "<html>" }, { kind: "refused" }],
    ["a key of ours that is refused", refused(401, "INVALID_KEY"), UNAUTHORIZED],
    ["a suspended account, as a 401", refused(401, "LICENSE_SUSPENDED"), UNAUTHORIZED],
    ["too many calls", refused(429, "RATE_LIMITED"), { kind: "busy", code: "keythai_rate_limited" }],
  ])("%s", async (_, answer, meaning) => {
    expect(await standingFrom(answer)).toMatchObject(meaning);
  });
});
