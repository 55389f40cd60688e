import type { Entitlement } from "../../../src/domain/entitlements.ts";
import type { Grant } from "../../../src/domain/grant.ts";
import { type Instant, MINUTE } from "../../../src/domain/instant.ts";
import type { World } from "../../world/world.ts";
import type { Cells } from "./scenario.ts";

/** What is true now of a customer and a purchase. */
export async function observe(world: World, customer: string, subject: string): Promise<Cells> {
  const [file, dump] = await Promise.all([world.customer(customer), world.dump()]);
  const rows = Object.values(file.entitlements);
  const grants = dump.grants.filter((grant) => grant.customerId === customer);
  return {
    access: byEntitlement(rows.map((row) => [row.entitlementId, accessOf(row)])) ?? "no",
    grant: grantCell(grants) ?? "none",
    licence: licenceCell(world, customer) ?? "none",
    acknowledge: subject === "" ? "–" : acknowledgement(world, subject),
  };
}

function acknowledgement({ sandbox }: World, subject: string): string {
  const purchase = sandbox.play.purchase(subject);
  if (purchase.type === "one_time" && purchase.consumed) return "consumed";
  return purchase.acknowledged ? "acknowledged" : "no";
}

function accessOf(row: Entitlement): string {
  if (!row.active) return "no";
  if (row.willRenew || row.accessUntil === null) return "yes";
  return row.accessUntil === row.expiresAt ? "until its end" : "beyond its end";
}

/** The current rows only: what an end says that may be reached on several ways. */
export function lastPart(cell: string): string {
  return cell
    .split("; ")
    .map((part) => part.split(", then ").at(-1))
    .join("; ");
}

function grantCell(grants: readonly Grant[]): string | null {
  const ids = [...new Set(grants.map(({ entitlementId }) => entitlementId))].sort();
  const cells = ids.map((id): [string, string] => {
    const rows = grants.filter(({ entitlementId }) => entitlementId === id);
    return [id, history(rows.map((row) => ({ at: row.createdAt, word: grantStatus(row) })))];
  });
  return byEntitlement(cells);
}

function grantStatus(grant: Grant): string {
  const detail = grant.revocationDetail === null ? "" : ` (${grant.revocationDetail})`;
  return grant.status === "Revoked"
    ? `revoked: ${grant.revocationReason}${detail}`
    : grant.status.toLowerCase();
}

function licenceCell({ sandbox }: World, customer: string): string | null {
  const all = sandbox.keythai.licences.filter(({ metadata }) => metadata.customer === customer);
  const told = all.map(({ createdAt: at, status: word }) => ({ at, word }));
  return all.length === 0 ? null : history(told);
}

/** `revoked: refund, then 2 × delivered`; of one moment: `2 × active and revoked`. */
function history(told: readonly { readonly at: Instant; readonly word: string }[]): string {
  // Retries lie a moment apart.
  const timed = told.map(({ at, word }) => ({ minute: Math.floor(at / MINUTE), word }));
  const minutes = [...new Set(timed.map(({ minute }) => minute))].sort((a, b) => a - b);
  const parts = minutes.map((now) => {
    const words = timed.filter(({ minute }) => minute === now).map(({ word }) => word);
    const counts = [...new Set(words)]
      .sort()
      .map((word) => [word, words.filter((one) => one === word).length]);
    return counts.map(([word, count]) => (count === 1 ? word : `${count} × ${word}`)).join(" and ");
  });
  return repeated(parts).join(", then ");
}

/** The same thing again and again is counted. */
function repeated(parts: readonly string[]): string[] {
  const told: { part: string; count: number }[] = [];
  for (const part of parts) {
    const last = told.at(-1);
    if (last?.part === part) last.count += 1;
    else told.push({ part, count: 1 });
  }
  return told.map(({ part, count }) => (count === 1 ? part : `${count} × ${part}`));
}

/** One cell for all, where it is the same for all; else what is whose. */
function byEntitlement(cells: readonly (readonly [string, string])[]): string | null {
  const values = [...new Set(cells.map(([, value]) => value))].sort();
  if (values.length <= 1) return values[0] ?? null;
  const named = values.map((value) => {
    const ids = cells.filter(([, other]) => other === value).map(([id]) => id);
    return `${ids.sort().join(" and ")}: ${value}`;
  });
  return named.sort().join("; ");
}
