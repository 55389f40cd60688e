import { z } from "zod";
import type { Instant } from "../../domain/instant.ts";
import type { Page, PageRequest } from "../../ports.ts";
import { readCursor, writeCursor } from "../shared/cursor.ts";

const positionSchema = z.object({ id: z.string() });

/** A page of rows, newest first, those of one moment by their ids. */
export function paginate<T extends { readonly id: string }>(
  rows: Iterable<T>,
  timeOf: (row: T) => Instant,
  page: PageRequest,
): Page<T> {
  const sorted = [...rows].sort((a, b) => timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1));
  return pageOf(sorted, ({ id }) => id, page);
}

/** A page of rows that are in their order, which go on after the row named last. */
export function pageOf<T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  { limit, cursor }: PageRequest,
): Page<T> {
  const at = cursor === null ? 0 : readCursor(cursor, positionSchema, ({ id }) => after(rows.map(idOf), id));
  const data = rows.slice(at, at + limit);
  const last = rows.length > at + limit ? data.at(-1) : undefined;
  return { data, nextCursor: last === undefined ? null : writeCursor({ id: idOf(last) }) };
}

function after(ids: readonly string[], id: string): number {
  const index = ids.indexOf(id);
  if (index < 0) throw new Error("no such row");
  return index + 1;
}
