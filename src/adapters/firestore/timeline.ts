import { Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import type { AuditEntry } from "../../domain/purchase-file.ts";
import type { AdminRecords, TimelineEntry } from "../../ports.ts";
import { readCursor, writeCursor } from "../shared/cursor.ts";
import { timelineEntries } from "../shared/timeline-entries.ts";
import { readAuditEntry } from "./documents.ts";
import { guarded } from "./errors.ts";
import { documentId, moment, newestFirst } from "./paging.ts";
import type { Paths } from "./paths.ts";

/** The first change that is still to be shown: the `index`th of the commit `id`. */
const positionSchema = z.object({ at: moment, id: documentId, index: z.int().min(0) });
type Position = z.output<typeof positionSchema>;

interface Placed {
  readonly position: Position;
  readonly entry: TimelineEntry;
}

/**
 * A customer's history: commits newest first, in each the changes as they were written. A page counts changes, so it may
 * begin and end within a commit.
 */
export function createTimeline({ auditEvents }: Paths): AdminRecords["timeline"] {
  return async (customerId, { limit, cursor }) => {
    // One commit more than changes are wanted: each has one at least, as a rule.
    const all = newestFirst(auditEvents.where("customer_id", "==", customerId), "at").limit(limit + 1);
    const { query, skip } =
      cursor === null
        ? { query: all, skip: 0 }
        : readCursor(cursor, positionSchema, ({ at, id, index }) => ({
            query: all.startAt(Timestamp.fromDate(new Date(at)), id),
            skip: index,
          }));
    const { docs } = await guarded(() => query.get());
    const commits = docs.map((doc) => ({ id: doc.id, audit: readAuditEntry(doc.data()) }));
    const placed = commits.flatMap(({ id, audit }) => place(id, audit)).slice(skip);
    const last = docs.length > limit ? commits.at(-1) : undefined;
    // A commit without changes, should there be one, leaves the page short but doesn't end the list.
    const next =
      placed[limit]?.position ?? (last && positionOf(last.id, last.audit, last.audit.changes.length));
    return {
      data: placed.slice(0, limit).map(({ entry }) => entry),
      nextCursor: next === undefined ? null : writeCursor(next),
    };
  };
}

function place(id: string, audit: AuditEntry): Placed[] {
  return timelineEntries(audit).map((entry, index) => ({ position: positionOf(id, audit, index), entry }));
}

function positionOf(id: string, { at }: AuditEntry, index: number): Position {
  return { at: new Date(at).toISOString(), id, index };
}
