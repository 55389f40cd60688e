import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventSchemas } from "../../scripts/event-schemas.ts";
import { deliverGrant, failGrant, type Grant, openGrant, revokeGrant } from "../../src/domain/grant.ts";
import { type GrantEvent, grantEvents, grantEventTypes } from "../../src/domain/grant-events.ts";
import type { LicenseKeyId } from "../../src/domain/ids.ts";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { sampleEvent, webhookBody, webhookBodySchema } from "../../src/domain/webhook-payload.ts";
import { grant, must, NOW, only } from "../support/builders.ts";

const LATER = NOW + HOUR;
const shown = { id: "key_1" as LicenseKeyId, masked: "****-****-ABCD" };
const failure = { code: "keythai_quota_exceeded", message: "The licence server's quota is used up." };

const pending = openGrant(grant({ integrationType: "discord", licenseKey: null }), "Pending", NOW);
const licensed = openGrant(grant({ licenseKey: shown, expiresAt: NOW + 30 * DAY }), "Delivered", NOW);
const failed = failGrant(pending, failure, LATER);
const gift = openGrant(
  grant({ purchaseId: null, productId: null, orderId: null, chainId: null }),
  "Pending",
  NOW,
);

/** entitlement-grants.md section 3, row by row. */
const ROWS: readonly (readonly [string, Grant | null, Grant, readonly string[]])[] = [
  ["none → Pending", null, pending, ["created"]],
  ["none → Pending, a gift", null, gift, ["created"]],
  ["none → Delivered", null, licensed, ["created", "delivered"]],
  ["Pending → Delivered", pending, deliverGrant(pending, null, LATER), ["delivered"]],
  ["Pending → Delivered, a key", pending, deliverGrant(pending, shown, LATER), ["delivered"]],
  ["Pending → Failed", pending, failed, ["failed"]],
  ["Pending → Revoked", pending, revokeGrant(pending, "refund", null, LATER), ["revoked"]],
  [
    "Delivered → Revoked",
    licensed,
    revokeGrant(licensed, "subscription_on_hold", "paused", LATER),
    ["revoked"],
  ],
  ["Failed → Revoked", failed, revokeGrant(failed, "manual", null, LATER), ["revoked"]],
];

/** The schema as it is published: it says what a receiver who checks by it would say. */
function publishedSchema(type: string): z.ZodType {
  return z.fromJSONSchema(
    must(eventSchemas().get(`${type}.schema.json`)) as Parameters<typeof z.fromJSONSchema>[0],
  );
}

function bodyOf(event: GrantEvent, key: Secret | null = null): unknown {
  return JSON.parse(webhookBody(event, key));
}

describe("a body", () => {
  it.each(ROWS)("fits its schema and holds nothing beside: %s", (_row, before, after, expected) => {
    const events = grantEvents(before, after, LATER);
    expect(events.map(({ type }) => type)).toEqual(expected.map((name) => `entitlement_grant.${name}`));
    for (const event of events) {
      const body = bodyOf(event, new Secret("ABCD-1234-ABCD"));
      // What a schema doesn't know, parsing leaves out.
      expect(webhookBodySchema(event.type).parse(body)).toEqual(body);
      expect(publishedSchema(event.type).safeParse(body)).toMatchObject({ success: true });
    }
  });

  it("is the same bytes however often, and tells when it happened", () => {
    const [created] = grantEvents(null, licensed, NOW);
    const body = webhookBody(must(created), new Secret("ABCD-1234-ABCD"));
    expect(webhookBody(must(created), new Secret("ABCD-1234-ABCD"))).toBe(body);
    expect(JSON.parse(body)).toMatchObject({
      business_id: licensed.packageName,
      type: "entitlement_grant.created",
      timestamp: "2026-11-22T12:00:00.000Z",
      data: { payload_type: "EntitlementGrant", id: licensed.id, license_key: { key: "ABCD-1234-ABCD" } },
    });
  });

  const revoked = only(grantEvents(licensed, revokeGrant(licensed, "refund", null, LATER), LATER));

  it.each([
    ["a status of another type", { status: "Delivered" }],
    ["a status in lower case", { status: "revoked" }],
    ["no time of the revoke", { revoked_at: null }],
    ["a time with an offset", { revoked_at: "2026-11-22T12:00:00.000+07:00" }],
    ["no reason", { revocation_reason: null }],
    ["metadata that nest", { metadata: { a: {} } }],
    ["a missing key", { oauth_url: undefined }],
    ["another payload", { payload_type: "Payment" }],
    ["a licence key without its id", { license_key: { key: "K" } }],
  ])("with %s fits neither schema", (_what, wrong) => {
    const body = z.looseObject({ data: z.looseObject({}) }).parse(bodyOf(revoked));
    const changed = JSON.parse(JSON.stringify({ ...body, data: { ...body.data, ...wrong } }));
    expect(webhookBodySchema(revoked.type).safeParse(changed).success).toBe(false);
    expect(publishedSchema(revoked.type).safeParse(changed).success).toBe(false);
  });

  it("may have more keys one day, and a reason that is new", () => {
    const body = z.looseObject({ data: z.looseObject({}) }).parse(bodyOf(revoked));
    const data = { ...body.data, brand_id: "b", revocation_reason: "something_new" };
    expect(publishedSchema(revoked.type).safeParse({ ...body, more: 1, data }).success).toBe(true);
  });
});

describe("a sample", () => {
  it.each(grantEventTypes)("of %s is what a real one would be", (type) => {
    const event = sampleEvent(type, NOW);
    const body = bodyOf(event);
    expect(webhookBodySchema(type).parse(body)).toEqual(body);
    expect(event.id).toBe(`${event.grant.id}_${type.replace("entitlement_grant.", "")}`);
    expect(event.grant.id).toMatch(/^egr_[0-9a-f]{32}$/);
  });

  it("is another grant the next time, so that nobody takes it for a repetition", () => {
    expect(sampleEvent("entitlement_grant.created", NOW).id).not.toBe(
      sampleEvent("entitlement_grant.created", NOW + 1).id,
    );
  });
});
