import type { Catalog } from "./catalog.ts";
import type { Command } from "./diff-grants.ts";
import { type CustomerFile, type Entitlement, mergeEntitlements } from "./entitlements.ts";
import type { Grant } from "./grant.ts";
import { type GrantEvent, grantEvents } from "./grant-events.ts";
import type { SlotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { type ClosedSlot, isSettled, newSlot, type Slot } from "./slot.ts";
import { type RowChange, retarget, type SlotChange } from "./slot-rows.ts";

/** A customer file after some of its slots changed, and all that follows from that. */
export interface FileChange {
  readonly customer: CustomerFile;
  readonly changed: readonly Slot[];
  readonly entitlements: readonly Entitlement[];
  readonly grants: readonly Grant[];
  readonly events: readonly GrantEvent[];
}

/** Turns commands into changed slots. An entitlement that has left the catalogue can't be opened any more. */
export function applyCommands(
  commands: readonly Command[],
  customer: CustomerFile,
  closed: Readonly<Record<SlotId, ClosedSlot>>,
  packageName: string,
  catalog: Catalog,
  now: Instant,
): FileChange {
  const changes: SlotChange[] = [];
  for (const command of commands) {
    if (command.kind !== "open") {
      changes.push(retarget(command.slot, command.target, now));
      continue;
    }
    const { slotId, entitlementId, target } = command.desired;
    const definition = catalog.entitlements.get(entitlementId);
    if (definition === undefined) continue;
    const { type, opens } = definition.integration;
    const seed = {
      id: slotId,
      customerId: customer.customerId,
      entitlementId,
      packageName,
      integrationType: type,
      opens,
      target,
    };
    changes.push(retarget(newSlot(seed, closed[slotId]), target, now));
  }
  return changeSlots(customer, changes, now);
}

/** Puts changed slots into the file: settled ones leave it, entitlements follow, rows become events, revokes first. */
export function changeSlots(
  customer: CustomerFile,
  changes: readonly SlotChange[],
  now: Instant,
): FileChange {
  const slots: Record<SlotId, Slot> = { ...customer.slots };
  for (const { slot } of changes) slots[slot.id] = slot;
  const all = Object.values(slots);
  const entitlements = mergeEntitlements(all, customer.entitlements, now);
  for (const slot of all) if (isSettled(slot)) delete slots[slot.id];
  const rows = changes.flatMap((change) => change.rows);
  return {
    customer: { ...customer, slots, entitlements },
    changed: changes.map((change) => change.slot),
    entitlements: Object.values(entitlements).filter(
      (row) => row !== customer.entitlements[row.entitlementId],
    ),
    grants: lastOfEach(rows),
    events: eventsOf(rows, now),
  };
}

function lastOfEach(rows: readonly RowChange[]): Grant[] {
  return [...new Map(rows.map(({ after }) => [after.id, after])).values()];
}

/** At a plan change every `revoked` comes before the first `created`. */
function eventsOf(rows: readonly RowChange[], now: Instant): GrantEvent[] {
  const ending = rows.filter(({ after }) => after.status === "Revoked");
  const others = rows.filter(({ after }) => after.status !== "Revoked");
  return [...ending, ...others].flatMap(({ before, after }) => grantEvents(before, after, now));
}
