import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { connectionError } from "../../../src/adapters/keythai/connection-error.ts";
import { createKeyThaiClient } from "../../../src/adapters/keythai/keythai-client.ts";
import { Secret } from "../../../src/domain/secret.ts";

const ORDER = { product: "my-app", policyId: "01J" };

function create(baseUrl: string, fetch = globalThis.fetch): Promise<unknown> {
  const client = createKeyThaiClient({ apiKey: new Secret("kt_test"), baseUrl, timeoutMs: 300, fetch });
  return client.createLicense(ORDER).catch((error: unknown) => error);
}

/** A server below HTTP: `on` gets each connection once something came through it. */
async function withSocketServer<T>(answer: string | null, act: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => (answer === null ? socket.resetAndDestroy() : socket.write(answer)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    return await act(`http://127.0.0.1:${port}`);
  } finally {
    server.close();
  }
}

describe("a call to KeyThai that brings no answer", () => {
  it("was not sent when nobody listens there", async () => {
    const url = await withSocketServer("", async (open) => open);
    expect(await create(url)).toMatchObject({
      code: "NOT_SENT",
      status: 0,
      message: expect.stringMatching("ECONNREFUSED"),
    });
    expect(await create(url.replace("127.0.0.1", "localhost"))).toMatchObject({ code: "NOT_SENT" });
  });

  it("was not sent when the name leads nowhere", async () => {
    const cause = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND", syscall: "getaddrinfo" });
    expect(connectionError(new TypeError("fetch failed", { cause }))).toMatchObject({ code: "NOT_SENT" });
  });

  it("was not sent when it could not connect in time", () => {
    const cause = Object.assign(new Error("timeout"), { code: "UND_ERR_CONNECT_TIMEOUT" });
    expect(connectionError(new TypeError("fetch failed", { cause }))).toMatchObject({ code: "NOT_SENT" });
  });

  it("may have been sent when the connection breaks, even with a code that connecting also has", async () => {
    expect(await withSocketServer(null, create)).toMatchObject({ code: "CONNECTION_LOST", status: 0 });
    const cause = Object.assign(new Error("read EHOSTUNREACH"), { code: "EHOSTUNREACH", syscall: "read" });
    expect(connectionError(new TypeError("fetch failed", { cause }))).toMatchObject({
      code: "CONNECTION_LOST",
    });
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
    const mixed = new AggregateError([refused, cause]);
    const empty = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
    for (const several of [mixed, empty]) {
      const error = connectionError(new TypeError("fetch failed", { cause: several }));
      expect(error).toMatchObject({ code: "CONNECTION_LOST" });
    }
    for (const odd of [undefined, null, "no", new Error("no")]) {
      expect(connectionError(odd)).toMatchObject({ code: "CONNECTION_LOST" });
    }
  });

  it("times out, whether the head or the rest of the answer is missing", async () => {
    const head = "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{";
    expect(await withSocketServer("", create)).toMatchObject({ code: "TIMEOUT", status: 0 });
    expect(await withSocketServer(head, create)).toMatchObject({ code: "TIMEOUT", status: 0 });
  });

  it("holds nothing of what came, when that was no HTTP", async () => {
    const error = await withSocketServer("KEYT-AB12-3C4D-5E6F-7G8H-9J0K\r\n\r\n", create);
    expect(error).toMatchObject({ code: "CONNECTION_LOST" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("KEYT");
  });
});
