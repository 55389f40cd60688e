import { expect, test } from "vitest";
import { auditLetter, auditRows, auditTold } from "../../src/domain/audit.ts";
import { DAY } from "../../src/domain/instant.ts";
import { grant, NOW, oneTime, record } from "../support/builders.ts";

const EFFECT = { cause: "effect", actor: null } as const;

test("a delivery's history names each row and what became of it", () => {
  const delivered = grant({ status: "Delivered", deliveredAt: NOW, revocationReason: null });
  const revoked = grant({ status: "Revoked", revocationReason: "refund" });
  expect(auditRows(EFFECT, [delivered, revoked], NOW)).toEqual([
    {
      at: NOW,
      cause: "effect",
      actor: null,
      customerId: delivered.customerId,
      purchaseId: delivered.purchaseId,
      changes: [
        { kind: "grant", grantId: delivered.id, summary: `${delivered.entitlementId} Delivered` },
        { kind: "grant", grantId: revoked.id, summary: `${revoked.entitlementId} Revoked refund` },
      ],
    },
  ]);
});

test.each([
  ["another end", NOW + DAY, "until 2026-11-23T12:00:00.000Z"],
  ["no end any more", null, "until further notice"],
])("a row that was delivered before has %s", (_, expiresAt, words) => {
  const row = grant({ status: "Delivered", deliveredAt: NOW - DAY, expiresAt });
  const [entry] = auditRows(EFFECT, [row], NOW);
  expect(entry?.changes[0]?.summary).toBe(`${row.entitlementId} ${words}`);
});

test.each([
  [true, "consumed at Google"],
  [false, "acknowledged at Google"],
])("what Google was told is history, too: consumed %s", (consumed, summary) => {
  const purchase = record({ answer: oneTime() });
  expect(auditTold(purchase, consumed, NOW)).toEqual({
    at: NOW,
    cause: "effect",
    actor: null,
    customerId: purchase.customerId,
    purchaseId: purchase.id,
    changes: [{ kind: "purchase", grantId: null, summary }],
  });
});

test("a step that changed no row leaves no history", () => {
  expect(auditRows(EFFECT, [], NOW)).toEqual([]);
});

test.each([
  ["delivered", null, "mailed the licence key"],
  ["restored", null, "mailed that the licence works again"],
  ["revoked", null, "mailed that the licence works no more"],
  ["delivered", "smtp_550", "could not mail the licence key: smtp_550"],
] as const)("a letter's history: %s, %s", (news, code, summary) => {
  const row = grant({ status: "Delivered" });
  expect(auditLetter(row, news, code, NOW)).toEqual({
    at: NOW,
    cause: "effect",
    actor: null,
    customerId: row.customerId,
    purchaseId: row.purchaseId,
    changes: [{ kind: "mail", grantId: row.id, summary }],
  });
});
