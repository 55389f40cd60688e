import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AccountDirectory } from "../../src/adapters/account-ids/account-ids.ts";
import type { StoreOptions } from "../../src/adapters/shared/optimistic-store.ts";
import { type EffectRequest, requestEffect } from "../../src/domain/effect.ts";
import { type CustomerFile, emptyCustomerFile } from "../../src/domain/entitlements.ts";
import type { GrantEvent } from "../../src/domain/grant-events.ts";
import {
  asCustomerId,
  type CustomerId,
  type EndpointId,
  endpointId,
  eventId,
  grantId,
  purchaseId,
  slotId,
} from "../../src/domain/ids.ts";
import type { Instant } from "../../src/domain/instant.ts";
import {
  type AuditEntry,
  type Decision,
  type FileIds,
  NO_IDS,
  NO_WRITES,
  newPurchaseRecord,
  type PurchaseRecord,
  purchaseRef,
  type Writes,
} from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import { planDelivery, type WebhookDelivery } from "../../src/domain/webhook-delivery.ts";
import type {
  AdminRecords,
  Clock,
  Desk,
  Intake,
  MailRecords,
  Outbox,
  Page,
  PageRequest,
  PurchaseStore,
  Records,
  SweepRecords,
  WebhookRecords,
} from "../../src/ports.ts";
import { grant, NOW, PACKAGE } from "../support/builders.ts";

/** A store and all that comes with it, empty. */
export interface StoreUnderTest {
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly adminRecords: AdminRecords;
  readonly sweepRecords: SweepRecords;
  readonly desk: Desk;
  readonly intake: Intake;
  readonly accountDirectory: AccountDirectory;
  readonly webhookRecords: WebhookRecords;
  readonly mailRecords: MailRecords;
  /** Puts something in a purchase's place that nobody could have written. Absent where nothing can. */
  corruptPurchase?(id: string): Promise<void>;
  /** The entitlements that apps and rules read of a customer, by name. */
  entitlementRows(customerId: CustomerId): Promise<string[]>;
  /** What was put aside: dead letters, orphans, refund reviews. */
  countIntake(): Promise<{ letters: number; orphans: number; reviews: number }>;
  close(): Promise<void>;
}

export type CreateStore = (options: StoreOptions) => Promise<StoreUnderTest>;

const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms) => void (await sleep(ms)),
};

/** @param leaseMs Long where leases must hold for the whole test, short where they must run out in it. */
export function storeOptions(leaseMs: number): StoreOptions {
  return { clock: realClock, chance: Math.random, leaseMs, newLease: () => randomUUID() };
}

// ---------------------------------------------------------------- What is written

export function newCustomer(): CustomerId {
  const id = asCustomerId(`cus-${randomUUID()}`);
  if (id === null) throw new Error("no customer id");
  return id;
}

export function newPurchase(overrides: Partial<PurchaseRecord> = {}): PurchaseRecord {
  const ref = purchaseRef(PACKAGE, "subscription", new Secret(`token-${randomUUID()}`));
  return { ...newPurchaseRecord(ref, Date.now()), ...overrides };
}

export function newEffect(customerId: CustomerId, dueAt = Date.now()): EffectRequest {
  return requestEffect(
    { kind: "fulfill_slot", customerId, slotId: slotId(customerId, "scope", randomUUID(), 0) },
    dueAt,
  );
}

export function ofCustomer(customerId: CustomerId): FileIds {
  return { ...NO_IDS, customerId };
}

export function ofPurchase(record: Pick<PurchaseRecord, "id">): FileIds {
  return { ...NO_IDS, purchaseId: record.id };
}

export function write(writes: Partial<Writes>): Decision<null> {
  return { result: null, writes: { ...NO_WRITES, ...writes } };
}

export function newEndpointId(): EndpointId {
  return endpointId(randomUUID().replaceAll("-", ""));
}

/** An event of a row of the customer's own. */
export function anEvent(
  customerId: CustomerId,
  overrides: Partial<GrantEvent> & { readonly unit?: number } = {},
): GrantEvent {
  const { unit = 0, ...rest } = overrides;
  const slot = slotId(customerId, "scope", "desktop", unit);
  const row = grant({ id: grantId(slot, 1), slotId: slot, customerId, expiresAt: null });
  const type = rest.type ?? "entitlement_grant.created";
  const id = eventId(row.id, type.slice("entitlement_grant.".length));
  return { id, type, occurredAt: NOW, grant: row, ...rest };
}

/** One event for one endpoint, not tried yet. */
export function aDelivery(
  customerId: CustomerId,
  endpoint: EndpointId,
  { unit = 0, now = NOW }: { readonly unit?: number; readonly now?: Instant } = {},
): WebhookDelivery {
  return planDelivery(anEvent(customerId, { unit }), endpoint, now);
}

/** History with one change, made by a person. */
export function aChange(customerId: CustomerId | null, summary: string, at = Date.now()): AuditEntry {
  const changes = [{ kind: "purchase", grantId: null, summary }];
  return { at, cause: "admin", actor: "alice", customerId, purchaseId: null, changes };
}

/** A customer file that counts: each note is an entitlement of its own, so that a lost one is missed. */
export function noted(file: CustomerFile | null, customerId: CustomerId, note: string): CustomerFile {
  const before = file ?? emptyCustomerFile(customerId);
  const entitlement = {
    entitlementId: note,
    active: true,
    expiresAt: null,
    accessUntil: null,
    state: "purchased",
    willRenew: false,
    purchaseIds: [purchaseId(PACKAGE, new Secret(note))],
    productIds: ["lumen_v2"],
    updatedAt: 1_790_000_000_000,
  } as const;
  return { ...before, entitlements: { ...before.entitlements, [note]: entitlement } };
}

export function notesOf(file: CustomerFile | null): string[] {
  return Object.keys(file?.entitlements ?? {}).sort();
}

/** All pages of a list, one after the other, to its end. */
export async function allPages<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  limit: number,
): Promise<T[][]> {
  const pages: T[][] = [];
  for (let cursor: string | null = null; pages.length === 0 || cursor !== null; ) {
    const page: Page<T> = await list({ limit, cursor });
    pages.push([...page.data]);
    cursor = page.nextCursor;
    if (pages.length > 20) throw new Error("the pages never end");
  }
  return pages;
}
