import { changeSlots } from "./apply-commands.ts";
import { auditAct, auditRows } from "./audit.ts";
import type { Catalog, EntitlementDefinition } from "./catalog.ts";
import { requestEffect } from "./effect.ts";
import { type CustomerFile, emptyCustomerFile } from "./entitlements.ts";
import { fileWrites } from "./file-writes.ts";
import type { Grant } from "./grant.ts";
import { type CustomerId, type SlotId, slotId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { Decision, PurchaseFile } from "./purchase-file.ts";
import { same } from "./same.ts";
import { newSlot, type Slot, type Target } from "./slot.ts";
import { retarget } from "./slot-rows.ts";

export interface Gift {
  readonly customerId: CustomerId;
  readonly entitlement: EntitlementDefinition;
  /** Null: for good. */
  readonly expiresAt: Instant | null;
  /** For the shop's own history. */
  readonly note: string | null;
}

/**
 * The shop gives an entitlement without a purchase. A customer has one gift of an entitlement at most: giving it again
 * moves its end, so a repeated request never makes a second licence; after a revoke it is a new row.
 *
 * @param actor The name of the admin key.
 * @returns The slot, and its open row where there is one already.
 */
export function giveGrantDecision(
  file: PurchaseFile,
  gift: Gift,
  catalog: Catalog,
  actor: string,
  now: Instant,
): Decision<{ slotId: SlotId; grant: Grant | null }> {
  const { customerId, expiresAt } = gift;
  const customer = file.customer ?? emptyCustomerFile(customerId);
  const target = giftTarget(expiresAt);
  const slot = giftSlot(customer, gift, target, catalog);
  const given = customer.slots[slot.id];
  if (given !== undefined && given.failure === null && same(given.target, target)) {
    return { result: { slotId: slot.id, grant: given.grant }, writes: null };
  }
  const change = changeSlots(customer, [retarget({ ...slot, failure: null }, target, now)], now);
  const grant = change.customer.slots[slot.id]?.grant ?? null;
  const end = { kind: "end_gift", customerId, slotId: slot.id } as const;
  const deed = {
    customerId,
    purchaseId: null,
    grantId: grant?.id ?? null,
    actor,
    summary: describe(gift),
  };
  const writes = fileWrites(change, [auditAct(deed, change.grants, now)], now);
  return {
    result: { slotId: slot.id, grant },
    writes:
      expiresAt === null
        ? writes
        : { ...writes, effects: [...writes.effects, requestEffect(end, expiresAt)] },
  };
}

function giftTarget(expiresAt: Instant | null): Target {
  return {
    access: { kind: "active", until: expiresAt },
    purchaseId: null,
    productId: null,
    productIds: [],
    chainId: null,
    orderId: null,
    expiresAt,
    state: expiresAt === null ? "purchased" : "active",
    willRenew: false,
  };
}

function giftSlot(customer: CustomerFile, { entitlement }: Gift, target: Target, catalog: Catalog): Slot {
  const { customerId } = customer;
  const id = slotId(customerId, "gift", entitlement.id, 0);
  const { type, opens } = entitlement.integration;
  const seed = {
    id,
    customerId,
    entitlementId: entitlement.id,
    packageName: catalog.packageGiving(entitlement.id),
    integrationType: type,
    opens,
    target,
  };
  return customer.slots[id] ?? newSlot(seed, undefined);
}

function describe({ entitlement, note }: Gift): string {
  return `gift of ${entitlement.id}${note === null ? "" : `: ${note}`}`;
}

/** A gift's time is over. One whose end was moved since goes on: its new end has an effect of its own. */
export function endGiftDecision(file: PurchaseFile, id: SlotId, now: Instant): Decision<null> {
  const slot = file.customer?.slots[id];
  const access = slot?.target.access;
  const over = access?.kind === "active" && access.until !== null && access.until <= now;
  if (file.customer === null || slot === undefined || !over) return { result: null, writes: null };
  const ended = { kind: "ended", reason: "subscription_expired", detail: "gift_ended" } as const;
  const change = retarget(slot, { ...slot.target, access: ended, state: "expired" }, now);
  const after = changeSlots(file.customer, [change], now);
  const audit = auditRows({ cause: "effect", actor: null }, after.grants, now);
  return { result: null, writes: fileWrites(after, audit, now) };
}
