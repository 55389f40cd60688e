import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { createGuardedAgent } from "../../../src/adapters/webhook/guarded-agent.ts";
import { createResolve } from "../../../src/adapters/webhook/resolve.ts";
import { createWebhookSender } from "../../../src/adapters/webhook/webhook-sender.ts";
import { INSIDE, PUBLIC, spellings } from "./addresses.ts";
import { startDns, type Zone } from "./dns-server.ts";
import { startReceiver } from "./receiver.ts";
import { MESSAGE } from "./sending.ts";

const ADDRESS_REFUSED = { statusCode: null, excerpt: "address_refused", retryAfterMs: null };

/** A sender as in production, but for the DNS server that it asks. */
async function senderWith(zone: Zone, allowLoopback = false) {
  const dns = await startDns(zone);
  const resolve = createResolve([dns.server]);
  const sender = createWebhookSender({ timeoutMs: 2000, allowLoopback, clock: systemClock, resolve });
  return {
    resolve,
    refusal: sender.refusal,
    send: (url: string) => sender.send({ ...MESSAGE, url }),
    async [Symbol.asyncDispose]() {
      await sender.close();
      await dns[Symbol.asyncDispose]();
    },
  };
}

describe("an inside address", () => {
  it.each(Object.entries(INSIDE))(
    "of the class %s is refused in a URL, kept or sent to",
    async (_class, all) => {
      await using sender = await senderWith(() => []);
      const hosts = all.flatMap((address) => (address.includes(":") ? [`[${address}]`] : spellings(address)));
      for (const url of hosts.map((host) => `https://${host}/`)) {
        expect(await sender.refusal(url), url).toMatch("IP address");
        expect(await sender.send(url), url).toMatchObject(ADDRESS_REFUSED);
      }
    },
  );

  it.each(Object.entries(INSIDE))(
    "of the class %s is refused behind a name, kept or sent to",
    async (_class, all) => {
      await using sender = await senderWith((name) => [all[Number(name.split(".")[0])] ?? ""]);
      for (const [index, address] of all.entries()) {
        const url = `https://${index}.example.com/`;
        expect(await sender.refusal(url), address).toMatch("public internet");
        expect(await sender.send(url), address).toMatchObject(ADDRESS_REFUSED);
      }
    },
  );

  it.each([
    { at: "first", zone: ["10.0.0.1", "8.8.8.8"] },
    { at: "last", zone: ["8.8.8.8", "8.8.4.4", "169.254.169.254"] },
    { at: "among IPv6 alone", zone: ["8.8.8.8", "fd20:ce::254"] },
  ])("is refused among public ones, $at", async ({ zone }) => {
    await using sender = await senderWith(() => zone);
    expect(await sender.refusal("https://mixed.example.com/")).toMatch("public internet");
    expect(await sender.send("https://mixed.example.com/")).toMatchObject(ADDRESS_REFUSED);
  });

  it("is refused behind a name where loopback is allowed, too", async () => {
    await using sender = await senderWith(() => ["127.0.0.1"], true);
    expect(await sender.refusal("https://me.example.com/")).toMatch("public internet");
    expect(await sender.send("https://me.example.com/")).toMatchObject(ADDRESS_REFUSED);
  });
});

describe("a name", () => {
  it("with public addresses alone may be kept", async () => {
    await using sender = await senderWith(() => PUBLIC);
    expect(await sender.refusal("https://hooks.example.com/")).toBeNull();
  });

  it("that doesn't exist may be kept, for it may some day, and isn't sent to", async () => {
    await using sender = await senderWith(() => []);
    expect(await sender.refusal("https://new.example.com/")).toBeNull();
    expect(await sender.send("https://new.example.com/")).toMatchObject({ excerpt: "dns_failed" });
  });

  it("that DNS doesn't tell about may be kept, after two seconds", async () => {
    await using sender = await senderWith(() => null);
    const began = performance.now();
    expect(await sender.refusal("https://silent.example.com/")).toBeNull();
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it("that has moved inside since it was kept is refused, and nothing gets there", async () => {
    await using receiver = await startReceiver((response) => response.end());
    const zone: Zone = (name, ask) => (name.startsWith("moved") && ask === 1 ? ["8.8.8.8"] : ["127.0.0.1"]);
    await using sender = await senderWith(zone);
    expect(await sender.refusal("https://moved.example.com/")).toBeNull();
    expect(await sender.send("https://moved.example.com/")).toMatchObject(ADDRESS_REFUSED);

    const agent = createGuardedAgent({ resolve: sender.resolve, allowLoopback: false, timeoutMs: 1000 });
    const url = `http://inside.example.com:${receiver.port}/`;
    await expect(request(url, { dispatcher: agent })).rejects.toThrow("address_refused");
    await agent.destroy();
    await sleep(50);
    expect(receiver.connections()).toBe(0);

    // Without the guard it would have got there.
    const unguarded = new Agent({
      connect: {
        lookup: (host, _options, callback) => {
          sender.resolve(host).then(
            (all) => callback(null, [...all]),
            (error: Error) => callback(error, []),
          );
        },
      },
    });
    expect((await request(url, { dispatcher: unguarded })).statusCode).toBe(200);
    expect(receiver.connections()).toBe(1);
    await unguarded.destroy();
  });
});

describe("localhost", () => {
  it("is never asked of DNS, and is refused unless loopback is allowed", async () => {
    await using receiver = await startReceiver((response) => response.end());
    await using sender = await senderWith(() => ["8.8.8.8"], true);
    expect(await sender.refusal(receiver.url)).toBeNull();
    expect(await sender.send(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(await sender.send(`http://127.0.0.1:${receiver.port}/`)).toMatchObject({ statusCode: 200 });

    await using strict = await senderWith(() => ["8.8.8.8"]);
    expect(await strict.refusal(receiver.url)).not.toBeNull();
    expect(await strict.send(receiver.url)).toMatchObject(ADDRESS_REFUSED);
    const agent = createGuardedAgent({ resolve: strict.resolve, allowLoopback: false, timeoutMs: 1000 });
    await expect(request(receiver.url, { dispatcher: agent })).rejects.toThrow();
    await agent.destroy();
    expect(receiver.received).toHaveLength(2);
  });
});
