import { announce } from "./announce.ts";
import { changeSlots } from "./apply-commands.ts";
import { auditAct } from "./audit.ts";
import { droppedTarget } from "./diff-grants.ts";
import type { CustomerFile } from "./entitlements.ts";
import { fileWrites } from "./file-writes.ts";
import { type Grant, revokeGrant } from "./grant.ts";
import { grantEvents } from "./grant-events.ts";
import { grantId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import {
  type Decision,
  NO_WRITES,
  type PurchaseFile,
  type PurchaseRecord,
  type Writes,
} from "./purchase-file.ts";
import { type Slot, wantedAccess } from "./slot.ts";
import { type RowChange, retarget, type SlotChange, settleRows } from "./slot-rows.ts";

/**
 * A person takes a grant away: its row is revoked `manual`, and its slot is blocked, so that nothing gives it again by
 * itself: no renewal, no recovery, no transfer. Of a row that ended already only the block is new (entitlement-grants.md
 * section 4). A row that others came after is history: nothing changes.
 *
 * @param file The customer's file and the grant's purchase.
 * @param grant The row as it was read; which one is the last of its slot is decided on the file.
 * @param actor The name of the admin key.
 */
export function revokeGrantDecision(
  file: PurchaseFile,
  grant: Grant,
  actor: string,
  now: Instant,
): Decision<Grant> {
  const { customer } = file;
  const slot = customer?.slots[grant.slotId];
  if (customer === null || slot === undefined) return revokeClosed(file, grant, actor, now);
  if (isTaken(slot) || !isLast(grant, slot.generation)) return { result: grant, writes: null };
  const change = addRow(takeAway(slot, now), failedRow(grant, now));
  const after = change.rows.find((row) => row.after.id === grant.id)?.after ?? grant;
  const writes = slotWrites(customer, change, act(grant, "revoked by hand", actor), now);
  return { result: after, writes: { ...writes, purchase: blockTrace(file, grant, now) } };
}

/** A person was here before. */
function isTaken({ blocked, target }: Slot): boolean {
  return blocked || (target.purchaseId === null && target.access.kind === "ended");
}

/** A gift is taken back for good; a purchase's slot is blocked, since its purchase goes on wanting it. */
function takeAway(slot: Slot, now: Instant): SlotChange {
  return slot.target.purchaseId === null
    ? retarget(slot, droppedTarget(slot, "manual"), now)
    : settleRows({ ...slot, blocked: true }, now);
}

/**
 * The trace of a slot that has ended, blocked: the slot may be still in the file, while its licence is being taken back.
 *
 * @returns null where the purchase has none that is open.
 */
function blockTrace({ purchase }: PurchaseFile, { slotId }: Grant, now: Instant): PurchaseRecord | null {
  const trace = purchase?.closed[slotId];
  if (purchase === null || trace === undefined || trace.blocked) return null;
  const closed = { ...purchase.closed, [slotId]: { ...trace, blocked: true } };
  return { ...purchase, closed, updatedAt: now };
}

/** The slot has left the file: what is known of it is a trace with its purchase. */
function revokeClosed(file: PurchaseFile, grant: Grant, actor: string, now: Instant): Decision<Grant> {
  const generation = file.purchase?.closed[grant.slotId]?.generation ?? 0;
  const purchase = blockTrace(file, grant, now);
  if (purchase === null || !isLast(grant, generation)) return { result: grant, writes: null };
  const row = failedRow(grant, now);
  const events = row === null ? [] : grantEvents(row.before, row.after, now);
  const writes: Writes = {
    ...NO_WRITES,
    purchase,
    grants: row === null ? [] : [row.after],
    events,
    effects: announce(events, now),
    audit: [auditAct(act(grant, "revoked by hand", actor), row === null ? [] : [row.after], now)],
  };
  return { result: row?.after ?? grant, writes };
}

/** A row that failed is no slot's open row any more; only a person ends it. */
function failedRow(grant: Grant, now: Instant): RowChange | null {
  return grant.status === "Failed" ? { before: grant, after: revokeGrant(grant, "manual", null, now) } : null;
}

function addRow(change: SlotChange, row: RowChange | null): SlotChange {
  return row === null ? change : { ...change, rows: [...change.rows, row] };
}

/**
 * A delivery that failed for good is tried once more. The failed row stays as it is; the next one opens when it succeeds
 * (entitlement-grants.md section 3).
 */
export function retryGrantDecision(
  file: PurchaseFile,
  grant: Grant,
  actor: string,
  now: Instant,
): Decision<"asked" | "not_failed"> {
  const { customer } = file;
  const slot = customer?.slots[grant.slotId];
  const failed = slot !== undefined && slot.failure !== null && wantedAccess(slot).kind === "active";
  if (customer === null || !failed || !isLast(grant, slot.generation)) {
    return { result: "not_failed", writes: null };
  }
  const change = settleRows({ ...slot, failure: null }, now);
  return { result: "asked", writes: slotWrites(customer, change, act(grant, "retried by hand", actor), now) };
}

function isLast(grant: Grant, generation: number): boolean {
  return grant.id === grantId(grant.slotId, generation);
}

function act({ customerId, purchaseId, id }: Grant, summary: string, actor: string) {
  return { customerId, purchaseId, grantId: id, summary, actor };
}

function slotWrites(
  customer: CustomerFile,
  change: SlotChange,
  deed: ReturnType<typeof act>,
  now: Instant,
): Writes {
  const after = changeSlots(customer, [change], now);
  return fileWrites(after, [auditAct(deed, after.grants, now)], now);
}
