import { describe, expect, test } from "vitest";
import { adminGrantsSchema, adminPurchasesSchema, customerSchema } from "../../../src/http/admin-schemas.ts";
import { asAdmin, exactly } from "../support/admin.ts";
import {
  expectProblem,
  sharedService,
  startService,
  type TestService,
  verifiedOf,
} from "../support/service.ts";

const PATH = "/v1/admin/customers";

async function overview(service: TestService, uid = "ann", query = "") {
  return exactly(customerSchema, await asAdmin(service, "GET", `${PATH}/${uid}${query}`));
}

const NOTHING = { data: [], next_cursor: null };

/** Google is told after the answer, and that is history, too. */
function untilDone({ tables }: Awaited<ReturnType<typeof startService>>) {
  return expect.poll(() => tables.outbox.size, { timeout: 10_000 }).toBe(0);
}

describe("GET /v1/admin/customers/{uid}", () => {
  const shared = sharedService();

  test("one whom nobody knows is empty, and isn't known afterwards either", async () => {
    const service = await startService();
    expect(await overview(service, "ann%20b")).toEqual({
      customer_id: "ann b",
      entitlements: [],
      purchases: NOTHING,
      grants: NOTHING,
      timeline: NOTHING,
    });
    expect(service.tables.customers.size).toBe(0);
  });

  test("what ann holds, has bought and was given, keys masked, and nothing of ben's", async () => {
    const service = await startService();
    verifiedOf(await service.verify("ben", service.buy("badge", { uid: "ben" })));
    const own = verifiedOf(await service.verify("ann", service.buy("lifetime")));
    await untilDone(service);
    const { entitlements, purchases, grants, timeline } = await overview(service);
    expect(entitlements).toEqual(own.entitlements);
    expect(purchases.data).toMatchObject([{ id: own.purchase.id, customer_id: "ann" }]);
    expect(grants.data.map(({ id }) => id).sort()).toEqual(own.grants.map(({ id }) => id).sort());
    const key = own.grants.find(({ license_key }) => license_key !== null)?.license_key?.key ?? "";
    const shown = grants.data.find(({ license_key }) => license_key !== null)?.license_key?.key ?? "";
    expect(shown).toBe(key.slice(0, -4).replace(/[A-Z0-9]/g, "*") + key.slice(-4));
    expect(new Set(timeline.data.map(({ cause }) => cause))).toEqual(new Set(["verify", "effect"]));
    expect(timeline.data.filter(({ kind }) => kind === "purchase")).toMatchObject([
      { cause: "effect", purchase_id: own.purchase.id, grant_id: null, summary: "acknowledged at Google" },
      { cause: "verify", purchase_id: own.purchase.id, grant_id: null, summary: "new → purchased" },
    ]);
    const told = timeline.data.flatMap(({ grant_id }) => grant_id ?? []);
    expect([...new Set(told)].sort()).toEqual(grants.data.map(({ id }) => id).sort());
  });

  test("limit and cursor page the timeline alone, newest first, each entry once", async () => {
    const service = await startService();
    for (const product of ["badge", "seats", "lifetime"])
      verifiedOf(await service.verify("ann", service.buy(product)));
    await untilDone(service);
    const whole = await overview(service);
    const paged: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof overview>> = await overview(
        service,
        "ann",
        `?limit=2${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(page.timeline.data.length).toBeLessThanOrEqual(2);
      expect(page.purchases).toEqual(whole.purchases);
      paged.push(...page.timeline.data);
      cursor = page.timeline.next_cursor;
    } while (cursor !== null);
    expect(paged.length).toBeGreaterThan(5);
    expect(paged).toEqual(whole.timeline.data);
    const times = whole.timeline.data.map(({ at }) => at);
    expect(times).toEqual([...times].sort().reverse());
  });

  test("the other lists go on where they have a page of their own", async () => {
    const service = await startService();
    verifiedOf(await service.verify("ann", service.buy("seats", { quantity: 60 })));
    const { grants } = await overview(service);
    expect(grants.data).toHaveLength(50);
    const rest = await asAdmin(
      service,
      "GET",
      `/v1/admin/grants?customer_id=ann&cursor=${encodeURIComponent(String(grants.next_cursor))}`,
    );
    const more = exactly(adminGrantsSchema, rest);
    expect(more.data).toHaveLength(10);
    expect(new Set([...grants.data, ...more.data].map(({ id }) => id)).size).toBe(60);
  });

  test("so do purchases", async () => {
    const service = await startService();
    for (let count = 0; count < 51; count += 1) verifiedOf(await service.verify("ann", service.buy("coins")));
    const { purchases } = await overview(service);
    const cursor = encodeURIComponent(String(purchases.next_cursor));
    const rest = await asAdmin(service, "GET", `/v1/admin/purchases?customer_id=ann&cursor=${cursor}`);
    const more = exactly(adminPurchasesSchema, rest);
    expect([purchases.data.length, more.data.length]).toEqual([50, 1]);
    expect(purchases.data.map(({ id }) => id)).not.toContain(more.data[0]?.id);
  });

  test.each([
    ["uid", "a%2Fb"],
    ["uid", "__ann__"],
    ["uid", "x".repeat(1501)],
    ["limit", "ann?limit=0"],
    ["limit", "ann?limit=101"],
    ["cursor", "ann?cursor="],
  ])("400, naming %s: %s", async (path, rest) => {
    const problem = expectProblem(await asAdmin(shared(), "GET", `${PATH}/${rest}`), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  });

  test("400: a cursor that isn't ours", async () => {
    expectProblem(await asAdmin(shared(), "GET", `${PATH}/ann?cursor=abc`), 400, "invalid_request");
  });
});
