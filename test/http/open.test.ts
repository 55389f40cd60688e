import { describe, expect, test } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { createApp } from "../../src/http/app.ts";
import {
  ADMIN_KEY,
  answerOf,
  expectCommonHeaders,
  expectProblem,
  startService,
  verifiedOf,
} from "./support/service.ts";

const ADMIN = { headers: { Authorization: `Bearer ${ADMIN_KEY}` } };

describe("GET /healthz", () => {
  test("the process lives", async () => {
    const service = await startService();
    const answer = await service.call("GET", "/healthz");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: "ok" });
    expectCommonHeaders(answer);
  });
});

describe("GET /readyz", () => {
  test("the store answers", async () => {
    const service = await startService();
    const answer = await service.call("GET", "/readyz");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: "ready" });
    expectCommonHeaders(answer);
  });

  test("503 while the store doesn't; the process still lives", async () => {
    const service = await startService();
    service.ports.records.ping = async () => {
      throw new AppError("store_unavailable", "The database can't be reached.", { retryable: true });
    };
    expectProblem(await service.call("GET", "/readyz"), 503, "store_unavailable");
    expect((await service.call("GET", "/healthz")).status).toBe(200);
  });
});

describe("GET /docs", () => {
  test("is served whole from here, under a policy that lets nothing else in", async () => {
    const service = await startService();
    const page = await service.call("GET", "/docs");
    expect(page.status).toBe(200);
    expect(page.headers.get("Content-Type")).toMatch(/^text\/html/);
    expectCommonHeaders(page);
    const policy = page.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/https?:|\*/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThanOrEqual(3);
    for (const link of links) {
      // Beside the page, wherever that is: a function has its name before all paths.
      const { pathname } = new URL(link, "https://shop.example/docs");
      expect(new URL(link, "https://shop.example/api/docs").pathname).toBe(`/api${pathname}`);
      expect(pathname).toMatch(/^\/docs\//);
      const part = await service.call("GET", pathname);
      expect(part.status, link).toBe(200);
      expect(part.headers.get("Content-Type")).toMatch(link.endsWith(".css") ? /^text\/css/ : /javascript/);
      expect(part.text.length).toBeGreaterThan(20);
      expectCommonHeaders(part);
    }
    // No script stands in the page itself: the policy would refuse it.
    expect(page.text).not.toMatch(/<script(?![^>]*src=)/);
  });
});

describe("GET /metrics", () => {
  test("for the admin key alone", async () => {
    const service = await startService();
    expectProblem(await service.call("GET", "/metrics"), 401, "unauthenticated");
    for (const key of ["", "x", `${ADMIN_KEY}x`, service.ports.adminKeys[0]?.sha256]) {
      const answer = await service.call("GET", "/metrics", { headers: { Authorization: `Bearer ${key}` } });
      expectProblem(answer, 401, "unauthenticated");
    }
  });

  test("without an admin key in the settings for nobody", async () => {
    const service = await startService({ ADMIN_API_KEYS: "" });
    expectProblem(await service.call("GET", "/metrics", ADMIN), 401, "unauthenticated");
  });

  test("every key of the list opens it", async () => {
    const { createHash } = await import("node:crypto");
    const hash = (key: string) => createHash("sha256").update(key).digest("hex");
    const service = await startService({ ADMIN_API_KEYS: `one:${hash("first")}, two:${hash("second")}` });
    for (const key of ["first", "second"]) {
      const answer = await service.call("GET", "/metrics", { headers: { Authorization: `Bearer ${key}` } });
      expect(answer.status).toBe(200);
    }
  });

  test("counts requests and effects, and tells what is waiting", async () => {
    const service = await startService();
    verifiedOf(await service.verify("ann", service.buy("badge")));
    await service.verify("ann", { package_name: "x.y", product_id: "x", purchase_token: "x" });
    const answer = await service.call("GET", "/metrics", ADMIN);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toMatch(/^text\/plain/);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    const counted = (outcome: number) =>
      new RegExp(
        `^playgrant_events_total\\{event="request",level="info",kind="/v1/purchases/verify",outcome="${outcome}"\\} 1$`,
        "m",
      );
    expect(answer.text).toMatch(counted(200));
    expect(answer.text).toMatch(counted(403));
    expect(answer.text).toMatch(
      /^playgrant_event_seconds_count\{event="request",kind="\/v1\/purchases\/verify"\} 2$/m,
    );
    expect(answer.text).toMatch(/^playgrant_effects_due \d+$/m);
    expect(answer.text).toMatch(/^playgrant_effects_oldest_seconds \d/m);
  });

  test("an unknown address makes no label of its own", async () => {
    const service = await startService();
    for (const path of ["/a-1", "/a-2", "/v1/grants/egr_x", "/docs/zzz"]) await service.call("GET", path);
    const { text } = await service.call("GET", "/metrics", ADMIN);
    expect(text).not.toMatch(/a-1|a-2|egr_x|zzz/);
  });
});

test("the same app works without a server around it", async () => {
  const { ports } = await startService();
  const answer = await answerOf(await createApp(ports).fetch(new Request("http://localhost/healthz")));
  expect(answer.status).toBe(200);
});
