import { describe, expect, test } from "vitest";
import { adminGrantSchema, pendingGiftSchema } from "../../../src/http/admin-schemas.ts";
import { entitlementsSchema, grantSchema, pageOf } from "../../../src/http/schemas.ts";
import { runDueEffects } from "../../../src/use-cases/run-effects.ts";
import { asAdmin, deedsOf, exactly } from "../support/admin.ts";
import { expectProblem, sharedService, startService, type TestService, until } from "../support/service.ts";

const PATH = "/v1/admin/grants";
const FOREVER = { customer_id: "ann", entitlement_id: "premium", expires_at: null };
const LICENCE = { ...FOREVER, entitlement_id: "desktop" };

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const licences = ({ sandbox }: TestService) => sandbox.keythai.licences.map(({ status }) => status);

async function give(service: TestService, gift: object) {
  return exactly(adminGrantSchema, await asAdmin(service, "POST", PATH, gift), 201);
}

async function heldBy(service: TestService, uid = "ann") {
  return exactly(entitlementsSchema, await service.get("/v1/entitlements", uid)).entitlements;
}

describe("POST /v1/admin/grants", () => {
  const shared = sharedService();

  test("a feature: held at once, paid for by nobody, for good", async () => {
    const service = await startService();
    const grant = await give(service, { ...FOREVER, note: "won the raffle" });
    expect(grant).toMatchObject({
      customer_id: "ann",
      entitlement_id: "premium",
      status: "Delivered",
      payment_id: null,
      subscription_id: null,
    });
    expect(Object.keys(grant.metadata)).toEqual(["slot_id"]);
    expect(await heldBy(service)).toMatchObject([
      { entitlement_id: "premium", active: true, expires_at: null, purchase_ids: [], product_ids: [] },
    ]);
    expect(deedsOf(service)).toEqual([{ actor: "tests", summary: "gift of premium: won the raffle" }]);
  });

  test("a licence: its key in clear for its owner alone", async () => {
    const service = await startService();
    const grant = await give(service, { ...LICENCE, expires_at: inDays(30) });
    expect(grant).toMatchObject({ status: "Delivered", license_key: { status: "active" } });
    expect(grant.license_key?.key).toMatch(/^[*-]+[0-9A-Z]{4}$/);
    const own = exactly(pageOf(grantSchema, "Grants"), await service.get("/v1/grants", "ann")).data[0];
    expect(own).toMatchObject({ id: grant.id });
    expect(own?.license_key?.key).toMatch(/^KEYT(-[0-9A-Z]{4}){5}$/);
  });

  test("the same again is the same grant and no second licence; another end moves its end", async () => {
    const service = await startService();
    const once = await give(service, { ...LICENCE, expires_at: inDays(1) });
    const again = await Promise.all(
      [1, 2, 3].map(() => give(service, { ...LICENCE, expires_at: inDays(1) })),
    );
    expect(new Set(again.map(({ id }) => id))).toEqual(new Set([once.id]));
    const end = inDays(30);
    const moved = await give(service, { ...LICENCE, expires_at: end });
    expect(moved.id).toBe(once.id);
    expect(licences(service)).toEqual(["active"]);
    expect(await heldBy(service)).toMatchObject([{ active: true, expires_at: end, access_until: end }]);
    await until(async () => {
      await runDueEffects(service.ports, 10);
      return service.tables.grants.get(once.id)?.expiresAt === Date.parse(end);
    });
  });

  test("its time over, it ends by itself; the licence follows", async () => {
    const service = await startService();
    const grant = await give(service, { ...LICENCE, expires_at: new Date(Date.now() + 800).toISOString() });
    await until(async () => {
      await runDueEffects(service.ports, 10);
      return licences(service)[0] === "revoked";
    });
    expect(await heldBy(service)).toMatchObject([{ active: false, state: "expired" }]);
    const row = service.tables.grants.get(grant.id);
    expect(row).toMatchObject({
      status: "Revoked",
      revocationReason: "subscription_expired",
      revocationDetail: "gift_ended",
    });
    expect(service.tables.outbox.size).toBe(0);
  });

  test("taken back by hand it is over; the next gift is a new grant", async () => {
    const service = await startService();
    const first = await give(service, LICENCE);
    const revoked = await asAdmin(service, "POST", `${PATH}/${first.id}/revoke`);
    expect(revoked.body).toMatchObject({ status: "Revoked", revocation_reason: "manual" });
    await until(() => licences(service)[0] === "revoked");
    const second = await give(service, LICENCE);
    expect(second).toMatchObject({ status: "Delivered", metadata: { regrant_of: first.id } });
    expect(second.id).not.toBe(first.id);
    expect(licences(service)).toEqual(["revoked", "active"]);
  });

  test("202 while KeyThai is down: it comes later, once", async () => {
    const service = await startService({ VERIFY_WAIT_MS: "200" });
    service.sandbox.faults.add({ service: "keythai", kind: "status_503", count: null });
    for (let count = 0; count < 2; count += 1) {
      const answer = await asAdmin(service, "POST", PATH, LICENCE);
      expect(exactly(pendingGiftSchema, answer, 202)).toEqual({ pending_entitlements: ["desktop"] });
    }
    expect((await heldBy(service))[0]?.active).toBe(true);
    service.sandbox.faults.clear();
    await until(async () => {
      await runDueEffects(service.ports, 10);
      return service.tables.grants.size > 0;
    });
    expect([...service.tables.grants.values()]).toMatchObject([{ status: "Delivered" }]);
    expect(licences(service).filter((status) => status === "active")).toHaveLength(1);
  });

  test("202 also after an earlier gift was taken back: the old row is not the answer", async () => {
    const service = await startService();
    const first = await give(service, LICENCE);
    await asAdmin(service, "POST", `${PATH}/${first.id}/revoke`);
    await until(() => licences(service)[0] === "revoked");
    service.sandbox.faults.add({ service: "keythai", kind: "status_503", count: null });
    const answer = await asAdmin(service, "POST", PATH, LICENCE);
    expect(exactly(pendingGiftSchema, answer, 202)).toEqual({ pending_entitlements: ["desktop"] });
  });

  test.each<[string, unknown]>([
    ["customer_id", { ...FOREVER, customer_id: "a/b" }],
    ["customer_id", { ...FOREVER, customer_id: "" }],
    ["customer_id", { entitlement_id: "premium", expires_at: null }],
    ["entitlement_id", { ...FOREVER, entitlement_id: "gold" }],
    ["entitlement_id", { ...FOREVER, entitlement_id: "__proto__" }],
    ["expires_at", { ...FOREVER, expires_at: new Date(Date.now() - 1000).toISOString() }],
    ["expires_at", { ...FOREVER, expires_at: "tomorrow" }],
    ["expires_at", { customer_id: "ann", entitlement_id: "premium" }],
    ["note", { ...FOREVER, note: "x".repeat(501) }],
    ["(body)", "{"],
    ["(body)", []],
  ])("400, naming %s", async (path, body) => {
    const service = shared();
    const problem = expectProblem(await asAdmin(service, "POST", PATH, body), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect(service.tables.customers.size).toBe(0);
  });

  test("413: longer than 16 KiB", async () => {
    const body = { ...FOREVER, note: "x".repeat(16 * 1024) };
    expectProblem(await asAdmin(shared(), "POST", PATH, body), 413, "request_too_large");
  });
});
