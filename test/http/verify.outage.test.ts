import { describe, expect, test } from "vitest";
import { expectProblem, startService, verifiedOf } from "./support/service.ts";

describe("Google's failures leave everything as it was", () => {
  test.each(["status_401", "status_403"] as const)("502 play_rejected_credentials: %s", async (kind) => {
    const service = await startService();
    service.sandbox.faults.add({ service: "play", kind, count: null });
    const before = service.stored();
    expectProblem(await service.verify("ann", service.buy("badge")), 502, "play_rejected_credentials");
    expect(service.stored()).toBe(before);
  });

  test.each([
    "status_429",
    "status_500",
    "status_503",
    "cut_before",
    "cut_after",
    "broken_json",
    "hang",
  ] as const)("503 play_unavailable: %s, within the time budget", { timeout: 15_000 }, async (kind) => {
    const service = await startService();
    service.sandbox.faults.add({ service: "play", kind, count: null });
    const before = service.stored();
    const startedAt = Date.now();
    expectProblem(await service.verify("ann", service.buy("badge")), 503, "play_unavailable");
    expect(Date.now() - startedAt).toBeLessThan(9500);
    expect(service.stored()).toBe(before);
    service.sandbox.faults.clear();
    expect((await service.verify("ann", service.buy("badge"))).status).toBe(200);
  });

  test("a 403 with a quota reason counts as 429", async () => {
    const service = await startService();
    service.sandbox.faults.add({ service: "play", kind: "status_403", code: "quotaExceeded", count: null });
    expectProblem(await service.verify("ann", service.buy("badge")), 503, "play_unavailable");
  });

  test("what the customer holds outlives an outage, and the repeated verify that meets it", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const bought = service.buy("badge");
    const { entitlements } = verifiedOf(await service.verify("ann", bought));
    service.sandbox.faults.add({ service: "play", kind: "status_503", count: null });
    expectProblem(await service.verify("ann", bought), 503, "play_unavailable");
    expect((await service.get("/v1/entitlements", "ann")).body).toEqual({ entitlements });
  });

  test("one failure alone is got over", async () => {
    const service = await startService();
    service.sandbox.faults.add({ service: "play", kind: "status_503", count: 1 });
    expect((await service.verify("ann", service.buy("badge"))).status).toBe(200);
  });
});
