import { FieldPath, type Query, type QueryDocumentSnapshot, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import type { Instant } from "../../domain/instant.ts";
import type { Page, PageRequest } from "../../ports.ts";
import { readCursor, writeCursor } from "../shared/cursor.ts";
import { guarded } from "./errors.ts";

/** Ours begin with a letter or digit, and hold neither a slash nor a dot. */
export const documentId = z.string().regex(/^[A-Za-z0-9][\w-]{0,127}$/);
/** Firestore's own time doesn't reach back to the year 0, as text does. */
export const moment = z.iso.datetime().refine((text) => Date.parse(text) >= 0);

const positionSchema = z.object({
  createdAt: moment,
  id: documentId,
  /** In lists over all customers. */
  customerId: z.string().optional(),
});
export type Position = z.output<typeof positionSchema>;

/** A list by one time of its rows, newest first, those of one moment by their ids. */
export interface Listing<T> {
  readonly field: string;
  read(snapshot: QueryDocumentSnapshot): T;
  positionOf(row: T): Position;
  /** The time as the field has it, and what stands for the document's name. */
  after(position: Position): readonly [unknown, unknown];
}

/** A listing of rows whose time is Firestore's own. */
export function byTimestamp<T extends { readonly id: string }>(
  field: string,
  read: (snapshot: QueryDocumentSnapshot) => T,
  timeOf: (row: T) => Instant,
): Listing<T> {
  return {
    field,
    read,
    positionOf: (row) => ({ createdAt: new Date(timeOf(row)).toISOString(), id: row.id }),
    after: ({ createdAt, id }) => [Timestamp.fromDate(new Date(createdAt)), id],
  };
}

/** A page by key, not by offset: rows that come or go in the meantime move nothing. */
export async function list<T>(query: Query, page: PageRequest, listing: Listing<T>): Promise<Page<T>> {
  const { limit, cursor } = page;
  const all = newestFirst(query, listing.field).limit(limit + 1);
  const from =
    cursor === null
      ? all
      : readCursor(cursor, positionSchema, (position) => all.startAfter(...listing.after(position)));
  const { docs } = await guarded(() => from.get());
  const data = docs.slice(0, limit).map(listing.read);
  const last = docs.length > limit ? data.at(-1) : undefined;
  return { data, nextCursor: last === undefined ? null : writeCursor(listing.positionOf(last)) };
}

export function newestFirst(query: Query, field: string): Query {
  return query.orderBy(field, "desc").orderBy(FieldPath.documentId(), "desc");
}
