import { describe, expect, test } from "vitest";
import {
  deliverGrant,
  extendGrant,
  failGrant,
  type Grant,
  maskKey,
  openGrant,
  revokeGrant,
} from "../../src/domain/grant.ts";
import { grantEvents } from "../../src/domain/grant-events.ts";
import { grantResponseSchema, toGrantResponse } from "../../src/domain/grant-response.ts";
import { grantId, type LicenseKeyId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { grant, NOW, refOf, SLOT_ID } from "../support/builders.ts";

const KEY = { id: "key_1" as LicenseKeyId, masked: "****-ABCD" };
const pending = grant({ status: "Pending", deliveredAt: null });
const delivered = grant({ licenseKey: KEY });

describe("a row's life", () => {
  test("opens as pending, with nothing else said", () => {
    const opened = openGrant(pending, "Pending", NOW);
    expect(opened).toEqual({ ...pending, createdAt: NOW, updatedAt: NOW });
    expect(opened).toMatchObject({
      deliveredAt: null,
      revokedAt: null,
      revocationReason: null,
      revocationDetail: null,
      failure: null,
    });
  });
  test("opens as delivered, delivered when created", () => {
    expect(openGrant(pending, "Delivered", NOW)).toMatchObject({
      status: "Delivered",
      createdAt: NOW,
      deliveredAt: NOW,
    });
  });
  test("is delivered", () => {
    expect(deliverGrant(pending, KEY, NOW)).toEqual({
      ...pending,
      status: "Delivered",
      licenseKey: KEY,
      deliveredAt: NOW,
      updatedAt: NOW,
    });
  });
  test("fails", () => {
    const failure = { code: "keythai_quota_exceeded", message: "The quota is used up." };
    expect(failGrant(pending, failure, NOW)).toEqual({
      ...pending,
      status: "Failed",
      failure,
      updatedAt: NOW,
    });
  });
  test("is revoked, and stays delivered in memory", () => {
    expect(revokeGrant(delivered, "subscription_on_hold", "paused", NOW)).toEqual({
      ...delivered,
      status: "Revoked",
      revokedAt: NOW,
      revocationReason: "subscription_on_hold",
      revocationDetail: "paused",
      updatedAt: NOW,
    });
  });
  test("is extended; to the same end it is not touched", () => {
    expect(extendGrant(delivered, NOW, NOW + 1)).toEqual({
      ...delivered,
      expiresAt: NOW,
      updatedAt: NOW + 1,
    });
    expect(extendGrant(delivered, delivered.expiresAt, NOW + 1)).toBe(delivered);
  });
});

test.each([
  ["ABCD-EFGH-IJKL-MNOP", "****-****-****-MNOP"],
  ["kt_live_a1B2c3", "**_****_**B2c3"],
  ["ABCD", "ABCD"],
])("the key %s is shown as %s", (key, shown) => {
  expect(maskKey(key)).toBe(shown);
});

/** entitlement-grants.md section 3. */
describe("events", () => {
  const revoked = revokeGrant(delivered, "refund", null, NOW);
  const failed = failGrant(pending, { code: "c", message: "m" }, NOW);
  const told = (before: Grant | null, after: Grant) =>
    grantEvents(before, after, NOW).map((event) => event.type.replace("entitlement_grant.", ""));

  test.each<[string, Grant | null, Grant, string[]]>([
    ["none → Pending", null, pending, ["created"]],
    ["none → Delivered: both, back to back", null, delivered, ["created", "delivered"]],
    ["Pending → Delivered", pending, delivered, ["delivered"]],
    ["Pending → Failed", pending, failed, ["failed"]],
    ["Pending → Revoked", pending, revoked, ["revoked"]],
    ["Delivered → Revoked", delivered, revoked, ["revoked"]],
    ["an extension", delivered, extendGrant(delivered, NOW, NOW), []],
    ["nothing", pending, pending, []],
  ])("%s", (_, before, after, expected) => expect(told(before, after)).toEqual(expected));

  test("an event is the row as it was, under an id that a repetition has too", () => {
    expect(grantEvents(pending, delivered, NOW)).toEqual([
      {
        id: `${delivered.id}_delivered`,
        type: "entitlement_grant.delivered",
        occurredAt: NOW,
        grant: delivered,
      },
    ]);
  });
});

/** entitlement-grants.md section 1: every key is always there. */
describe("a grant as the outside sees it", () => {
  test("a licence, delivered", () => {
    const response = toGrantResponse(delivered, new Secret("SECRET-ABCD"));
    expect(response).toEqual({
      id: grantId(SLOT_ID, 1),
      business_id: "th.example.lumen",
      customer_id: "ann",
      entitlement_id: "desktop",
      integration_type: "license_key",
      status: "Delivered",
      payment_id: "GPA.1",
      subscription_id: null,
      license_key: {
        id: "key_1",
        key: "SECRET-ABCD",
        status: "active",
        activations_used: 0,
        activations_limit: null,
        expires_at: "2026-12-02T12:00:00.000Z",
      },
      digital_product_delivery: null,
      oauth_url: null,
      oauth_expires_at: null,
      delivered_at: "2026-11-21T12:00:00.000Z",
      revoked_at: null,
      revocation_reason: null,
      error_code: null,
      error_message: null,
      metadata: { purchase_id: refOf("first").id, slot_id: SLOT_ID, product_id: "lumen_pro" },
      created_at: "2026-11-21T12:00:00.000Z",
      updated_at: "2026-11-21T12:00:00.000Z",
    });
    expect(grantResponseSchema.parse(response)).toEqual(response);
  });

  test("a gift names neither purchase nor product", () => {
    const gift = grant({ purchaseId: null, productId: null, orderId: null, chainId: null });
    expect(toGrantResponse(gift, null)).toMatchObject({
      payment_id: null,
      metadata: { slot_id: gift.slotId },
    });
    expect(Object.keys(toGrantResponse(gift, null).metadata)).toEqual(["slot_id"]);
  });

  test("without the key in clear it shows the masked one", () => {
    expect(toGrantResponse(delivered, null).license_key?.key).toBe("****-ABCD");
  });

  test("revoked: when, why, and the key that no longer works", () => {
    const revoked = revokeGrant(
      grant({ licenseKey: KEY, regrantOf: grantId(SLOT_ID, 1), expiresAt: null }),
      "subscription_on_hold",
      "paused",
      NOW + DAY,
    );
    expect(toGrantResponse(revoked, null)).toMatchObject({
      status: "Revoked",
      revoked_at: "2026-11-23T12:00:00.000Z",
      revocation_reason: "subscription_on_hold",
      license_key: { status: "disabled", expires_at: null },
      metadata: { regrant_of: grantId(SLOT_ID, 1), revocation_detail: "paused" },
    });
  });

  test("failed: what a person may read about it, and no key", () => {
    const failed = failGrant(
      grant({ status: "Pending", orderId: null, chainId: "sub_1" as never }),
      { code: "c", message: "m" },
      NOW,
    );
    expect(toGrantResponse(failed, null)).toMatchObject({
      error_code: "c",
      error_message: "m",
      license_key: null,
      payment_id: null,
      subscription_id: "sub_1",
    });
    expect(grantResponseSchema.safeParse(toGrantResponse(failed, null)).success).toBe(true);
  });
});
