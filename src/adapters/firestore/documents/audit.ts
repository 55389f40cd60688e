import { z } from "zod";
import type { AuditEntry } from "../../../domain/purchase-file.ts";
import { cause, customerIdSchema, grantIdSchema, purchaseIdSchema, timestamp } from "../schemas.ts";
import { stamp } from "./fields.ts";

const auditSchema = z
  .object({
    at: timestamp,
    cause,
    // Entries from before admin keys lack it.
    actor: z.string().nullable().default(null),
    customer_id: customerIdSchema.nullable(),
    purchase_id: purchaseIdSchema.nullable(),
    changes: z.array(
      z
        .object({ kind: z.string(), grant_id: grantIdSchema.nullable(), summary: z.string() })
        .transform(({ grant_id, ...change }) => ({ ...change, grantId: grant_id })),
    ),
  })
  .transform(
    ({ customer_id, purchase_id, ...rest }): AuditEntry => ({
      ...rest,
      customerId: customer_id,
      purchaseId: purchase_id,
    }),
  );

export function readAuditEntry(data: unknown): AuditEntry {
  return auditSchema.parse(data);
}

export function writeAuditEntry({ at, cause, actor, customerId, purchaseId, changes }: AuditEntry) {
  return {
    at: stamp(at),
    cause,
    actor,
    customer_id: customerId,
    purchase_id: purchaseId,
    changes: changes.map(({ kind, grantId, summary }) => ({ kind, grant_id: grantId, summary })),
  };
}
