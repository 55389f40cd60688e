import { describe, expect, test } from "vitest";
import { adminGrantSchema, adminGrantsSchema } from "../../../src/http/admin-schemas.ts";
import { asAdmin, deedsOf, exactly } from "../support/admin.ts";
import {
  expectProblem,
  sharedService,
  startService,
  type TestService,
  until,
  verifiedOf,
} from "../support/service.ts";

const PATH = "/v1/admin/grants";

async function find(service: TestService, query: Record<string, string> = {}) {
  const answer = await asAdmin(service, "GET", `${PATH}?${new URLSearchParams(query)}`);
  return exactly(adminGrantsSchema, answer).data;
}

async function post(service: TestService, id: string, act: "revoke" | "retry") {
  return exactly(adminGrantSchema, await asAdmin(service, "POST", `${PATH}/${id}/${act}`));
}

const licences = ({ sandbox }: TestService) => sandbox.keythai.licences.map(({ status }) => status);
const NOBODYS = `egr_${"0".repeat(32)}`;

describe("GET /v1/admin/grants", () => {
  const shared = sharedService();

  test("everybody's, by customer, status and entitlement; keys masked", async () => {
    const service = await startService();
    const ann = verifiedOf(await service.verify("ann", service.buy("lifetime"))).grants;
    const ben = verifiedOf(await service.verify("ben", service.buy("seats", { uid: "ben" }))).grants;
    const revoked = await post(service, ben[0]?.id ?? "", "revoke");
    expect(await find(service)).toHaveLength(3);
    expect(await find(service, { customer_id: "ben" })).toEqual([revoked]);
    expect(await find(service, { status: "Revoked" })).toEqual([revoked]);
    expect((await find(service, { entitlement_id: "premium" })).map(({ id }) => id)).toEqual(
      ann.filter(({ entitlement_id }) => entitlement_id === "premium").map(({ id }) => id),
    );
    expect(await find(service, { customer_id: "ann", status: "Revoked" })).toEqual([]);
    expect(
      await find(service, { customer_id: "ann", entitlement_id: "desktop", status: "Delivered" }),
    ).toHaveLength(1);
    const { text } = await asAdmin(service, "GET", PATH);
    for (const { license_key } of [...ann, ...ben])
      if (license_key !== null) expect(text).not.toContain(license_key.key);
  });

  test.each([
    ["status", "status=delivered"],
    ["customer_id", "customer_id=."],
    ["entitlement_id", "entitlement_id="],
    ["limit", "limit=1000"],
  ])("400, naming %s: %s", async (path, query) => {
    const problem = expectProblem(await asAdmin(shared(), "GET", `${PATH}?${query}`), 400, "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  });
});

describe("POST /v1/admin/grants/{id}/revoke", () => {
  test("access ends, the licence follows, and no renewal brings it back", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const request = service.buy("plan", { basePlanId: "team" });
    const { grants } = verifiedOf(await service.verify("ann", request));
    for (const { id } of grants) {
      const revoked = await post(service, id, "revoke");
      expect(revoked).toMatchObject({ id, status: "Revoked", revocation_reason: "manual" });
    }
    await until(() => licences(service)[0] === "revoked");
    service.sandbox.play.act(request.purchase_token, "renew");
    const after = verifiedOf(await service.verify("ann", request));
    expect(after.purchase).toMatchObject({ state: "active", access: true });
    expect(after.entitlements.map(({ active }) => active)).toEqual([false, false, false]);
    expect(after.grants.map(({ status }) => status)).toEqual(["Revoked", "Revoked", "Revoked"]);
    expect(licences(service)).toEqual(["revoked"]);
    expect(deedsOf(service)).toEqual(grants.map(() => ({ actor: "tests", summary: "revoked by hand" })));
  });

  test("again it changes nothing, and says the same", async () => {
    const service = await startService();
    const { grants } = verifiedOf(await service.verify("ann", service.buy("badge")));
    const once = await post(service, grants[0]?.id ?? "", "revoke");
    const before = service.stored();
    expect(await post(service, once.id, "revoke")).toEqual(once);
    expect(service.stored()).toBe(before);
  });

  test("of a row that ended already nothing changes, but nothing gives it again", async () => {
    const service = await startService({ VERIFY_FRESH_SECONDS: "0" });
    const request = service.buy("plan");
    verifiedOf(await service.verify("ann", request));
    service.sandbox.play.act(request.purchase_token, "hold");
    const [held] = verifiedOf(await service.verify("ann", request)).grants;
    const row = await post(service, held?.id ?? "", "revoke");
    expect(row).toMatchObject({ status: "Revoked", revocation_reason: "subscription_on_hold" });
    service.sandbox.play.act(request.purchase_token, "recover");
    const { purchase, grants, entitlements } = verifiedOf(await service.verify("ann", request));
    expect(purchase).toMatchObject({ state: "active", access: true });
    expect(grants).toHaveLength(1);
    expect(entitlements[0]?.active).toBe(false);
  });

  test("404: a grant of nobody's, and what is no id", async () => {
    const service = await startService();
    for (const id of [NOBODYS, "x", "a%2Fb"])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/revoke`), 404, "not_found");
  });
});

describe("POST /v1/admin/grants/{id}/retry", () => {
  async function failed(service: TestService) {
    const { faults } = service.sandbox;
    faults.add({ service: "keythai", kind: "status_403", code: "QUOTA_EXCEEDED", count: null });
    verifiedOf(await service.verify("ann", service.buy("seats")));
    const [row] = await find(service, { status: "Failed" });
    faults.clear();
    expect(row).toBeDefined();
    return row?.id ?? "";
  }

  test("the next row, delivered; the failed one stays, and once is enough", async () => {
    const service = await startService();
    const id = await failed(service);
    const next = await post(service, id, "retry");
    expect(next).toMatchObject({ status: "Delivered", metadata: { regrant_of: id } });
    expect(next.license_key?.key).toMatch(/^\*+-.*[0-9A-Z]{4}$/);
    expect(await find(service, { status: "Failed" })).toMatchObject([{ id }]);
    for (const each of [id, next.id])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${each}/retry`), 409, "grant_not_failed");
    expect(licences(service)).toEqual(["active"]);
    expect(deedsOf(service)).toEqual([{ actor: "tests", summary: "retried by hand" }]);
  });

  test("what fails again is a failed row of its own", async () => {
    const service = await startService();
    const id = await failed(service);
    service.sandbox.faults.add({
      service: "keythai",
      kind: "status_403",
      code: "QUOTA_EXCEEDED",
      count: null,
    });
    const next = await post(service, id, "retry");
    expect(next).toMatchObject({ status: "Failed", metadata: { regrant_of: id } });
    service.sandbox.faults.clear();
    expect(await post(service, next.id, "retry")).toMatchObject({ status: "Delivered" });
  });

  test("while KeyThai is down it is still the failed row", async () => {
    const service = await startService();
    const id = await failed(service);
    service.sandbox.faults.add({ service: "keythai", kind: "status_503", count: null });
    expect(await post(service, id, "retry")).toMatchObject({ id, status: "Failed" });
  });

  test("409: one that was delivered, or revoked by hand; 404: one that isn't there", async () => {
    const service = await startService();
    const { grants } = verifiedOf(await service.verify("ann", service.buy("badge")));
    const id = grants[0]?.id ?? "";
    expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/retry`), 409, "grant_not_failed");
    const other = await failed(service);
    expect(await post(service, other, "revoke")).toMatchObject({ id: other, status: "Revoked" });
    expectProblem(await asAdmin(service, "POST", `${PATH}/${other}/retry`), 409, "grant_not_failed");
    for (const nobodys of [NOBODYS, "x"])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${nobodys}/retry`), 404, "not_found");
  });
});
