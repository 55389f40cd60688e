import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReceiver } from "../../examples/webhook-receiver/receiver.ts";
import { createGrantStore } from "../../examples/webhook-receiver/store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { signMessage } from "../../src/adapters/webhook/signature.ts";
import { createWebhookSender } from "../../src/adapters/webhook/webhook-sender.ts";
import { deliverGrant, failGrant, type Grant, openGrant, revokeGrant } from "../../src/domain/grant.ts";
import { type GrantEvent, grantEvents } from "../../src/domain/grant-events.ts";
import { grantId, type LicenseKeyId, type SlotId } from "../../src/domain/ids.ts";
import { HOUR, MINUTE } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { webhookBody } from "../../src/domain/webhook-payload.ts";
import { grant, NOW } from "../support/builders.ts";
import { type ReceiverProcess, startReceiver } from "./receiver-process.ts";

/** What playgrant's own sender and the example that owners copy make of each other. */

const SECRET = new Secret(`whsec_${Buffer.alloc(32, 3).toString("base64")}`);
const KEY = new Secret("ABCD-1234-WXYZ");
const folder = mkdtempSync(join(tmpdir(), "playgrant-receiver-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All events of a grant that was opened, came to something, and was revoked. */
function lifeOf(name: string, settle: (opened: Grant) => Grant): GrantEvent[] {
  const seed = grant({ id: grantId(name as SlotId, 1), licenseKey: null, deliveredAt: null });
  const opened = openGrant(seed, "Pending", NOW);
  const settled = settle(opened);
  const revoked = revokeGrant(settled, "refund", null, NOW + HOUR);
  return [
    ...grantEvents(null, opened, NOW),
    ...grantEvents(opened, settled, NOW),
    ...grantEvents(settled, revoked, NOW + HOUR),
  ];
}

const delivered = (opened: Grant) =>
  deliverGrant(opened, { id: "key_1" as LicenseKeyId, masked: "****-****-WXYZ" }, NOW);
const failed = (opened: Grant) => failGrant(opened, { code: "keythai_quota_exceeded", message: "m" }, NOW);

function messageOf(event: GrantEvent, at: number = Date.now()) {
  return { id: event.id, at, body: webhookBody(event, KEY), secrets: [SECRET] };
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

interface Shown {
  readonly live: readonly Record<string, unknown>[];
  readonly all: readonly Record<string, unknown>[];
}

describe("the example as a process of its own", () => {
  const file = join(folder, "grants.jsonl");
  const settings = { WEBHOOK_SECRET: SECRET.reveal(), GRANTS_FILE: file };
  const sender = createWebhookSender({ timeoutMs: 10_000, allowLoopback: true, clock: systemClock });
  let receiver: ReceiverProcess;
  beforeAll(async () => {
    receiver = await startReceiver(settings);
  });
  afterAll(async () => {
    await receiver.stop();
    await sender.close();
  });

  const send = async (event: GrantEvent) => {
    const { id, body, secrets } = messageOf(event);
    return (await sender.send({ url: `${receiver.url}/webhooks`, id, body, secrets })).statusCode;
  };
  const shown = async (): Promise<Shown> => (await fetch(`${receiver.url}/grants`)).json() as Promise<Shown>;
  const post = async (headers: Record<string, string>, body: string) =>
    (await fetch(`${receiver.url}/webhooks`, { method: "POST", headers, body })).status;
  const lines = () => readFileSync(file, "utf8").split("\n").length - 1;

  const [created, settled, revoked] = lifeOf("ann", delivered) as [GrantEvent, GrantEvent, GrantEvent];

  it("takes a message of our sender, once however often it comes", async () => {
    expect(await send(created)).toBe(204);
    expect((await shown()).live).toEqual([]);
    expect(await send(settled)).toBe(204);
    const after = await shown();
    expect(after.live).toEqual([
      {
        id: settled.grant.id,
        customer: "ann",
        entitlement: settled.grant.entitlementId,
        status: "Delivered",
        reason: null,
        key: "…WXYZ",
      },
    ]);
    expect(lines()).toBe(2);
    expect([await send(settled), await send(settled)]).toEqual([204, 204]);
    expect(lines()).toBe(2);
    expect(await shown()).toEqual(after);
  });

  it("keeps no licence key in clear, in a file that is its owner's alone", async () => {
    expect(readFileSync(file, "utf8")).not.toContain("1234");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(receiver.said()).not.toContain("1234");
  });

  it("answers 400 to what isn't genuine, and learns nothing from it", async () => {
    const before = await shown();
    const { id, at, body, secrets } = messageOf(revoked);
    const signed = { ...signMessage({ id, at, body, secrets }) };
    const old = signMessage({ id, at: at - 6 * MINUTE, body, secrets });
    const foreign = signMessage({
      id,
      at,
      body,
      secrets: [new Secret(`whsec_${Buffer.alloc(32).toString("base64")}`)],
    });
    expect(await post(signed, body.replace("Revoked", "Deliver"))).toBe(400);
    expect(await post({ ...signed, "webhook-id": "egr_1_created" }, body)).toBe(400);
    expect(await post({ ...old }, body)).toBe(400);
    expect(await post({ ...foreign }, body)).toBe(400);
    expect(await post({ ...signed, "webhook-signature": "v1,AAAA" }, body)).toBe(400);
    expect(await post({}, body)).toBe(400);
    expect(await post({ ...signed }, "x".repeat(65 * 1024))).toBe(413);
    expect(await shown()).toEqual(before);
  });

  it("takes a signature of either secret while ours changes from one to the next", async () => {
    const [other] = lifeOf("ben", delivered) as [GrantEvent, ...GrantEvent[]];
    const { id, at, body } = messageOf(other);
    const next = new Secret(`whsec_${Buffer.alloc(32, 4).toString("base64")}`);
    expect(await post({ ...signMessage({ id, at, body, secrets: [next, SECRET] }) }, body)).toBe(204);
    expect((await shown()).all).toHaveLength(2);
  });

  it("doesn't mind a type that it has never heard of", async () => {
    const before = await shown();
    const message = { ...messageOf(revoked), id: "x_1", body: '{"type":"something.new","data":{}}' };
    expect(await post({ ...signMessage(message) }, message.body)).toBe(204);
    expect(await shown()).toEqual(before);
  });

  it("knows after a kill what it had taken, and revives nothing that was revoked", async () => {
    expect(await send(revoked)).toBe(204);
    const before = await shown();
    expect(before.live).toEqual([]);
    await receiver.stop("SIGKILL");
    // The crash came while a line was being written.
    appendFileSync(file, '{"webhookId":"egr_half');
    receiver = await startReceiver(settings);
    expect(await shown()).toEqual(before);
    expect([await send(created), await send(settled)]).toEqual([204, 204]);
    expect(await shown()).toEqual(before);
    expect((await shown()).all).toContainEqual(
      expect.objectContaining({ status: "Revoked", reason: "refund" }),
    );
  });

  it("ends when it is told to", async () => {
    expect(await receiver.stop()).toBe(0);
    receiver = await startReceiver(settings);
  });
});

it.each(["", "secret", "whsec_"])("without a secret (%j) the example says so and ends", async (secret) => {
  await expect(startReceiver({ WEBHOOK_SECRET: secret })).rejects.toThrow(/ended with 78: WEBHOOK_SECRET/);
});

describe("in whatever order messages come, each twice, the end is the same", () => {
  /** What the receiver knows after these, in this order. */
  async function heard(events: readonly GrantEvent[]): Promise<Shown> {
    const app = createReceiver(SECRET.reveal(), createGrantStore(null));
    for (const event of [...events, ...events]) {
      const message = messageOf(event);
      const init = { method: "POST", headers: { ...signMessage(message) }, body: message.body };
      expect((await app.request("/webhooks", init)).status).toBe(204);
    }
    return (await app.request("/grants")).json() as Promise<Shown>;
  }

  const [created, settled] = lifeOf("ann", delivered) as [GrantEvent, GrantEvent];

  it.each([
    ["delivered, then revoked", lifeOf("ann", delivered), "Revoked", "refund"],
    ["failed, then revoked", lifeOf("ann", failed), "Revoked", "refund"],
    ["delivered", [created, settled], "Delivered", null],
    ["failed", lifeOf("ann", failed).slice(0, 2), "Failed", "keythai_quota_exceeded"],
  ] as const)("%s", async (_what, events, status, reason) => {
    for (const order of permutations(events)) {
      const { live, all } = await heard(order);
      expect(all).toMatchObject([{ id: created.grant.id, status, reason }]);
      expect(live).toHaveLength(status === "Delivered" ? 1 : 0);
      expect(all).toEqual((await heard(events)).all);
    }
  });
});
