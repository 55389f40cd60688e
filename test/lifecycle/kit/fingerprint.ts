import { stateOf } from "../../../src/domain/access.ts";
import type { Entitlement } from "../../../src/domain/entitlements.ts";
import { HOUR, type Instant } from "../../../src/domain/instant.ts";
import type { Dump } from "../../world/storage.ts";
import type { World } from "../../world/world.ts";

/**
 * Everything that must be the same in the end whichever way the notices came: entitlements, licences and whether we hold
 * their keys, what Google was told, and what stands open. Purchases go by the order in which they were made. Left out is
 * what the way inevitably decides: ids, when a row opened and how often one was revoked in between, when an access that is
 * over ended, and what we know of a purchase that nobody has claimed.
 *
 * @param swapped The first notice that told of an end decides what is said of it: Google's state then is left out.
 */
export async function fingerprint(world: World, swapped: boolean): Promise<unknown> {
  const dump = await world.dump();
  const purchases = world.sandbox.play.purchases();
  return {
    purchases: purchases.map((purchase) => ({
      acknowledged: purchase.acknowledged,
      consumed: purchase.type === "one_time" && purchase.consumed,
      ...recordOf(dump, purchase.purchaseToken),
    })),
    customers: [...dump.customers]
      .sort((a, b) => (a.customerId < b.customerId ? -1 : 1))
      .map(({ customerId, entitlements }) => ({
        customerId,
        entitlements: Object.values(entitlements)
          .sort((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1))
          .map((row) => entitlementOf(row, swapped)),
        open: dump.grants
          .filter((grant) => grant.customerId === customerId && grant.status !== "Revoked")
          .map(({ entitlementId, productId, status }) => `${entitlementId} by ${productId}: ${status}`)
          .sort(),
      })),
    licences: licencesOf(world, dump),
    revokedLicences: world.sandbox.keythai.licences.filter(({ status }) => status === "revoked").length,
    orphans: dump.orphans.length,
  };
}

function recordOf(dump: Dump, token: string) {
  const record = dump.purchases.find((one) => one.token.reveal() === token);
  if (record?.answer == null || record.customerId === null) return { owner: null };
  const { answer, observations, customerId } = record;
  return {
    state: stateOf(answer, observations),
    owner: customerId,
    knownAcknowledged: answer.acknowledged,
    replaced: observations.supersededBy !== null,
  };
}

/** When access ended is when we learned of it; when it ends is Google's. */
function entitlementOf(row: Entitlement, swapped: boolean) {
  const { entitlementId, active, state, expiresAt, accessUntil, willRenew, productIds } = row;
  if (!active) return { entitlementId, active, ...(swapped ? {} : { state }) };
  const times = { expiresAt: hour(expiresAt), accessUntil: hour(accessUntil) };
  return { entitlementId, active, state, ...times, willRenew, productIds: [...productIds].sort() };
}

function licencesOf({ sandbox }: World, dump: Dump) {
  const held = new Set(dump.licenseKeys.map(({ licenseId }) => licenseId));
  return sandbox.keythai.licences
    .filter(({ status }) => status !== "revoked")
    .map(({ id, status, expiresAt, metadata }) => ({
      customer: metadata.customer,
      status,
      // While suspended it lets nobody in, and its end is set anew when it resumes.
      end: status === "active" ? hour(expiresAt === null ? null : expiresAt * 1000) : null,
      held: held.has(id),
    }))
    .map((licence) => JSON.stringify(licence))
    .sort();
}

/** Retries cost moments, more of them on one way than on another. */
function hour(at: Instant | null): string | null {
  return at === null ? null : `${Math.floor(at / HOUR)} h`;
}
