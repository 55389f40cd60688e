import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createResolve } from "../../../src/adapters/webhook/resolve.ts";
import { startDns } from "./dns-server.ts";
import { startReceiver } from "./receiver.ts";
import { createSend } from "./sending.ts";

describe("many at once", () => {
  it("wait for none of each other, be it another receiver or the same one", async () => {
    const hanging: ServerResponse[] = [];
    await using slow = await startReceiver((response, { path }) => {
      if (path === "/quick") response.end("quick");
      else hanging.push(response);
    });
    await using other = await startReceiver((response) => response.end("other"));
    const send = createSend();
    let ended = 0;
    const waiting = Array.from({ length: 50 }, () => send(slow.url).finally(() => (ended += 1)));
    await expect.poll(() => hanging.length).toBe(50);

    expect(await send(other.url)).toMatchObject({ statusCode: 200, excerpt: "other" });
    expect(await send(`http://localhost:${slow.port}/quick`)).toMatchObject({ excerpt: "quick" });
    expect(ended).toBe(0);
    for (const response of hanging) response.end("late");
    expect((await Promise.all(waiting)).every(({ excerpt }) => excerpt === "late")).toBe(true);
  });

  it("don't wait for receivers whose DNS is down", async () => {
    await using dns = await startDns(() => null);
    await using receiver = await startReceiver((response) => response.end());
    const send = createSend({ timeoutMs: 2500, resolve: createResolve([dns.server]) });
    let ended = 0;
    const lost = Array.from({ length: 20 }, (_, index) =>
      send(`https://${index}.example.com/`).finally(() => (ended += 1)),
    );
    expect(await send(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(ended).toBe(0);
    expect((await Promise.all(lost)).map(({ excerpt }) => excerpt)).toEqual(Array(20).fill("timeout"));
  });
});
