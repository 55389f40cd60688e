import { endsOf } from "./access.ts";
import { acknowledgeBy } from "./acknowledge-window.ts";
import { announce, type Introduced, introduce } from "./announce.ts";
import { applyCommands, type FileChange } from "./apply-commands.ts";
import { auditSync } from "./audit.ts";
import type { Contact } from "./contact.ts";
import { type Desired, desiredGrants, type Policy, rulesFor } from "./desired-grants.ts";
import { diffGrants } from "./diff-grants.ts";
import { type CustomerFile, emptyCustomerFile, slotsOf } from "./entitlements.ts";
import type { ErrorCode } from "./errors.ts";
import type { CustomerId, PurchaseId } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { lateAnswerAt, type Observation, observe } from "./observation.ts";
import { type Claim, formerOwnerOf, isSomeoneElses, ownerOf } from "./ownership.ts";
import { nextSyncAt, type Purchase, type PurchaseState, replacedSyncAt } from "./purchase.ts";
import { chainOf, supersede } from "./purchase-chain.ts";
import {
  type Cause,
  type Decision,
  NO_WRITES,
  newPurchaseRecord,
  type PurchaseFile,
  type PurchaseRecord,
  type PurchaseRef,
  sameRecord,
} from "./purchase-file.ts";
import { same } from "./same.ts";
import { closedSlot, nextStep, openAttempt, type Slot } from "./slot.ts";
import { effectsOf, isDueAtGoogle } from "./sync-effects.ts";
import { moveBlocks, takeAway } from "./transfer.ts";

export interface SyncInput extends Claim {
  readonly ref: PurchaseRef;
  /** What Google answered. */
  readonly answer: Purchase;
  /** The revision of the stored purchase before Google was asked. */
  readonly basedOn: number;
  /** The product the caller names. */
  readonly productId: string | null;
  readonly observation: Observation | null;
  readonly cause: Cause;
  /** The name of the admin key, where a person asked for it. */
  readonly actor: string | null;
  /** How the claimant is reached. */
  readonly contact?: Contact;
  /** The lease under which the caller will run what is put down; null if somebody else will. */
  readonly runner: string | null;
}

export type Refusal = Extract<
  ErrorCode,
  "purchase_owned_by_another_customer" | "product_mismatch" | "product_not_in_catalog"
>;

export type SyncOutcome =
  | { readonly kind: "synced"; readonly purchase: PurchaseRecord; readonly customer: CustomerFile | null }
  | { readonly kind: "refused"; readonly code: Refusal }
  /** Our answer may be older than what is stored: Google has to be asked again. */
  | { readonly kind: "stale" }
  /** The decision needs the files of other customers than those read. */
  | { readonly kind: "needs_customer" };

/**
 * What one answer of Google's means for everything we keep: pure, so that a commit that lost a race decides again on
 * what is there by then.
 */
export function decideSync(
  file: PurchaseFile,
  input: SyncInput,
  policy: Policy,
  now: Instant,
): Decision<SyncOutcome> {
  const refused = refuse(file, input, policy);
  if (refused !== null) return unwritten({ kind: "refused", code: refused });
  const owner = ownerOf(file, input);
  const former = formerOwnerOf(file, input);
  const isRead = (owner === null || owner === file.ids.customerId) && former === file.ids.formerId;
  if (!isRead) return unwritten({ kind: "needs_customer" });
  const stored = recordOf(file.purchase, input.ref, now);
  const answer = adopt(stored, input.answer);
  const differs = stored.answer === null || !same(stored.answer, answer);
  if (differs && stored.revision !== input.basedOn) return unwritten({ kind: "stale" });
  const seen = relevant(input.observation, answer);
  const next: PurchaseRecord & { answer: Purchase } = {
    ...stored,
    answer,
    observations: seen === null ? stored.observations : observe(stored.observations, seen),
    customerId: owner,
    chainId: chainOf(stored, file.related, answer),
    orderIds: ordersOf(stored, answer),
    revision: differs ? stored.revision + 1 : stored.revision,
  };
  return decideWrites(file, next, input, policy, now);
}

