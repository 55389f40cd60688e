import { expect, test } from "vitest";
import type { CustomerId, SlotId } from "../../../src/domain/ids.ts";
import {
  adminGrantSchema,
  adminGrantsSchema,
  adminPurchasesSchema,
  customerSchema,
  deadLetterSchema,
  orphanSchema,
  replaySchema,
  reviewSchema,
  syncedSchema,
} from "../../../src/http/admin-schemas.ts";
import { pageOf } from "../../../src/http/schemas.ts";
import { runDueEffects } from "../../../src/use-cases/run-effects.ts";
import { emulatorProject } from "../../support/emulator.ts";
import { asAdmin, exactly, push } from "../support/admin.ts";
import { expectProblem, PACKAGE, startService, until, verifiedOf } from "../support/service.ts";

const UNKNOWN = `${"a".repeat(24)}.${"B".repeat(120)}`;

/** The whole of it over Firestore itself; every case has its own test in memory. */
function onFirestore() {
  const project = emulatorProject(import.meta.url);
  return startService({
    PLAYGRANT_STORE: "firestore",
    GOOGLE_CLOUD_PROJECT: project,
    VERIFY_FRESH_SECONDS: "0",
    VERIFY_WAIT_MS: "20000",
  });
}

test("customers, purchases and grants", async () => {
  const service = await onFirestore();
  const get = (path: string) => asAdmin(service, "GET", `/v1/admin/${path}`);
  const post = (path: string, body?: unknown) => asAdmin(service, "POST", `/v1/admin/${path}`, body);
  const plan = service.buy("plan", { basePlanId: "team" });
  const bought = verifiedOf(await service.verify("ann", plan));
  verifiedOf(await service.verify("ben", service.buy("badge", { uid: "ben" })));

  const ann = exactly(customerSchema, await get("customers/ann"));
  expect(ann.purchases.data).toMatchObject([{ id: bought.purchase.id, customer_id: "ann" }]);
  expect(ann.grants.data).toHaveLength(3);
  expect(ann.timeline.data.length).toBeGreaterThanOrEqual(4);
  const first = exactly(customerSchema, await get("customers/ann?limit=1")).timeline;
  const cursor = encodeURIComponent(String(first.next_cursor));
  const second = exactly(customerSchema, await get(`customers/ann?limit=1&cursor=${cursor}`)).timeline;
  expect([...first.data, ...second.data]).toEqual(ann.timeline.data.slice(0, 2));

  const { order_id, id } = bought.purchase;
  const token = `purchase_token=${plan.purchase_token}`;
  for (const query of [
    `order_id=${order_id}`,
    "state=active",
    "customer_id=ann",
    token,
    `customer_id=ann&state=active&order_id=${order_id}`,
    `customer_id=ann&state=active&${token}`,
  ]) {
    const { data } = exactly(adminPurchasesSchema, await get(`purchases?${query}`));
    expect(
      data.map((row) => row.id),
      query,
    ).toEqual([id]);
  }
  for (const query of [
    "status=Delivered",
    "entitlement_id=desktop",
    "customer_id=ann&status=Delivered&entitlement_id=desktop",
  ])
    expect(exactly(adminGrantsSchema, await get(`grants?${query}`)).data.length, query).toBeGreaterThan(0);

  service.sandbox.play.act(plan.purchase_token, "hold");
  const synced = exactly(syncedSchema, await post(`purchases/${id}/sync`));
  expect(synced.purchase.state).toBe("on_hold");
  service.sandbox.play.act(plan.purchase_token, "recover");
  exactly(syncedSchema, await post(`purchases/${id}/sync`));
  const open = exactly(
    adminGrantsSchema,
    await get("grants?customer_id=ann&status=Delivered&entitlement_id=premium"),
  );
  const revoked = exactly(adminGrantSchema, await post(`grants/${open.data[0]?.id}/revoke`));
  expect(revoked).toMatchObject({ status: "Revoked", revocation_reason: "manual" });

  const gift = { customer_id: "cid", entitlement_id: "desktop", expires_at: null };
  const given = exactly(adminGrantSchema, await post("grants", gift), 201);
  expect(exactly(adminGrantSchema, await post("grants", gift), 201).id).toBe(given.id);
  expectProblem(await post(`grants/${given.id}/retry`), 409, "grant_not_failed");
  service.sandbox.faults.add({ service: "keythai", kind: "status_403", code: "QUOTA_EXCEEDED", count: null });
  verifiedOf(await service.verify("dan", service.buy("seats", { uid: "dan" })));
  service.sandbox.faults.clear();
  const [failed] = exactly(adminGrantsSchema, await get("grants?status=Failed")).data;
  expect(exactly(adminGrantSchema, await post(`grants/${failed?.id}/retry`)).status).toBe("Delivered");
});

