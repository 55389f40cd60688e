import { expect, test } from "vitest";
import { requestEffect } from "../../src/domain/effect.ts";
import { reviewId } from "../../src/domain/ids.ts";
import { ANN, NOW, refOf, SLOT_ID, token } from "../support/builders.ts";

test("asking twice for the same effect is one effect: its id is its kind and subject", () => {
  const effect = { kind: "fulfill_slot", customerId: ANN, slotId: SLOT_ID, token } as const;
  expect(requestEffect(effect, NOW)).toEqual({ id: `fulfill_slot:${SLOT_ID}`, effect, dueAt: NOW });
  expect(requestEffect(effect, NOW + 1).id).toBe(requestEffect(effect, NOW).id);
});

test("effects of different kinds on one subject are different", () => {
  const purchaseId = refOf("first").id;
  const ids = (["acknowledge_purchase", "sync_purchase"] as const).map(
    (kind) => requestEffect({ kind, purchaseId }, NOW).id,
  );
  expect(ids).toEqual([`acknowledge_purchase:${purchaseId}`, `sync_purchase:${purchaseId}`]);
});

test("an answer to a refund review is named after the review", () => {
  const id = reviewId(token("refund"));
  const request = requestEffect({ kind: "answer_refund_review", reviewId: id }, NOW);
  expect(request.id).toBe(`answer_refund_review:${id}`);
});
