import { introduce } from "../domain/announce.ts";
import type { Contact } from "../domain/contact.ts";
import { decideSync, type SyncOutcome } from "../domain/decide-sync.ts";
import type { CustomerFile } from "../domain/entitlements.ts";
import { AppError } from "../domain/errors.ts";
import { toPurchase } from "../domain/google-play/to-purchase.ts";
import type { CustomerId } from "../domain/ids.ts";
import type { Observation } from "../domain/observation.ts";
import { type Claim, formerOwnerOf, isSomeoneElses, ownerOf } from "../domain/ownership.ts";
import { forgotten, type Purchase } from "../domain/purchase.ts";
import { relatedRef } from "../domain/purchase-chain.ts";
import {
  type Cause,
  type Decision,
  NO_IDS,
  NO_WRITES,
  type PurchaseRecord,
  type PurchaseRef,
} from "../domain/purchase-file.ts";
import type { LoadedFile, Ports, Priority, Started } from "../ports.ts";
import { freshRecord } from "./fresh-record.ts";
import { inheritedOwner } from "./inherited-owner.ts";

export interface SyncRequest {
  readonly ref: PurchaseRef;
  readonly cause: Cause;
  /** The name of the admin key, where a person asks for it. */
  readonly actor?: string;
  readonly priority: Priority;
  /** The verified caller; null for notices and sweeps. */
  readonly claimant: CustomerId | null;
  /** How the caller is reached. */
  readonly contact?: Contact;
  /** The product that the caller says it is. */
  readonly productId: string | null;
  readonly observation: Observation | null;
  /** How old Google's last answer may be, in ms, for our own record to do; 0: ask in any case. */
  readonly acceptAgeMs: number;
}

export type SyncedPurchase =
  | Exclude<SyncOutcome, { kind: "synced" | "stale" | "needs_customer" }>
  | {
      readonly kind: "synced";
      readonly purchase: PurchaseRecord;
      readonly customer: CustomerFile | null;
      /** What goes on now that it is committed. */
      readonly started: Started;
    };

export type SyncPorts = Pick<
  Ports,
  | "play"
  | "store"
  | "settings"
  | "clock"
  | "log"
  | "background"
  | "effects"
  | "accountIds"
  | "join"
  | "recentAsks"
>;

/** No commit, and so nothing that it set going. */
export const NOTHING_STARTED: Started = {
  delivered: null,
  latest: () => ({ purchase: null, customer: null, keys: [] }),
};

/** How often an answer may turn out too old before the caller is told to come again. */
const MAX_ROUNDS = 6;

/**
 * THE use case: asks Google about one purchase and makes everything we keep follow from the answer, in one commit.
 * App calls, notices and sweeps all end here. It may be repeated at any time, by any number of processes.
 *
 * @throws AppError what `PlayApi.getPurchase` throws; `play_unavailable` when Google's answer can't be read;
 *   `store_unavailable`. All of these leave everything as it was.
 */
export function syncPurchase(ports: SyncPorts, request: SyncRequest): Promise<SyncedPurchase> {
  const { ref, claimant, productId, observation, cause } = request;
  const key = JSON.stringify([ref.id, ref.type, claimant, productId, observation, cause]);
  return ports.join(`sync ${key}`, () => sync(ports, request));
}

async function sync(ports: SyncPorts, request: SyncRequest): Promise<SyncedPurchase> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // Read before Google is asked: if this has moved by the commit, our answer may be the older one (rule 6).
    const before = await ports.store.load({
      ...NO_IDS,
      purchaseId: request.ref.id,
      customerId: request.claimant,
    });
    const fresh = freshRecord(ports, before, request);
    if (fresh !== null) return unchanged(fresh, await meet(ports, before, request));
    const outcome = await syncOnce(ports, request, before);
    if (outcome !== "again") return outcome;
  }
  throw new AppError(
    "store_unavailable",
    "This purchase changes too often just now. Try again in a moment.",
    {
      retryable: true,
    },
  );
}