test("what lies on the desk", async () => {
  const service = await onFirestore();
  const get = (path: string) => asAdmin(service, "GET", `/v1/admin/${path}`);
  const post = (path: string, body?: unknown) => asAdmin(service, "POST", `/v1/admin/${path}`, body);
  const notice = { version: "1.0", packageName: PACKAGE, eventTimeMillis: "1" };
  const unknown = { oneTimeProductNotification: { notificationType: 1, purchaseToken: UNKNOWN } };
  await push(service, { ...notice, ...unknown }, "1");
  const [letter] = exactly(pageOf(deadLetterSchema, "x"), await get("dead_letters")).data;
  expect(exactly(replaySchema, await post(`dead_letters/${letter?.id}/replay`)).outcome).toBe("dead_letter");
  const test = Buffer.from(JSON.stringify({ ...notice, testNotification: {} })).toString("base64");
  const lost = {
    reason: "not_json",
    messageId: "2",
    source: "pull",
    receivedAt: 1,
    packageName: null,
  } as const;
  await service.ports.intake.addDeadLetter({ ...lost, data: test });
  const letters = exactly(pageOf(deadLetterSchema, "x"), await get("dead_letters")).data;
  expect(letters.map(({ message_id }) => message_id)).toEqual(["1", "2"]);
  expect(exactly(replaySchema, await post(`dead_letters/${letters[1]?.id}/replay`)).outcome).toBe("handled");
  expect(exactly(pageOf(deadLetterSchema, "x"), await get("dead_letters")).data).toEqual([letter]);

  const orphan = { id: `orp_${"1".repeat(32)}`, licenseId: "lic_1", grantId: null, orderId: null };
  const whose = { slotId: `slt_${"1".repeat(32)}` as SlotId, customerId: "ann" as CustomerId };
  await service.ports.intake.addOrphan({ ...orphan, ...whose, foundAt: 1, resolvedAt: null });
  const resolved = exactly(orphanSchema, await post(`license_orphans/${orphan.id}/resolve`));
  expect(exactly(pageOf(orphanSchema, "x"), await get("license_orphans")).data).toEqual([resolved]);

  const pushed = service.sandbox.play.notifications.length;
  service.sandbox.play.act(service.buy("badge").purchase_token, "refund_review");
  for (const { body } of service.sandbox.play.notifications.slice(pushed)) await push(service, body, "3");
  const [review] = exactly(pageOf(reviewSchema, "x"), await get("refund_reviews")).data;
  const path = `refund_reviews/${review?.id}/answer`;
  const answered = exactly(reviewSchema, await post(path, { preference: "decline" }));
  expect(answered).toMatchObject({ preference: "decline", answered_at: expect.any(String) });
  expectProblem(await post(path, { preference: "approve" }), 409, "refund_review_decided");
  await until(async () => (await runDueEffects(service.ports, 10)) === 0);
  expect([...service.sandbox.play.reviews.values()]).toMatchObject([{ preference: "DECLINE", answers: 1 }]);
});
