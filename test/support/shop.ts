import { changeSlots, type FileChange } from "../../src/domain/apply-commands.ts";
import { decideSync, type SyncInput, type SyncOutcome } from "../../src/domain/decide-sync.ts";
import type { Policy } from "../../src/domain/desired-grants.ts";
import { type EffectRequest, eventsOf } from "../../src/domain/effect.ts";
import { type CustomerFile, type Entitlement, emptyCustomerFile } from "../../src/domain/entitlements.ts";
import type { Grant } from "../../src/domain/grant.ts";
import type { GrantEvent } from "../../src/domain/grant-events.ts";
import type { CustomerId, GrantId, PurchaseId } from "../../src/domain/ids.ts";
import { licenseKeyId } from "../../src/domain/ids.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { formerOwnerOf, ownerOf } from "../../src/domain/ownership.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { relatedRef } from "../../src/domain/purchase-chain.ts";
import {
  type Decision,
  type FileIds,
  NO_IDS,
  type PurchaseFile,
  type PurchaseRecord,
  type Writes,
} from "../../src/domain/purchase-file.ts";
import { same } from "../../src/domain/same.ts";
import { closeAttempt, nextStep, openAttempt, type Slot, wantedAccess } from "../../src/domain/slot.ts";
import { recordApplied, recordDelivered, recordFailure } from "../../src/domain/slot-record.ts";
import type { SlotChange } from "../../src/domain/slot-rows.ts";
import { ANN, must, NOW, POLICY, refOf } from "./builders.ts";

export interface Call extends Partial<Omit<SyncInput, "answer" | "ref">> {
  readonly policy?: Policy;
  readonly now?: Instant;
}

/**
 * The smallest thing that keeps what decisions write: documents by id, and every promise a store makes to the domain
 * checked on the way (a row's events are written once and announced, a row that ended stays as it is).
 */
export class Shop {
  readonly purchases = new Map<PurchaseId, PurchaseRecord>();
  readonly customers = new Map<CustomerId, CustomerFile>();
  readonly grants = new Map<GrantId, Grant>();
  readonly events: GrantEvent[] = [];
  readonly effects: EffectRequest[] = [];
  now: Instant = NOW;
  policy: Policy = POLICY;

  /** What was written last; null when nothing had to be. */
  last: Writes | null = null;

  /** One sync of a token, as the use case does it. Unless told otherwise Ann presents it. */
  sync(name: string, answer: Purchase, call: Call = {}): SyncOutcome {
    const { policy = this.policy, now = this.now, ...overrides } = call;
    const ref = refOf(name, answer.type);
    const stored = this.purchases.get(ref.id) ?? null;
    const claimant = overrides.claimant === undefined ? ANN : overrides.claimant;
    const input: SyncInput = {
      ref,
      answer,
      basedOn: stored?.revision ?? 0,
      productId: null,
      observation: null,
      cause: "verify",
      actor: null,
      runner: null,
      named: { kind: "nobody" },
      inherited: null,
      transfers: policy.transfers,
      ...overrides,
      claimant,
    };
    const relatedId = relatedRef(ref, answer, stored)?.id ?? null;
    const ids = { ...NO_IDS, purchaseId: ref.id, relatedId };
    const linked = this.file(ids);
    const owners = { customerId: ownerOf(linked, input), formerId: formerOwnerOf(linked, input) };
    this.now = now;
    return this.commit(decideSync(this.file({ ...ids, ...owners }), input, policy, now));
  }

  file(ids: FileIds): PurchaseFile {
    const get = <K, V>(map: Map<K, V>, key: K | null) => (key === null ? null : (map.get(key) ?? null));
    return {
      ids,
      purchase: get(this.purchases, ids.purchaseId),
      related: get(this.purchases, ids.relatedId),
      customer: get(this.customers, ids.customerId),
      former: get(this.customers, ids.formerId),
    };
  }

  commit<T>({ result, writes }: Decision<T>): T {
    this.last = writes;
    if (writes === null) return result;
    for (const written of [writes.purchase, writes.related]) {
      if (written !== null) this.purchases.set(written.id, written);
    }
    for (const file of [writes.customer, writes.former?.customer ?? null]) {
      if (file !== null) this.customers.set(file.customerId, file);
    }
    this.#keepRows(writes.grants, writes.events);
    checkAnnounced(writes);
    this.effects.push(...writes.effects);
    return result;
  }

