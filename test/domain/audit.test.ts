import { expect, test } from "vitest";
import { auditRows } from "../../src/domain/audit.ts";
import { grant, NOW } from "../support/builders.ts";

const EFFECT = { cause: "effect", actor: null } as const;

test("a delivery's history names each row and what became of it", () => {
  const delivered = grant({ status: "Delivered", revocationReason: null });
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

test("a step that changed no row leaves no history", () => {
  expect(auditRows(EFFECT, [], NOW)).toEqual([]);
});
