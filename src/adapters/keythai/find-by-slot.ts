import type { SlotId } from "../../domain/ids.ts";
import type { FoundLicense } from "../../ports.ts";
import type { ListLicensesInput } from "./keythai-client.ts";
import type { KeyThaiLicense } from "./keythai-schemas.ts";

export const PAGE_SIZE = 100;

export interface Search {
  readonly slotId: SlotId;
  readonly listPage: (input: ListLicensesInput) => Promise<KeyThaiLicense[]>;
  readonly maxPages: number;
}

export interface SearchResult {
  readonly found: FoundLicense[];
  /** The list went on after `maxPages`. */
  readonly truncated: boolean;
}

/**
 * Every licence whose metadata name the slot, revoked ones too.
 *
 * What `q` looks at is UNCONFIRMED (facts/keythai.md), so it may speed the search up but never decides it: metadata is
 * always compared here, and where `q` brought nothing the whole list is read.
 */
export async function searchSlot(search: Search): Promise<SearchResult> {
  const byQuery = await readPages(search, { q: search.slotId });
  return byQuery.found.length > 0 ? byQuery : readPages(search, {});
}

/**
 * Reads on until a page brings nothing new. Neither a short page nor a total is taken for the end: KeyThai may cap
 * `limit` below what we ask for.
 */
async function readPages(
  { slotId, listPage, maxPages }: Search,
  filter: ListLicensesInput,
): Promise<SearchResult> {
  const found: FoundLicense[] = [];
  const seen = new Set<string>();
  for (let page = 1; page <= maxPages; page += 1) {
    const fresh = unseen(await listPage({ ...filter, page, limit: PAGE_SIZE }), seen);
    if (fresh.length === 0) return { found, truncated: false };
    found.push(...fresh.filter(({ metadata }) => metadata.slot === slotId).map(toFound));
  }
  return { found, truncated: true };
}

/** A licence that is issued while we read moves the rest on by one: the last of a page comes again on the next. */
function unseen(licenses: readonly KeyThaiLicense[], seen: Set<string>): KeyThaiLicense[] {
  return licenses.filter(({ id }) => {
    if (id === null) return true;
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

function toFound({ id, status, metadata }: KeyThaiLicense): FoundLicense {
  const order = textOf(metadata.order);
  return {
    licenseId: id,
    attempt: attemptOf(metadata.attempt),
    grantId: textOf(metadata.grant),
    // Where Play has no order id the purchase's stands in for it.
    orderId: order === textOf(metadata.purchase) ? null : order,
    revoked: status?.toLowerCase() === "revoked",
  };
}

function attemptOf(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : textOf(value);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
