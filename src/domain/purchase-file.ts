import type { EffectRequest } from "./effect.ts";
import type { CustomerFile, Entitlement } from "./entitlements.ts";
import type { Grant } from "./grant.ts";
import type { GrantEvent } from "./grant-events.ts";
import {
  type ChainId,
  type CustomerId,
  chainId,
  type GrantId,
  type LicenseKeyId,
  type PurchaseId,
  purchaseId,
  type SlotId,
} from "./ids.ts";
import type { Instant } from "./instant.ts";
import { NO_OBSERVATIONS, type Observations } from "./observation.ts";
import type { Purchase, PurchaseType } from "./purchase.ts";
import { same } from "./same.ts";
import type { Secret } from "./secret.ts";
import type { ClosedSlot } from "./slot.ts";

/** One purchase token and the endpoint of Google's that knows it. */
export interface PurchaseRef {
  readonly id: PurchaseId;
  readonly packageName: string;
  readonly type: PurchaseType;
  readonly token: Secret;
}

/** What we keep of a purchase token. */
export interface PurchaseRecord extends PurchaseRef {
  /** Google's last answer; null for a token we only know because another one replaced it. */
  readonly answer: Purchase | null;
  readonly observations: Observations;
  /** Whose it is; null until somebody is known. */
  readonly customerId: CustomerId | null;
  /** Subscriptions only. */
  readonly chainId: ChainId | null;
  /** The purchase whose place it has taken. */
  readonly replaced: PurchaseId | null;
  /** Rises with every answer of Google's that changed something, and with what we did to the purchase at Google. */
  readonly revision: number;
  readonly closed: Readonly<Record<SlotId, ClosedSlot>>;
  /** When Google must be asked again even without a notice. */
  readonly nextSyncAt: Instant | null;
  /** When Google takes it back, unless it is told by then that it was granted; null: there is nothing to tell. */
  readonly acknowledgeBy: Instant | null;
  /** Every order that paid for it, the newest last; of very many the newest. */
  readonly orderIds: readonly string[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The documents of one sync, by id; null where there is none to name (yet). */
export interface FileIds {
  readonly purchaseId: PurchaseId | null;
  readonly relatedId: PurchaseId | null;
  readonly customerId: CustomerId | null;
  /** Whom it is taken from, when it moves to another customer. */
  readonly formerId: CustomerId | null;
}

export const NO_IDS: FileIds = { purchaseId: null, relatedId: null, customerId: null, formerId: null };

/** All that one sync reads, and may write in one commit. A null stands for a document that isn't there. */
export interface PurchaseFile {
  readonly ids: FileIds;
  readonly purchase: PurchaseRecord | null;
  /** The purchase it replaces, or resubscribes to. */
  readonly related: PurchaseRecord | null;
  /** Of the customer it is, or becomes, bound to. */
  readonly customer: CustomerFile | null;
  /** Of the customer it is taken from. */
  readonly former: CustomerFile | null;
}

/** Why something changed: for the timeline of a customer. */
export type Cause = "verify" | "rtdn" | "sweep" | "admin" | "effect";

/** One commit's worth of history. */
export interface AuditEntry {
  readonly at: Instant;
  readonly cause: Cause;
  /** The name of the admin key, where a person did it. */
  readonly actor: string | null;
  readonly customerId: CustomerId | null;
  readonly purchaseId: PurchaseId | null;
  readonly changes: readonly {
    readonly kind: string;
    readonly grantId: GrantId | null;
    readonly summary: string;
  }[];
}

/** A licence key as it is kept: ciphertext, bound to its slot. */
export interface SealedLicenseKey {
  readonly id: LicenseKeyId;
  readonly slotId: SlotId;
  readonly customerId: CustomerId;
  readonly sealed: string;
  /** KeyThai's own id of the licence, if it told one. */
  readonly licenseId: string | null;
  readonly issuedAt: Instant;
  /** When its licence is next compared with the licence server; null: never again. */
  readonly checkAt: Instant | null;
}

/** A licence at KeyThai whose key was lost: a person has to revoke it there. */
export interface LicenseOrphan {
  readonly id: string;
  readonly licenseId: string | null;
  readonly slotId: SlotId;
  /** The row it was made for, as its metadata say. */
  readonly grantId: string | null;
  readonly customerId: CustomerId;
  readonly orderId: string | null;
  readonly foundAt: Instant;
  readonly resolvedAt: Instant | null;
}

/** State and intent of one change: all of it is committed, or nothing. */
export interface Writes {
  readonly purchase: PurchaseRecord | null;
  /** True when `purchase` holds an answer that Google gave just now. */
  readonly answered: boolean;
  readonly related: PurchaseRecord | null;
  readonly customer: CustomerFile | null;
  readonly entitlements: readonly Entitlement[];
  /** The file of whom it was taken from, with the entitlements that changed. */
  readonly former: { readonly customer: CustomerFile; readonly entitlements: readonly Entitlement[] } | null;
  readonly grants: readonly Grant[];
  readonly events: readonly GrantEvent[];
  readonly effects: readonly EffectRequest[];
  readonly licenseKeys: readonly SealedLicenseKey[];
  /** One for each customer that it concerns. */
  readonly audit: readonly AuditEntry[];
}

export const NO_WRITES: Writes = {
  purchase: null,
  answered: false,
  related: null,
  customer: null,
  entitlements: [],
  former: null,
  grants: [],
  events: [],
  effects: [],
  licenseKeys: [],
  audit: [],
};

/** What a pure decision comes to: an answer, and what has to be written for it to be true (null: nothing). */
export interface Decision<T> {
  readonly result: T;
  readonly writes: Writes | null;
  /** Of a decision made by an effect: nothing is left to do for it, so it is finished in the same commit. */
  readonly completes?: boolean;
}

export function newPurchaseRecord(ref: PurchaseRef, now: Instant): PurchaseRecord {
  return {
    ...ref,
    answer: null,
    observations: NO_OBSERVATIONS,
    customerId: null,
    chainId: ref.type === "subscription" ? chainId(ref.id) : null,
    replaced: null,
    revision: 0,
    closed: {},
    nextSyncAt: null,
    acknowledgeBy: null,
    orderIds: [],
    createdAt: now,
    updatedAt: now,
  };
}

export function purchaseRef(packageName: string, type: PurchaseType, token: Secret): PurchaseRef {
  return { id: purchaseId(packageName, token), packageName, type, token };
}

/** True when two records say the same, but for when we look again. */
export function sameRecord(a: PurchaseRecord, b: PurchaseRecord): boolean {
  const { nextSyncAt, updatedAt, revision } = a;
  return same(a, { ...b, nextSyncAt, updatedAt, revision });
}
