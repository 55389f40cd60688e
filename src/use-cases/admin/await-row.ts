import type { Grant } from "../../domain/grant.ts";
import { type CustomerId, grantId, type SlotId } from "../../domain/ids.ts";
import { NO_IDS } from "../../domain/purchase-file.ts";
import type { Slot } from "../../domain/slot.ts";
import type { Ports, Started } from "../../ports.ts";
import { isWaiting } from "../purchase-grants.ts";

type RowPorts = Pick<Ports, "store" | "adminRecords" | "clock" | "settings">;

export interface SlotName {
  readonly customerId: CustomerId;
  readonly slotId: SlotId;
}

const POLL_MS = 250;

/**
 * Waits for what was just asked for a slot, as long as verify does (`VERIFY_WAIT_MS`).
 *
 * @returns The slot's newest row; null while it is still to come.
 */
export async function awaitRow(
  ports: RowPorts,
  name: SlotName,
  { delivered }: Started,
): Promise<Grant | null> {
  const { clock, settings } = ports;
  const until = clock.monotonic() + settings.verifyWaitMs;
  if (delivered !== null) await Promise.race([delivered, clock.sleep(settings.verifyWaitMs)]);
  let slot = await readSlot(ports, name);
  // Without a delivery of our own another process may be making it.
  while (delivered === null && slot !== null && isWaiting(slot) && clock.monotonic() < until) {
    await clock.sleep(POLL_MS);
    slot = await readSlot(ports, name);
  }
  return slot === null ? null : newestRow(ports, slot);
}

async function readSlot(ports: RowPorts, { customerId, slotId }: SlotName): Promise<Slot | null> {
  const { file } = await ports.store.load({ ...NO_IDS, customerId });
  return file.customer?.slots[slotId] ?? null;
}

/** While the next row is still to come, the last one is none of this delivery's. */
async function newestRow(ports: RowPorts, slot: Slot): Promise<Grant | null> {
  const { id, grant, generation } = slot;
  if (grant !== null) return grant;
  return isWaiting(slot) ? null : ports.adminRecords.findGrant(grantId(id, generation));
}
