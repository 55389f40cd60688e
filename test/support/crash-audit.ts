import type { Licence } from "../../sandbox/keythai/model.ts";
import type { Purchase } from "../../sandbox/play/model.ts";
import { purchaseId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import { type Lab, PACKAGE, type Stored } from "./lab.ts";
import type { ServiceProcess } from "./processes.ts";
import { entitlementsOf, type GrantRow, grantsOf } from "./wire.ts";

/** After the storm: does what we hold follow from what was paid, and is nothing lost, doubled or left over? */

export interface Audit {
  readonly problems: string[];
  readonly figures: Record<string, number>;
}

/** What Google would say of a purchase, in our terms. */
interface Due {
  readonly purchase: Purchase;
  readonly id: string;
  readonly entitlement: "desktop" | "studio";
  /** Paid for now. */
  readonly units: number;
  /** Paid for once, and may come back. */
  readonly suspended: boolean;
}

export async function auditCrashRun(lab: Lab, service: ServiceProcess): Promise<Audit> {
  const problems: string[] = [];
  const dues = [...lab.sandbox.play.world.purchases.values()].map(dueOf);
  const rows = await rowsByPurchase(lab, service, dues);
  const held = new Map<string, Licence>();
  for (const due of dues) problems.push(...checkDue(lab, due, rows.get(due.id) ?? [], held));
  const [keys, orphans, events, everything] = await Promise.all([
    lab.documents("license_keys"),
    lab.documents("license_orphans"),
    lab.documents("grant_events"),
    lab.everything(),
  ]);
  const suspended = new Set(dues.filter((due) => due.suspended).map(({ id }) => id));
  problems.push(...checkLicences(lab, { held, suspended, keys, orphans }));
  problems.push(...checkEvents(events, everything));
  problems.push(...(await checkEntitlements(lab, service, dues)));
  problems.push(...checkNotices(lab));
  problems.push(...(await lab.leaks()));
  const { licences } = lab.sandbox.keythai;
  return {
    problems,
    figures: {
      purchases: dues.length,
      paid_units: dues.reduce((sum, due) => sum + due.units, 0),
      licences_made: licences.length,
      licences_held_live: held.size,
      licences_revoked: licences.filter(({ status }) => status === "revoked").length,
      licences_suspended: licences.filter(({ status }) => status === "suspended").length,
      orphans: orphans.length,
      grants: everything.filter(({ path }) => /^customers\/[^/]+\/grants\//.test(path)).length,
      events: events.length,
      double_acknowledges: dues.filter(({ purchase }) => purchase.calls.acknowledge > 1).length,
    },
  };
}

function dueOf(purchase: Purchase): Due {
  const id = purchaseId(PACKAGE, new Secret(purchase.purchaseToken));
  if (purchase.type === "one_time") {
    const units = purchase.state === "PURCHASED" ? purchase.refundableQuantity : 0;
    return { purchase, id, entitlement: "desktop", units, suspended: false };
  }
  const paid = ["ACTIVE", "IN_GRACE_PERIOD", "CANCELED"].includes(purchase.state) && !isOver(purchase);
  const suspended = purchase.state === "ON_HOLD" || (purchase.state === "CANCELED" && isOver(purchase));
  return { purchase, id, entitlement: "studio", units: paid ? 1 : 0, suspended };
}

/** Cancelled out of a hold: its paid period was over before. */
function isOver(purchase: Extract<Purchase, { type: "subscription" }>): boolean {
  return purchase.items.every(({ expiresAt }) => expiresAt !== null && expiresAt <= Date.now());
}

async function rowsByPurchase(lab: Lab, service: ServiceProcess, dues: readonly Due[]) {
  const rows = new Map<string, GrantRow[]>();
  for (const uid of new Set(dues.map(({ purchase }) => purchase.uid))) {
    for (const row of await grantsOf(lab, service, uid)) {
      const id = String(row.metadata.purchase_id);
      rows.set(id, [...(rows.get(id) ?? []), row]);
    }
  }
  return rows;
}

/** One live licence whose key the API shows for each unit that is paid for, and the purchase acknowledged. */
function checkDue(lab: Lab, due: Due, rows: readonly GrantRow[], held: Map<string, Licence>): string[] {
  const { purchase, id, entitlement, units } = due;
  const what = `${purchase.uid} ${id} (${purchase.type} ${purchase.state})`;
  const problems: string[] = [];
  const open = rows.filter((row) => row.entitlement_id === entitlement && row.status === "Delivered");
  if (open.length !== units) problems.push(`${what}: ${units} units paid, ${open.length} grants delivered`);
  for (const row of open) {
    const licence = lab.sandbox.keythai.findByKey(row.license_key?.key ?? "");
    if (licence === undefined) {
      problems.push(`${what}: grant ${row.id} shows a key that KeyThai does not know`);
      continue;
    }
    if (held.has(licence.id)) problems.push(`${what}: licence ${licence.id} is shown for two grants`);
    held.set(licence.id, licence);
    if (licence.status !== "active") problems.push(`${what}: licence ${licence.id} is ${licence.status}`);
    const end = row.license_key?.expires_at ?? null;
    const seconds = end === null ? null : Math.ceil(Date.parse(end) / 1000);
    if (licence.expiresAt !== seconds)
      problems.push(`${what}: licence ${licence.id} ends ${licence.expiresAt}, its grant ${seconds}`);
  }
  const premium = rows.filter((row) => row.entitlement_id === "premium" && row.status === "Delivered");
  // A feature is had or not had, however many units are paid for.
  const features = Math.min(units, 1);
  if (premium.length !== features)
    problems.push(`${what}: ${premium.length} premium grants, not ${features}`);
  const waiting = rows.filter((row) => row.status === "Pending" || row.status === "Failed");
  for (const row of waiting) problems.push(`${what}: grant ${row.id} is ${row.status} ${row.error_code}`);
  if (units > 0 && !(purchase.acknowledged && purchase.calls.acknowledge > 0))
    problems.push(`${what}: not acknowledged`);
  return problems;
}

interface Kept {
  readonly held: ReadonlyMap<string, Licence>;
  readonly suspended: ReadonlySet<string>;
  readonly keys: readonly Stored[];
  readonly orphans: readonly Stored[];
}

/** Every other licence is revoked, suspended for a hold, or put aside for a person because its key was lost. */
function checkLicences(lab: Lab, { held, suspended, keys, orphans }: Kept): string[] {
  const ours = new Set(keys.map(({ data }) => data.license_id));
  const listed = new Set(orphans.map(({ data }) => data.license_id));
  return lab.sandbox.keythai.licences.flatMap((licence) => {
    const { id, status, metadata } = licence;
    const what = `licence ${id} of slot ${metadata.slot} attempt ${metadata.attempt} (${status})`;
    if (ours.has(id) && listed.has(id)) return [`${what}: its key is kept, and yet it is listed as orphan`];
    if (status === "revoked" || held.has(id)) return [];
    if (!ours.has(id))
      return listed.has(id) ? [] : [`${what}: its key is lost and it is not listed as orphan`];
    const onHold = status === "suspended" && suspended.has(String(metadata.purchase));
    return onHold ? [] : [`${what}: not paid for, and its key is kept`];
  });
}

/** Each event once, and those that the rows ask for. */
function checkEvents(events: readonly Stored[], everything: readonly Stored[]): string[] {
  const types = new Map<string, string[]>();
  for (const { data } of events) {
    const id = String(data.grant.id);
    types.set(id, [...(types.get(id) ?? []), String(data.type).replace("entitlement_grant.", "")]);
  }
  return everything.flatMap(({ path, data }) => {
    if (!/^customers\/[^/]+\/grants\//.test(path)) return [];
    const told = (types.get(String(data.id)) ?? []).sort().join(" ");
    const right = RIGHT_EVENTS[String(data.status)] ?? [];
    return right.includes(told) ? [] : [`${path} is ${data.status}, its events are: ${told}`];
  });
}

const RIGHT_EVENTS: Readonly<Record<string, readonly string[]>> = {
  Pending: ["created"],
  Delivered: ["created delivered"],
  Failed: ["created failed"],
  Revoked: ["created delivered revoked", "created revoked"],
};

async function checkEntitlements(lab: Lab, service: ServiceProcess, dues: readonly Due[]): Promise<string[]> {
  const problems: string[] = [];
  for (const uid of new Set(dues.map(({ purchase }) => purchase.uid))) {
    const own = dues.filter(({ purchase }) => purchase.uid === uid);
    const paid = own.filter(({ units }) => units > 0).map(({ entitlement }) => entitlement);
    const right = new Set<string>(paid.length > 0 ? ["premium", ...paid] : []);
    const rows = await entitlementsOf(lab, service, uid);
    for (const id of ["premium", "desktop", "studio"]) {
      const active = rows[id]?.active ?? false;
      if (active !== right.has(id)) problems.push(`${uid}: ${id} is ${active ? "active" : "not active"}`);
    }
  }
  return problems;
}

function checkNotices(lab: Lab): string[] {
  const left = lab.sandbox.play.notifications.filter(
    ({ delivery }) => !["delivered", "withheld"].includes(delivery),
  );
  return left.map(
    ({ messageId, delivery, attempts }) => `notice ${messageId}: ${delivery}, ${attempts} tries`,
  );
}
