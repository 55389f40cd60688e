import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { createResolve } from "../../../src/adapters/webhook/resolve.ts";
import { selfSigned } from "./certificate.ts";
import { startDns } from "./dns-server.ts";
import { startReceiver, startSocket } from "./receiver.ts";
import { createSend, MESSAGE, sendTo } from "./sending.ts";

describe("no answer", () => {
  it("within the time is a timeout, and the connection is closed", async () => {
    const closed = Promise.withResolvers<void>();
    await using receiver = await startReceiver((response) => response.on("close", () => closed.resolve()));
    const answer = await sendTo(receiver.url, { timeoutMs: 1500 });
    expect(answer).toMatchObject({ statusCode: null, excerpt: "timeout", retryAfterMs: null });
    expect(answer.durationMs).toBeGreaterThanOrEqual(1495);
    expect(answer.durationMs).toBeLessThan(4000);
    await closed.promise;
  });

  it("is a timeout also when a TLS handshake, or DNS, takes all the time", async () => {
    await using mute = await startSocket(() => undefined);
    await using dns = await startDns(() => null);
    const send = createSend({ timeoutMs: 300, resolve: createResolve([dns.server]) });
    for (const url of [`https://localhost:${mute.port}/`, "https://silent.example.com/"]) {
      // Timers run in their order, however busy the machine is.
      const answer = await Promise.race([send(url), sleep(600)]);
      expect(answer).toMatchObject({ statusCode: null, excerpt: "timeout" });
    }
  });

  it("is a failed connection when nobody listens", async () => {
    const { port } = await startSocket(() => undefined).then(async (socket) => {
      await socket[Symbol.asyncDispose]();
      return socket;
    });
    expect(await sendTo(`http://localhost:${port}/`)).toMatchObject({
      statusCode: null,
      excerpt: "connection_failed",
    });
  });

  it.each([
    { what: "is hung up on", act: (socket: Socket) => void socket.once("data", () => socket.destroy()) },
    { what: "is reset", act: (socket: Socket) => void socket.once("data", () => socket.resetAndDestroy()) },
    {
      what: "isn't HTTP",
      act: (socket: Socket) => void socket.once("data", () => socket.end("220 hunter2\r\n")),
    },
    { what: "has endless headers", act: (socket: Socket) => drown(socket) },
  ])("is a failed connection when it $what", async ({ act }) => {
    await using socket = await startSocket(act);
    const answer = await sendTo(`http://localhost:${socket.port}/`);
    expect(answer).toMatchObject({ statusCode: null, excerpt: "connection_failed" });
  });
});

function drown(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const timer = setInterval(() => socket.write(`x: ${"y".repeat(10_000)}\r\n`), 5);
  socket.on("close", () => clearInterval(timer));
}

describe("TLS", () => {
  const ours = getCACertificates("default");
  afterEach(() => setDefaultCACertificates(ours));

  it("is checked: nothing is told to somebody whose certificate nobody vouches for", async () => {
    await using receiver = await startReceiver((response) => response.end(), {
      tls: selfSigned("localhost"),
    });
    expect(await sendTo(receiver.url)).toMatchObject({ statusCode: null, excerpt: "tls_failed" });
    expect(receiver.received).toEqual([]);
  });

  it("is checked: the certificate must be for this host", async () => {
    const tls = selfSigned("other.example.com");
    setDefaultCACertificates([...ours, tls.cert]);
    await using receiver = await startReceiver((response) => response.end(), { tls });
    expect(await sendTo(receiver.url)).toMatchObject({ statusCode: null, excerpt: "tls_failed" });
    expect(receiver.received).toEqual([]);
  });

  it("with a good certificate works", async () => {
    const tls = selfSigned("localhost");
    setDefaultCACertificates([...ours, tls.cert]);
    await using receiver = await startReceiver((response) => response.end(), { tls });
    expect(await sendTo(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(receiver.received).toMatchObject([{ body: MESSAGE.body }]);
  });

  it("fails with who doesn't speak it", async () => {
    await using socket = await startSocket(
      (client) => void client.once("data", () => client.end("hello?\r\n")),
    );
    expect(await sendTo(`https://localhost:${socket.port}/`)).toMatchObject({ excerpt: "tls_failed" });
  });
});
