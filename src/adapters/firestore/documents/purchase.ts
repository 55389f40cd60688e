import { FieldValue, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import { stateOf } from "../../../domain/access.ts";
import type { PurchaseRecord, PurchaseRef } from "../../../domain/purchase-file.ts";
import type { UnacknowledgedPurchase } from "../../../ports.ts";
import {
  answerSchema,
  chainIdSchema,
  closedSlotsSchema,
  customerIdSchema,
  observationsSchema,
  purchaseIdSchema,
  secret,
  timestamp,
} from "../schemas.ts";
import { stamp } from "./fields.ts";

const refFields = {
  id: purchaseIdSchema,
  package_name: z.string(),
  type: z.enum(["one_time", "subscription"]),
  token: secret,
};

const purchaseSchema = z
  .object({
    ...refFields,
    answer: answerSchema.nullable(),
    observations: observationsSchema,
    customer_id: customerIdSchema.nullable(),
    chain_id: chainIdSchema.nullable(),
    replaced: purchaseIdSchema.nullable(),
    revision: z.number(),
    closed: closedSlotsSchema,
    next_sync_at: timestamp.nullable(),
    // Documents from before these were kept lack them.
    acknowledge_by: timestamp.nullable().default(null),
    order_ids: z.array(z.string()).default([]),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform(
    ({
      package_name,
      customer_id,
      chain_id,
      next_sync_at,
      acknowledge_by,
      order_ids,
      created_at,
      updated_at,
      ...rest
    }): PurchaseRecord => ({
      ...rest,
      packageName: package_name,
      customerId: customer_id,
      chainId: chain_id,
      nextSyncAt: next_sync_at,
      acknowledgeBy: acknowledge_by,
      orderIds: order_ids,
      createdAt: created_at,
      updatedAt: updated_at,
    }),
  );

const purchaseRefSchema = z
  .object(refFields)
  .transform(({ package_name, ...rest }): PurchaseRef => ({ ...rest, packageName: package_name }));

const unacknowledgedSchema = z.object({ ...refFields, acknowledge_by: timestamp }).transform(
  ({ package_name, acknowledge_by, ...rest }): UnacknowledgedPurchase => ({
    ...rest,
    packageName: package_name,
    acknowledgeBy: acknowledge_by,
  }),
);

/** What names a purchase, though the rest can't be read; null where not even that can. */
export function tryReadPurchaseRef(data: unknown): PurchaseRef | null {
  return purchaseRefSchema.safeParse(data).data ?? null;
}

/** As {@link tryReadPurchaseRef}, with its deadline. */
export function tryReadUnacknowledged(data: unknown): UnacknowledgedPurchase | null {
  return unacknowledgedSchema.safeParse(data).data ?? null;
}

export function readPurchase(data: unknown): PurchaseRecord {
  return purchaseSchema.parse(data);
}

/** @param answered Google's answer in it is of just now: the store's own clock says when. */
export function writePurchase(record: PurchaseRecord, answered: boolean) {
  return {
    id: record.id,
    package_name: record.packageName,
    type: record.type,
    token: record.token.reveal(),
    answer: writeAnswer(record.answer),
    // Follows from the answer and what was observed; written for those who look for purchases by it.
    state: record.answer === null ? null : stateOf(record.answer, record.observations),
    observations: record.observations,
    customer_id: record.customerId,
    chain_id: record.chainId,
    replaced: record.replaced,
    revision: record.revision,
    closed: record.closed,
    next_sync_at: stamp(record.nextSyncAt),
    acknowledge_by: stamp(record.acknowledgeBy),
    order_ids: record.orderIds,
    created_at: stamp(record.createdAt),
    updated_at: stamp(record.updatedAt),
    ...(answered ? { answered_at: FieldValue.serverTimestamp() } : {}),
  };
}

function writeAnswer(answer: PurchaseRecord["answer"]) {
  if (answer === null) return null;
  return {
    ...answer,
    items: answer.items.map((item) => ({ ...item })),
    replaces: answer.replaces?.reveal() ?? null,
    resubscribes: answer.resubscribes?.reveal() ?? null,
  };
}

const answeredSchema = z.object({ answered_at: z.instanceof(Timestamp).nullish() });

/** When Google's answer was stored, by the store's clock. */
export function readAnsweredAt(data: unknown): Timestamp | null {
  return answeredSchema.parse(data).answered_at ?? null;
}