function refuse(file: PurchaseFile, input: SyncInput, policy: Policy): Refusal | null {
  const { answer, productId, ref } = input;
  if (isSomeoneElses(file, input)) return "purchase_owned_by_another_customer";
  const sold = answer.items.filter(
    (item) => policy.catalog.product(ref.packageName, item.productId) !== null,
  );
  if (productId !== null) {
    if (!answer.items.some((item) => item.productId === productId)) return "product_mismatch";
    if (!sold.some((item) => item.productId === productId)) return "product_not_in_catalog";
  }
  // A product that left the catalogue goes on for those who have it; one that never was in it is nothing of ours.
  const known = file.purchase?.answer != null;
  return sold.length === 0 && answer.items.length > 0 && !known ? "product_not_in_catalog" : null;
}

/**
 * A word we don't know yet changes nothing: what was known stays (google-play.md rule 12). Google lists what was bought
 * with every answer, so a list that is missing says nothing about it.
 */
function adopt(stored: PurchaseRecord, answer: Purchase): Purchase {
  if (stored.answer === null) return answer;
  if (answer.state === "unknown") return stored.answer;
  const { items, state } = answer;
  return {
    ...answer,
    items: items.length === 0 ? stored.answer.items : items,
    // Cancelled after it was paid: the money went back, even if the answer has lost the time of payment.
    state: state === "canceled" && WAS_PAID.has(stored.answer.state) ? "refunded" : state,
  };
}

/** One-time states that only a paid purchase has. */
const WAS_PAID: ReadonlySet<PurchaseState> = new Set(["purchased", "refunded"]);

/** Notice 12 is believed only where the read agrees that the purchase has ended. */
function relevant(observation: Observation | null, answer: Purchase): Observation | null {
  return observation?.kind === "revoked" && answer.state !== "expired" ? null : observation;
}

function decideWrites(
  file: PurchaseFile,
  next: PurchaseRecord & { answer: Purchase },
  input: SyncInput,
  policy: Policy,
  now: Instant,
): Decision<SyncOutcome> {
  const retired = supersede(file.related, next, next.answer, now);
  const owned = new Set<PurchaseId>(retired === null ? [next.id] : [next.id, retired.id]);
  const left = file.former === null ? null : takeAway(file.former, owned, now);
  const known = { ...retired?.closed, ...next.closed };
  const closed =
    left === null || next.customerId === null
      ? known
      : moveBlocks({ ...next, closed: known }, left, next.customerId, policy, now);
  const change =
    next.customerId === null
      ? null
      : markAttempts(
          changeGrants(file, { ...next, closed }, next.customerId, owned, input, policy, now),
          input.runner,
        );
  const changed = [...(left?.changed ?? []), ...(change?.changed ?? [])];
  const draft: PurchaseRecord & { answer: Purchase } = {
    ...next,
    replaced: retired?.id ?? next.replaced,
    closed: closedAfter(closed, changed),
    nextSyncAt: syncAgainAt(next, input, policy, now),
    updatedAt: now,
  };
  const purchase = {
    ...draft,
    acknowledgeBy: isDueAtGoogle(draft, policy, now) ? acknowledgeBy(draft.answer) : null,
  };
  const introduced = introduction(change?.customer ?? file.customer, next.customerId, input, now);
  const customer = introduced?.customer ?? change?.customer ?? file.customer;
  const before = file.purchase;
  const moved = changed.length + (change?.entitlements.length ?? 0) > 0;
  const news = moved || before === null || !sameRecord(before, purchase);
  if (!news && introduced === null && !isOverdue(before, now) && !isSooner(purchase, before))
    return unwritten({ kind: "synced", purchase: before, customer });
  const grants = [...(left?.grants ?? []), ...(change?.grants ?? [])];
  // What is taken from one goes out before what is given to the other.
  const events = [...(left?.events ?? []), ...(change?.events ?? [])];
  return {
    result: { kind: "synced", purchase, customer },
    writes: {
      ...NO_WRITES,
      purchase,
      answered: true,
      related: retired,
      customer: moved || introduced !== null || file.customer !== null ? customer : null,
      entitlements: change?.entitlements ?? [],
      former: left,
      grants,
      events,
      effects: [
        ...effectsOf({ before, purchase, retired, changed, policy, now }),
        ...announce(events, now),
        ...(introduced?.effects ?? []),
      ],
      audit: news ? auditSync(before, purchase, input, grants, now) : [],
    },
  };
}

/** The app tells how its own customer is reached, and nobody else's. */
function introduction(
  customer: CustomerFile | null,
  owner: CustomerId | null,
  { claimant, contact }: SyncInput,
  now: Instant,
): Introduced | null {
  if (contact === undefined || owner === null || owner !== claimant) return null;
  return introduce(customer, owner, contact, now);
}