  #keepRows(grants: readonly Grant[], events: readonly GrantEvent[]): void {
    for (const grant of grants) {
      const before = this.grants.get(grant.id);
      const byHand = before?.status === "Failed" && grant.revocationReason === "manual";
      if (before?.status === "Revoked" || (before?.status === "Failed" && !byHand))
        throw new Error("a row that ended was revived");
      this.grants.set(grant.id, grant);
    }
    for (const event of events) {
      if (this.events.some((known) => known.id === event.id))
        throw new Error(`${event.type} twice for one grant`);
      this.events.push(event);
    }
  }

  /** Runs effects of a slot until it is settled, every delivery succeeding; tells the steps it took. */
  fulfil(slot: Slot, customerId: CustomerId = ANN): string[] {
    const steps: string[] = [];
    for (
      let current: Slot | undefined = slot;
      current !== undefined;
      current = this.slots(customerId)[slot.id]
    ) {
      const step = nextStep(current);
      if (step === "none") break;
      if (steps.push(step) > 10) throw new Error(`never settles: ${steps}`);
      this.record(customerId, outcomeOf(current, step, this.now));
    }
    return steps;
  }

  fulfilAll(customerId: CustomerId = ANN): string[] {
    return Object.values(this.slots(customerId)).flatMap((slot) => this.fulfil(slot, customerId));
  }

  fail(slot: Slot, customerId: CustomerId = ANN): void {
    this.record(
      customerId,
      recordFailure(slot, { code: "keythai_unavailable", message: "No answer." }, this.now),
    );
  }

  record(customerId: CustomerId, change: SlotChange): FileChange {
    const changed = changeSlots(must(this.customers.get(customerId)), [change], this.now);
    this.customers.set(customerId, changed.customer);
    this.#keepRows(changed.grants, changed.events);
    return changed;
  }

  slots(customerId: CustomerId = ANN): CustomerFile["slots"] {
    return (this.customers.get(customerId) ?? emptyCustomerFile(customerId)).slots;
  }

  /** The slots of one entitlement that are still in the customer file. */
  slotsOf(entitlementId: string, customerId: CustomerId = ANN): Slot[] {
    return Object.values(this.slots(customerId)).filter((slot) => slot.entitlementId === entitlementId);
  }

  purchase(name: string, type: Purchase["type"] = "subscription"): PurchaseRecord {
    return must(this.purchases.get(refOf(name, type).id));
  }

  entitlement(id: string, customerId: CustomerId = ANN): Entitlement {
    return must(this.customers.get(customerId)?.entitlements[id]);
  }

  /** The entitlements that are open, by name. */
  held(customerId: CustomerId = ANN): string[] {
    const all = Object.values(this.customers.get(customerId)?.entitlements ?? {});
    return all
      .filter((row) => row.active)
      .map((row) => row.entitlementId)
      .sort();
  }

  /** `desktop created`, in order, and empties the list for the next chapter. */
  tellEvents(): string[] {
    const told = this.events.slice(this.#told).map(tell);
    this.#told = this.events.length;
    return told;
  }
  #told = 0;

  /** Kinds of the effects put down since last asked, but for the telling of events: that is checked with each commit. */
  tellEffects(): string[] {
    const kinds = this.effects.splice(0).map((request) => request.effect.kind);
    return kinds.filter((kind) => kind !== "publish_events");
  }
}

/** Whoever writes events asks in the same commit that they be told: all of them, for each customer in their order. */
function checkAnnounced({ events, effects }: Writes): void {
  const told = effects.flatMap(({ effect }) => (effect.kind === "publish_events" ? [effect] : []));
  const customers = [...new Set(events.map(({ grant }) => grant.customerId))];
  const due = customers.map((customerId) => ({
    customerId,
    eventIds: events.filter(({ grant }) => grant.customerId === customerId).map(({ id }) => id),
  }));
  const asked = told.map((effect) => ({ customerId: effect.customerId, eventIds: eventsOf(effect) }));
  if (!same(due, asked)) throw new Error("events were written, and other ones announced");
}

function outcomeOf(slot: Slot, step: ReturnType<typeof nextStep>, now: Instant): SlotChange {
  const wanted = wantedAccess(slot);
  const until = wanted.kind === "active" ? wanted.until : null;
  switch (step) {
    case "none":
      return { slot, rows: [] };
    case "abandon":
      return { slot: closeAttempt(slot), rows: [] };
    case "deliver": {
      const begun = slot.attempt === null ? openAttempt(slot, "lease") : slot;
      const id = licenseKeyId(slot.id, begun.attempts);
      const shown = slot.integrationType === "license_key" ? { id, masked: `****-${begun.attempts}` } : null;
      return recordDelivered(begun, begun.target.productId, { state: { keyId: id }, shown }, now);
    }
    default:
      return recordApplied(slot, step, until, now);
  }
}

function tell({ type, grant }: GrantEvent): string {
  const what = `${grant.entitlementId} ${type.slice("entitlement_grant.".length)}`;
  return grant.status === "Revoked" ? `${what}: ${grant.revocationReason}` : what;
}
