import { createHash } from "node:crypto";
import type { Secret } from "./secret.ts";

/**
 * Every id is derived from what it names, never random: whatever happens twice arrives at the same id.
 * Hashing is the domain's one door to Node; it keeps purchase tokens out of ids.
 */
type Branded<Name extends string> = string & { readonly __id: Name };

/** `pur_` + 32 hex: one purchase token. */
export type PurchaseId = Branded<"purchase">;
/** `sub_` + 32 hex: the chain of tokens of one subscription. */
export type ChainId = Branded<"chain">;
/** The verified `sub` of an ID token. */
export type CustomerId = Branded<"customer">;
/** `slt_` + 32 hex: one unit of one entitlement with one customer, from one chain, purchase or gift. */
export type SlotId = Branded<"slot">;
/** `egr_` + 32 hex: one generation of a slot. */
export type GrantId = Branded<"grant">;
/** `key_` + 32 hex: one licence key, sealed. */
export type LicenseKeyId = Branded<"licenseKey">;
/** `rrv_` + 32 hex: a refund that Google wants our view of. */
export type ReviewId = Branded<"review">;
/** `whe_` + 32 hex: an address of the owner's systems. Made by a person, so its id is of chance. */
export type EndpointId = Branded<"endpoint">;
/** `whd_` + 32 hex: one event for one endpoint. */
export type DeliveryId = Branded<"delivery">;
/** `<licence key id or grant id>_<news>`: one letter to a customer. */
export type MailId = Branded<"mail">;
/** `<grant id>_<type>`: at most one event of a type per grant. */
export type EventId = Branded<"event">;
/** `<kind>:<subject>`: asking for an effect twice is one effect. */
export type EffectId = Branded<"effect">;

/** A purchase token, hashed: the same everywhere, reveals nothing (contract section 1). */
export function purchaseId(packageName: string, token: Secret): PurchaseId {
  return `pur_${hash(`${packageName}\n${token.reveal()}`)}` as PurchaseId;
}

/** The chain is named after the oldest token we know of. */
export function chainId(root: PurchaseId): ChainId {
  return `sub_${root.slice("pur_".length)}` as ChainId;
}

/** @param scope What the access comes from: a chain, one product of a purchase, or a gift. */
export function slotId(customer: CustomerId, scope: string, entitlementId: string, unit: number): SlotId {
  return `slt_${hash(["slot", customer, scope, entitlementId, unit].join("\n"))}` as SlotId;
}

/** @param generation 1 for the first row of a slot; access that comes back is the next one. */
export function grantId(slot: SlotId, generation: number): GrantId {
  return `egr_${hash(`grant\n${slot}\n${generation}`)}` as GrantId;
}

/** @param attempt The attempt at KeyThai that made the key: one key an attempt. */
export function licenseKeyId(slot: SlotId, attempt: number): LicenseKeyId {
  return `key_${hash(`key\n${slot}\n${attempt}`)}` as LicenseKeyId;
}

/** Holds no dot: it is the `webhook-id`, which Standard Webhooks signs with dots between its parts. */
export function eventId(grant: GrantId, type: string): EventId {
  return `${grant}_${type}` as EventId;
}

/** @param random 32 hex digits of chance. */
export function endpointId(random: string): EndpointId {
  return `whe_${random}` as EndpointId;
}

export function deliveryId(event: EventId, endpoint: EndpointId): DeliveryId {
  return `whd_${hash(`delivery\n${event}\n${endpoint}`)}` as DeliveryId;
}

/** A key is told once, whatever rows show it; all else once for each row. */
export function mailId(about: LicenseKeyId | GrantId, news: "delivered" | "restored" | "revoked"): MailId {
  return `${about}_${news}` as MailId;
}

/** What happens to one customer, for one endpoint or (null) before it is told to any: it is done in order, by one at a time. */
export function laneId(customer: CustomerId, endpoint: EndpointId | null): string {
  return `lan_${hash(["lane", customer, endpoint ?? ""].join("\n"))}`;
}

export function effectId(kind: string, subject: string): EffectId {
  return `${kind}:${subject}` as EffectId;
}

/** A licence at KeyThai that nobody here has the key of. */
export function orphanId(slot: SlotId, reference: string): string {
  return `orp_${hash(`orphan\n${slot}\n${reference}`)}`;
}

/** Named after Google's token of the refund, which is secret. */
export function reviewId(pendingRefundToken: Secret): ReviewId {
  return `rrv_${hash(pendingRefundToken.reveal())}` as ReviewId;
}

/** A customer id is a path segment in Firestore, so it must be one Firestore accepts; anything else is nobody. */
export function asCustomerId(text: string): CustomerId | null {
  const acceptable =
    text.length > 0 &&
    text.isWellFormed() &&
    Buffer.byteLength(text) <= 1500 &&
    !text.includes("/") &&
    text !== "." &&
    text !== ".." &&
    !/^__.*__$/s.test(text);
  return acceptable ? (text as CustomerId) : null;
}

/** @returns null for what can't be a grant's id. */
export function asGrantId(text: string): GrantId | null {
  return /^egr_[0-9a-f]{32}$/.test(text) ? (text as GrantId) : null;
}

/** @returns null for what can't be a review's id. */
export function asReviewId(text: string): ReviewId | null {
  return /^rrv_[0-9a-f]{32}$/.test(text) ? (text as ReviewId) : null;
}

/** @returns null for what can't be an endpoint's id. */
export function asEndpointId(text: string): EndpointId | null {
  return /^whe_[0-9a-f]{32}$/.test(text) ? (text as EndpointId) : null;
}

/** @returns null for what can't be a delivery's id. */
export function asDeliveryId(text: string): DeliveryId | null {
  return /^whd_[0-9a-f]{32}$/.test(text) ? (text as DeliveryId) : null;
}

/** @returns null for what can't be a purchase's id. */
export function asPurchaseId(text: string): PurchaseId | null {
  return /^pur_[0-9a-f]{32}$/.test(text) ? (text as PurchaseId) : null;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
