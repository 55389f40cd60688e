import { describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { atEnd, PACKAGE, settingsFor, until } from "../http/support/service.ts";
import { type Child, startMain } from "./support/process.ts";

const TIMEOUT = { timeout: 30_000 };

async function started(settings: Record<string, string> = {}): Promise<{ sandbox: Sandbox; child: Child }> {
  const sandbox = await startSandbox({ port: 0, smtpPort: null });
  atEnd(() => sandbox.close());
  const child = startMain({ ...settingsFor(sandbox), HOST: "127.0.0.1", PORT: "0", ...settings });
  return { sandbox, child };
}

async function verify(url: string, sandbox: Sandbox, init: RequestInit = {}): Promise<Response> {
  const { purchaseToken } = sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId: "lifetime" });
  return fetch(`${url}/v1/purchases/verify`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${await sandbox.identity.token({ uid: "ann" })}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ package_name: PACKAGE, product_id: "lifetime", purchase_token: purchaseToken }),
    ...init,
  });
}

async function stop(child: Child, signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
  const startedAt = Date.now();
  child.signal(signal);
  expect(await child.ended, child.stderr()).toBe(0);
  expect(child.stderr()).toBe("");
  return Date.now() - startedAt;
}

test("it starts, serves, and ends well on SIGTERM, on a second one too", TIMEOUT, async () => {
  const { sandbox, child } = await started();
  const url = await child.listening();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const answer = await verify(url, sandbox);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ purchase: { access: true }, pending_entitlements: [] });
  child.signal("SIGTERM");
  expect(await stop(child)).toBeLessThan(5000);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

describe("SIGTERM while a verify is in flight", () => {
  test("and KeyThai is slow: it is answered, with its licence", TIMEOUT, async () => {
    const { sandbox, child } = await started();
    const url = await child.listening();
    sandbox.faults.add({ service: "keythai", kind: "slow", delayMs: 1500, path: "POST" });
    const answer = verify(url, sandbox);
    await until(() => sandbox.faults.list().length === 0);
    const took = stop(child);
    const { status, body } = await answer.then(async (each) => ({
      status: each.status,
      body: await each.json(),
    }));
    expect(status).toBe(200);
    expect(body).toMatchObject({ pending_entitlements: [] });
    expect(body).toHaveProperty("grants.length", 2);
    expect(await took).toBeLessThan(6000);
    expect(sandbox.keythai.licences).toHaveLength(1);
  });

  test(
    "and KeyThai never answers: it is answered without the licence, within 10 s all is over",
    TIMEOUT,
    async () => {
      const { sandbox, child } = await started({ VERIFY_WAIT_MS: "1500" });
      const url = await child.listening();
      sandbox.faults.add({ service: "keythai", kind: "hang", path: "POST" });
      const answer = verify(url, sandbox);
      await until(() => sandbox.faults.list().length === 0);
      const took = stop(child);
      expect((await answer).status).toBe(200);
      expect(await (await answer).json()).toMatchObject({ pending_entitlements: ["desktop"] });
      expect(await took).toBeLessThan(10_000);
    },
  );
});

describe("roles", () => {
  test("a worker alone serves nothing, and ends on SIGINT as well", TIMEOUT, async () => {
    const { sandbox, child } = await started({ PLAYGRANT_ROLES: "worker", PORT: "1" });
    await child.says('"event":"started"');
    expect(child.stdout()).not.toContain("listening");
    expect(await stop(child, "SIGINT")).toBeLessThan(5000);
    expect(sandbox.play.calls.get).toBe(0);
  });

  test(
    "a worker tries again what failed: a licence comes within 15 s of KeyThai's return",
    TIMEOUT,
    async () => {
      const { sandbox, child } = await started({ VERIFY_WAIT_MS: "100" });
      const url = await child.listening();
      sandbox.faults.add({ service: "keythai", kind: "status_503", count: 1 });
      expect(await (await verify(url, sandbox)).json()).toMatchObject({ pending_entitlements: ["desktop"] });
      const startedAt = Date.now();
      while (sandbox.keythai.licences.length === 0 && Date.now() - startedAt < 15_000) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(sandbox.keythai.licences).toHaveLength(1);
      await stop(child);
    },
  );
});

test("a port that is taken is said, and no success", TIMEOUT, async () => {
  const first = await started();
  const { port } = new URL(await first.child.listening());
  const second = await started({ PORT: port });
  expect(await second.child.ended).not.toBe(0);
  expect(second.child.stderr() + second.child.stdout()).toContain("EADDRINUSE");
  await stop(first.child);
});
