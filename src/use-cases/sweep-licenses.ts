import { changeSlots } from "../domain/apply-commands.ts";
import { auditRows } from "../domain/audit.ts";
import { fileWrites } from "../domain/file-writes.ts";
import type { LicenseKeyId } from "../domain/ids.ts";
import { DAY, HOUR, type Instant } from "../domain/instant.ts";
import {
  type AuditEntry,
  type Decision,
  NO_IDS,
  type PurchaseFile,
  type SealedLicenseKey,
} from "../domain/purchase-file.ts";
import { same } from "../domain/same.ts";
import { nextStep, type Slot } from "../domain/slot.ts";
import { recordStanding } from "../domain/slot-drift.ts";
import type { SlotChange } from "../domain/slot-rows.ts";
import type { LicenseStanding } from "../ports.ts";
import { handleEach, type SweepPorts, type SweepReport, shuffled } from "./sweep.ts";

const CHECK_EVERY = DAY;
/** After a failure, and while something is being done with the licence. */
const CHECK_SOON = HOUR;

/**
 * Compares licences with the licence server: what was switched off there, or on again, is followed, and what differs
 * otherwise is put right. Each licence is looked at once a day.
 */
export async function sweepLicenses(ports: SweepPorts, limit: number): Promise<SweepReport> {
  const due = await ports.sweepRecords.keysToCheck(ports.clock.now(), limit);
  return handleEach(ports, {
    sweep: "licenses",
    items: shuffled(due, ports.chance),
    limit,
    fieldsOf: ({ id, slotId }) => ({ license_key_id: id, slot_id: slotId }),
    handle: (key) => checkDue(ports, key.id),
  });
}

/** Another worker may have been here since it was found: a read is cheaper than asking the licence server twice. */
async function checkDue(ports: SweepPorts, id: LicenseKeyId): Promise<boolean> {
  const [key] = await ports.records.licenseKeys([id]);
  const due = key !== undefined && key.checkAt !== null && key.checkAt <= ports.clock.now();
  return due && checkKey(ports, key);
}

/** @returns Whether it stood otherwise than we had it. */
async function checkKey(ports: SweepPorts, key: SealedLicenseKey): Promise<boolean> {
  const { sweepRecords, clock, chance } = ports;
  const inAbout = (ms: number) => clock.now() + Math.round(ms * (0.9 + 0.2 * chance()));
  try {
    const checked = await compare(ports, key);
    if (checked === "over") await sweepRecords.checkKeyAgain(key.id, null);
    else await sweepRecords.checkKeyAgain(key.id, inAbout(checked === "busy" ? CHECK_SOON : CHECK_EVERY));
    return checked === "drifted";
  } catch (error) {
    // Else those that always fail would come first for good, and keep the others waiting.
    await sweepRecords.checkKeyAgain(key.id, inAbout(CHECK_SOON));
    throw error;
  }
}

/** `over`: nobody holds this key any more. `busy`: another step is under way, which will set it right. */
type Checked = "over" | "busy" | "right" | "drifted";

async function compare(ports: SweepPorts, key: SealedLicenseKey): Promise<Checked> {
  const basis = await ports.store.load({ ...NO_IDS, customerId: key.customerId });
  const slot = basis.file.customer?.slots[key.slotId];
  if (slot === undefined || slot.shown?.id !== key.id) return "over";
  const delivery = ports.deliveries.get(slot.integrationType);
  if (delivery === undefined || !isAtRest(slot)) return "busy";
  const standing = await delivery.check(slot, key);
  const { result, leased } = await ports.store.update(
    basis.file.ids,
    (file) => decide(file, slot, standing, ports.clock.now()),
    { basis, run: ports.background.hasRoom() },
  );
  ports.effects.start(leased);
  return result;
}

function isAtRest(slot: Slot): boolean {
  return slot.attempt === null && nextStep(slot) === "none";
}

/** What was seen counts only for the slot as it was before: whatever has changed it since may have changed the licence. */
function decide(file: PurchaseFile, slot: Slot, standing: LicenseStanding, now: Instant): Decision<Checked> {
  const { customer } = file;
  if (customer === null || !same(customer.slots[slot.id], slot)) return { result: "busy", writes: null };
  const drift = recordStanding(slot, standing, now);
  if (drift === null) return { result: "right", writes: null };
  const change = changeSlots(customer, [drift], now);
  return { result: "drifted", writes: fileWrites(change, [history(slot, drift, standing, now)], now) };
}

function history(slot: Slot, drift: SlotChange, { status }: LicenseStanding, now: Instant): AuditEntry {
  const { customerId, target, entitlementId } = slot;
  const grants = drift.rows.map(({ after }) => after);
  const [rows] = auditRows({ cause: "sweep", actor: null }, grants, now);
  const summary = `${entitlementId} licence: ${slot.applied.kind} → ${status} at the licence server`;
  return {
    at: now,
    cause: "sweep",
    actor: null,
    customerId,
    purchaseId: target.purchaseId,
    changes: [{ kind: "license", grantId: slot.grant?.id ?? null, summary }, ...(rows?.changes ?? [])],
  };
}
