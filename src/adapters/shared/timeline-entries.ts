import type { AuditEntry } from "../../domain/purchase-file.ts";
import type { TimelineEntry } from "../../ports.ts";

/** A commit's changes as entries of a timeline, in their order. */
export function timelineEntries({ at, cause, actor, purchaseId, changes }: AuditEntry): TimelineEntry[] {
  return changes.map(({ kind, grantId, summary }) => ({
    at,
    kind,
    cause,
    actor,
    purchaseId,
    grantId,
    summary,
  }));
}
