import type { Licence } from "../../sandbox/keythai/model.ts";
import { toGrantResponse } from "../../src/domain/grant-response.ts";
import {
  type EntitlementView,
  entitlementViews,
  type PurchaseView,
  purchaseView,
} from "../../src/http/views.ts";
import type { Settings } from "../../src/ports.ts";
import type { Dump } from "../world/storage.ts";

/** A grant as the contract shows it, and the purchase that it is because of. */
export interface ObservedGrant {
  readonly id: string;
  readonly customer: string;
  /** Null for a gift. */
  readonly purchaseId: string | null;
  readonly entitlement: string;
  readonly status: "Pending" | "Delivered" | "Failed" | "Revoked";
  readonly reason: string | null;
  readonly text: string;
}

export interface ObservedPurchase {
  readonly id: string;
  readonly customer: string | null;
  readonly view: PurchaseView | null;
}

/** A licence at KeyThai, and whether we hold its key. */
export interface ObservedLicence {
  readonly licence: Licence;
  readonly held: boolean;
  readonly reported: boolean;
}

/** All that a customer, an owner of the shop or KeyThai can see at one moment, in the contract's words. */
export interface Snapshot {
  readonly at: number;
  readonly entitlements: ReadonlyMap<string, readonly EntitlementView[]>;
  readonly grants: ReadonlyMap<string, ObservedGrant>;
  /** `<grant id> <type>`, one for each event. */
  readonly events: readonly string[];
  readonly purchases: ReadonlyMap<string, ObservedPurchase>;
  readonly licences: readonly ObservedLicence[];
}

type DomainGrant = Dump["grants"][number];

const seen = new WeakMap<DomainGrant, ObservedGrant>();

export function observe(
  dump: Dump,
  licences: readonly Licence[],
  policy: Settings["policy"],
  at: number,
): Snapshot {
  const held = new Set(dump.licenseKeys.map(({ licenseId }) => licenseId));
  const reported = new Set(dump.orphans);
  return {
    at,
    entitlements: new Map(dump.customers.map((file) => [file.customerId, entitlementViews(file, at)])),
    grants: new Map(dump.grants.map((grant) => [grant.id, observeGrant(grant)])),
    events: dump.events.map(({ grantId, type }) => `${grantId} ${type}`),
    purchases: new Map(
      dump.purchases.map((record) => [
        record.id,
        { id: record.id, customer: record.customerId, view: purchaseView(record, policy, at) },
      ]),
    ),
    licences: licences.map((licence) => ({
      licence,
      held: held.has(licence.id),
      reported: reported.has(licence.id),
    })),
  };
}

/** Stored grants are replaced, never changed: what was made of one is still right. */
function observeGrant(grant: DomainGrant): ObservedGrant {
  const known = seen.get(grant);
  if (known !== undefined) return known;
  const response = toGrantResponse(grant, null);
  const observed: ObservedGrant = {
    id: grant.id,
    customer: response.customer_id,
    purchaseId: grant.purchaseId,
    entitlement: response.entitlement_id,
    status: response.status,
    reason: response.revocation_reason,
    text: JSON.stringify(response),
  };
  seen.set(grant, observed);
  return observed;
}
