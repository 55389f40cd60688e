import type { Effect } from "../domain/effect.ts";
import { licenseKeyId, orphanId } from "../domain/ids.ts";
import type { Instant } from "../domain/instant.ts";
import { type LicenseOrphan, NO_IDS } from "../domain/purchase-file.ts";
import type { Slot } from "../domain/slot.ts";
import type { FoundLicense } from "../ports.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

type OrphanSearch = Extract<Effect, { kind: "find_orphans" }>;

/**
 * Looks for licences that were made for a slot and whose key nobody recorded, and puts them aside for a person: without
 * its key a licence can't be revoked by us (keythai.md, point 2). May be repeated.
 *
 * @throws OutsideError when the licence server can't be asked now.
 */
export async function findOrphans(ports: EffectPorts, search: OrphanSearch): Promise<EffectResult> {
  const delivery = ports.deliveries.get(search.integrationType);
  if (delivery === undefined) return { kind: "done" };
  const found = (await delivery.findLeft(search.slotId)).filter((license) => !license.revoked);
  if (found.length === 0) return { kind: "done" };
  // Read after the search: a delivery that was under way then has either been recorded by now, or is still marked open.
  const [slot, kept] = await Promise.all([slotOf(ports, search), keptAttempts(ports, search, found)]);
  const open = slot?.attempt?.number ?? null;
  const lost = found.filter(({ attempt }) => attempt === null || (!kept.has(attempt) && attempt !== open));
  for (const license of lost) await ports.intake.addOrphan(toOrphan(search, license, ports.clock.now()));
  if (lost.length > 0) ports.log.error("license.orphans", { slot_id: search.slotId, count: lost.length });
  return { kind: "done" };
}

async function slotOf(ports: EffectPorts, { customerId, slotId }: OrphanSearch): Promise<Slot | null> {
  const { file } = await ports.store.load({ ...NO_IDS, customerId });
  return file.customer?.slots[slotId] ?? null;
}

async function keptAttempts(
  ports: EffectPorts,
  search: OrphanSearch,
  found: readonly FoundLicense[],
): Promise<Set<number>> {
  const attempts = found.flatMap(({ attempt }) => (attempt === null ? [] : [attempt]));
  const ids = new Map(attempts.map((attempt) => [licenseKeyId(search.slotId, attempt), attempt]));
  const keys = await ports.records.licenseKeys([...ids.keys()]);
  return new Set(keys.flatMap((key) => ids.get(key.id) ?? []));
}

function toOrphan(search: OrphanSearch, license: FoundLicense, now: Instant): LicenseOrphan {
  const { customerId, slotId } = search;
  return {
    id: orphanId(slotId, license.licenseId ?? `attempt ${license.attempt}`),
    licenseId: license.licenseId,
    slotId,
    grantId: license.grantId,
    customerId,
    orderId: license.orderId,
    foundAt: now,
    resolvedAt: null,
  };
}