/** `nextSyncAt` alone is no reason to write, until it has passed; or where Google must be asked earlier than was put down. */
function isOverdue(record: PurchaseRecord, now: Instant): boolean {
  return record.nextSyncAt !== null && record.nextSyncAt <= now;
}

function isSooner({ nextSyncAt }: PurchaseRecord, before: PurchaseRecord): boolean {
  return nextSyncAt !== null && (before.nextSyncAt === null || nextSyncAt < before.nextSyncAt);
}

function changeGrants(
  file: PurchaseFile,
  next: PurchaseRecord,
  customerId: CustomerId,
  owned: ReadonlySet<PurchaseId>,
  { observation }: SyncInput,
  policy: Policy,
  now: Instant,
): FileChange {
  const customer = file.customer ?? emptyCustomerFile(customerId);
  const held = slotsOf(customer);
  const revoked = observation?.kind === "revoked";
  const wished = desiredGrants(next, customerId, held, policy, now);
  const desired = revoked ? wished.map(asRefunded) : wished;
  // An item that has ended, or is gone, when Google says "revoked" was refunded by itself; else the plan has changed.
  const commands = diffGrants(desired, held, owned, revoked ? "refund" : "plan_changed");
  return applyCommands(commands, customer, next.closed, next.packageName, policy.catalog, now);
}

function asRefunded(wish: Desired): Desired {
  const { access } = wish.target;
  if (access.kind !== "ended") return wish;
  return { ...wish, target: { ...wish.target, access: { ...access, reason: "refund" } } };
}

/**
 * The process that commits is the one that will deliver, so the mark of its first attempt goes into the same commit:
 * one round trip less, and a crash in between looks like any other open attempt.
 */
function markAttempts(change: FileChange, runner: string | null): FileChange {
  if (runner === null) return change;
  const changed = change.changed.map((slot) =>
    nextStep(slot) === "deliver" && slot.attempt === null ? openAttempt(slot, runner) : slot,
  );
  const staying = changed.filter((slot) => change.customer.slots[slot.id] !== undefined);
  const slots = { ...change.customer.slots, ...Object.fromEntries(staying.map((slot) => [slot.id, slot])) };
  return { ...change, changed, customer: { ...change.customer, slots } };
}

/**
 * A token that nobody has asked Google about yet may have been put down by something that didn't know of which kind it is:
 * whoever presents it does.
 */
function recordOf(stored: PurchaseRecord | null, ref: PurchaseRef, now: Instant): PurchaseRecord {
  const fresh = newPurchaseRecord(ref, now);
  if (stored === null) return fresh;
  if (stored.answer !== null || stored.type === ref.type) return stored;
  return { ...stored, type: fresh.type, chainId: fresh.chainId };
}

/** Weekly renewals of two years: far more than anybody asks for, and no danger to a document's size. */
const MAX_ORDERS = 100;

function ordersOf(stored: PurchaseRecord, answer: Purchase): readonly string[] {
  const paid = answer.items.flatMap(({ orderId }) => (orderId === null ? [] : [orderId]));
  const added = paid.filter((orderId) => !stored.orderIds.includes(orderId));
  return added.length === 0 ? stored.orderIds : [...stored.orderIds, ...new Set(added)].slice(-MAX_ORDERS);
}

function closedAfter(closed: PurchaseRecord["closed"], changed: readonly Slot[]): PurchaseRecord["closed"] {
  const next = { ...closed };
  for (const slot of changed) {
    if (slot.target.access.kind === "ended") next[slot.id] = closedSlot(slot);
    else delete next[slot.id];
  }
  return next;
}

function syncAgainAt(
  record: PurchaseRecord & { answer: Purchase },
  { observation }: SyncInput,
  policy: Policy,
  now: Instant,
): Instant | null {
  if (record.observations.supersededBy !== null) return replacedSyncAt(record.answer, true, now);
  const ends = endsOf(record.answer, (item) => rulesFor(record, item, policy));
  const due = nextSyncAt(record.answer, ends, now);
  const again = lateAnswerAt(record, observation, now);
  return due === null || again === null ? (due ?? again) : Math.min(due, again);
}

function unwritten(result: SyncOutcome): Decision<SyncOutcome> {
  return { result, writes: null };
}
