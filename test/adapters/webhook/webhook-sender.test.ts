import { once } from "node:events";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { startReceiver } from "./receiver.ts";
import { createSend, MESSAGE, SECRET, sendTo } from "./sending.ts";

const KiB = 1024;

describe("a message", () => {
  it("is posted once, signed, as it is", async () => {
    await using receiver = await startReceiver((response) => response.end("thanks"));
    const answer = await sendTo(`${receiver.url}?token=1`);
    expect(answer).toEqual({
      statusCode: 200,
      durationMs: expect.any(Number),
      excerpt: "thanks",
      retryAfterMs: null,
    });
    expect(receiver.received).toHaveLength(1);
    const [{ path, body, headers }] = receiver.received as [(typeof receiver.received)[0]];
    expect([path, body]).toEqual(["/hook?token=1", MESSAGE.body]);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(MESSAGE.body)),
      "user-agent": "playgrant/1",
      "webhook-id": MESSAGE.id,
    });
    expect(new Webhook(SECRET.reveal()).verify(body, headers as Record<string, string>)).toEqual({
      type: "ปลา",
    });
  });

  it("keeps its id when it is sent again, and is signed anew", async () => {
    await using receiver = await startReceiver((response) => response.end());
    let now = Date.parse("2026-11-01T12:00:00Z");
    const send = createSend({ clock: { ...systemClock, now: () => now } });
    await send(receiver.url);
    now += 60_000;
    await send(receiver.url);
    const told = (name: string) => receiver.received.map(({ headers }) => headers[name]);
    expect(told("webhook-id")).toEqual([MESSAGE.id, MESSAGE.id]);
    expect(told("webhook-timestamp")).toEqual(["1793534400", "1793534460"]);
    expect(new Set(told("webhook-signature")).size).toBe(2);
  });

  it("goes over a connection that is there", async () => {
    await using receiver = await startReceiver((response) => response.end());
    const send = createSend();
    for (let count = 0; count < 10; count += 1) await send(receiver.url);
    // One that ended just now isn't free yet.
    expect(receiver.connections()).toBeLessThanOrEqual(3);
  });
});

describe("an answer", () => {
  it.each([301, 302, 303, 307, 308])("of %i isn't followed", async (status) => {
    await using elsewhere = await startReceiver((response) => response.end());
    await using receiver = await startReceiver((response) =>
      response.writeHead(status, { location: elsewhere.url }).end("moved"),
    );
    expect(await sendTo(receiver.url)).toMatchObject({ statusCode: status, excerpt: "moved" });
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([
    { status: 429, retryAfter: "30", ms: 30_000 },
    { status: 503, retryAfter: "Sun, 01 Nov 2026 12:02:00 GMT", ms: 120_000 },
    { status: 404, retryAfter: "7", ms: 7000 },
    { status: 302, retryAfter: "7", ms: 7000 },
    { status: 200, retryAfter: "30", ms: null },
    { status: 500, retryAfter: undefined, ms: null },
  ])("of $status with Retry-After: $retryAfter asks for $ms ms", async ({ status, retryAfter, ms }) => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
    });
    const clock = { ...systemClock, now: () => Date.parse("2026-11-01T12:00:00Z") };
    expect(await sendTo(receiver.url, { clock })).toMatchObject({ statusCode: status, retryAfterMs: ms });
  });

  it("without end is read up to 64 KiB, then the connection is closed", async () => {
    const closed = Promise.withResolvers<number>();
    await using receiver = await startReceiver(async (response) => {
      response.on("close", () => closed.resolve(sent));
      let sent = 0;
      while (!response.destroyed) {
        sent += KiB;
        if (!response.write("x".repeat(KiB))) await Promise.race([once(response, "drain"), closed.promise]);
      }
    });
    const answer = await sendTo(receiver.url);
    expect(answer).toMatchObject({ statusCode: 200, excerpt: "x".repeat(KiB) });
    expect(answer.durationMs).toBeLessThan(4000);
    // The rest lies in the buffers of the two sockets.
    expect(await closed.promise).toBeLessThan(16 * KiB * KiB);
  });

  it("is read no further than it may be", async () => {
    await using receiver = await startReceiver((response) => response.end("x".repeat(500)));
    expect((await sendTo(receiver.url, { maxBytes: 100 })).excerpt).toBe("x".repeat(100));
  });

  it("that only drips counts as what came in time", async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(202).write("slow");
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(timer));
    });
    const answer = await sendTo(receiver.url, { timeoutMs: 1500 });
    expect(answer).toMatchObject({ statusCode: 202, excerpt: expect.stringMatching(/^slow\.+$/) });
    expect(answer.durationMs).toBeGreaterThanOrEqual(1495);
    expect(answer.durationMs).toBeLessThan(4000);
  });

  it("that breaks off counts as what came", async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(500, { "content-length": "100" }).write("oh");
      setTimeout(() => response.destroy(), 20);
    });
    expect(await sendTo(receiver.url)).toMatchObject({ statusCode: 500, excerpt: "oh" });
  });
});