/** Nothing is new about the purchase; what the app tells of its customer may be. */
async function meet(ports: SyncPorts, before: LoadedFile, request: SyncRequest): Promise<LoadedFile> {
  const { claimant, contact } = request;
  if (claimant === null || contact === undefined) return before;
  const { store, clock, background, effects } = ports;
  const { after, leased } = await store.update(
    before.file.ids,
    ({ customer }): Decision<null> => {
      const met = introduce(customer, claimant, contact, clock.now());
      return { result: null, writes: met === null ? null : { ...NO_WRITES, ...met } };
    },
    { basis: before, run: background.hasRoom() },
  );
  effects.start(leased);
  return after;
}

function unchanged(purchase: PurchaseRecord, { file }: LoadedFile): SyncedPurchase {
  return { kind: "synced", purchase, customer: file.customer, started: NOTHING_STARTED };
}

async function syncOnce(
  ports: SyncPorts,
  request: SyncRequest,
  before: LoadedFile,
): Promise<SyncedPurchase | "again"> {
  const stored = before.file.purchase;
  const { claimant } = request;
  const { transfers } = ports.settings.policy;
  const unasked: Claim = { claimant, named: { kind: "nobody" }, inherited: null, transfers };
  if (stored?.customerId != null && isSomeoneElses(before.file, unasked)) {
    return { kind: "refused", code: "purchase_owned_by_another_customer" };
  }
  // Of which kind a token is, is known for certain once Google has answered about it.
  const ref: PurchaseRef = stored?.answer == null ? request.ref : stored;
  const [answer, known] = await Promise.all([
    askGoogle(ports, ref, request, stored?.answer ?? null),
    ports.store.load({ ...before.file.ids, customerId: stored?.customerId ?? claimant }, before),
  ]);
  const named = await ports.accountIds.whose(answer.accountId, claimant);
  const linked = await loadRelated(ports, known, relatedRef(ref, answer, stored));
  const inherited = await inheritedOwner(ports, linked.file, answer, request);
  const claim: Claim = { claimant, named, inherited, transfers };
  const basis = await loadCustomers(ports, linked, claim);
  const basedOn = stored?.revision ?? 0;
  const { settings, clock } = ports;
  const { result, leased } = await ports.store.update<SyncOutcome>(
    basis.file.ids,
    (file, runner) => {
      const { productId, observation, cause, actor = null, contact } = request;
      const told = contact === undefined ? {} : { contact };
      const input = { ...claim, ...told, ref, answer, basedOn, productId, observation, cause, actor, runner };
      return decideSync(file, input, settings.policy, clock.now());
    },
    { basis, run: ports.background.hasRoom() },
  );
  if (result.kind === "stale" || result.kind === "needs_customer") return "again";
  if (result.kind === "refused") return result;
  ports.recentAsks.note(ref.id, result.purchase.revision);
  return { ...result, started: ports.effects.start(leased) };
}

async function askGoogle(
  ports: SyncPorts,
  ref: PurchaseRef,
  { priority, claimant, cause }: SyncRequest,
  last: Purchase | null,
): Promise<Purchase> {
  try {
    const json = await ports.play.getPurchase(ref, priority);
    const purchase = toPurchase(ref, json);
    if (purchase.state === "unknown") ports.log.error("purchase.unknown_state", { purchase_id: ref.id });
    return purchase;
  } catch (error) {
    // Whoever asks is told. For a purchase that we hold, a notice or sweep lets it run out instead.
    const isAsked = claimant !== null || cause === "admin";
    if (last === null || isAsked || !isForgotten(error)) throw error;
    return forgotten(last, ports.clock.now());
  }
}

/** Google knew this token once and does not any more. */
export function isForgotten(error: unknown): boolean {
  return (
    error instanceof AppError &&
    (error.code === "purchase_token_expired" || error.code === "purchase_not_found")
  );
}

/** Reads the purchase replaced, which only Google's answer told us of. */
function loadRelated(
  { store }: Pick<Ports, "store">,
  known: LoadedFile,
  related: PurchaseRef | null,
): Promise<LoadedFile> {
  return store.load({ ...known.file.ids, relatedId: related?.id ?? null }, known);
}

/** Reads the files of whom it belongs to, and of whom it is taken from. */
function loadCustomers(
  { store }: Pick<Ports, "store">,
  linked: LoadedFile,
  claim: Claim,
): Promise<LoadedFile> {
  const { file } = linked;
  const customerId = ownerOf(file, claim) ?? file.ids.customerId;
  return store.load({ ...file.ids, customerId, formerId: formerOwnerOf(file, claim) }, linked);
}
