import { type EffectRequest, eventsOf } from "../../domain/effect.ts";
import type { CustomerFile } from "../../domain/entitlements.ts";
import { AppError } from "../../domain/errors.ts";
import type { EffectId } from "../../domain/ids.ts";
import type { Decision, FileIds, PurchaseFile, PurchaseRecord, Writes } from "../../domain/purchase-file.ts";
import type {
  Chance,
  Clock,
  Committed,
  LeasedEffect,
  LoadedFile,
  PurchaseStore,
  UpdateOptions,
} from "../../ports.ts";

/** What a database tells of a document so that it notices a later change; null: the document isn't there. */
export type Version<V> = V | null;

export interface Entry<T, V> {
  readonly value: T | null;
  readonly version: Version<V>;
}

/** The documents of a file, each known or not asked for. */
export interface Entries<V> {
  readonly purchase?: Entry<PurchaseRecord, V>;
  readonly related?: Entry<PurchaseRecord, V>;
  readonly customer?: Entry<CustomerFile, V>;
  readonly former?: Entry<CustomerFile, V>;
  readonly answeredAgoMs?: number | null;
}

/** One atomic batch: new documents are created, changed ones must still have the version read. */
export interface Commit<V> {
  readonly writes: Writes;
  readonly versions: {
    readonly purchase: Version<V>;
    readonly related: Version<V>;
    readonly customer: Version<V>;
    readonly former: Version<V>;
  };
  /** Effects created together with their lease; fails if one of them is there already. */
  readonly leased: readonly EffectRequest[];
  readonly lease: string | null;
  /** Effects asked for, whatever is there: a blind merge that leaves their lease alone. */
  readonly asked: readonly EffectRequest[];
  /** The effect that is over with this commit, if nobody asked for it again. */
  readonly finishes: { readonly id: EffectId; readonly version: V } | null;
}

/** A database with optimistic concurrency. All of a commit happens, or nothing. */
export interface Backend<V> {
  read(ids: FileIds): Promise<Entries<V>>;
  /** @returns The version that every document written has now; `conflict` when one was not as expected. */
  commit(commit: Commit<V>): Promise<V | "conflict">;
}

export interface StoreOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly leaseMs: number;
  readonly newLease: () => string;
}

/** Lost races after which the caller is told to come again: many more than a customer's devices can cause. */
const MAX_TRIES = 24;
const MAX_PAUSE_MS = 80;

/** Whose version an effect had when it was leased: known to the store and outbox alone. */
export type EffectVersions<V> = WeakMap<LeasedEffect, V>;

/**
 * Purchase files on a database with optimistic concurrency: read, decide purely, write what is still as it was read; or
 * read again and decide again. The only place that knows this dance.
 */
export function createOptimisticStore<V>(
  backend: Backend<V>,
  effectVersions: EffectVersions<V>,
  options: StoreOptions,
): PurchaseStore {
  const known = new WeakMap<LoadedFile, Entries<V>>();

  const remember = (ids: FileIds, entries: Entries<V>): LoadedFile => {
    const loaded: LoadedFile = { file: fileOf(ids, entries), answeredAgoMs: entries.answeredAgoMs ?? null };
    known.set(loaded, entries);
    return loaded;
  };

  const load = async (ids: FileIds, basis?: LoadedFile): Promise<LoadedFile> => {
    const have = basis === undefined ? {} : reusable(known.get(basis) ?? {}, basis.file.ids, ids);
    const missing: FileIds = {
      purchaseId: have.purchase === undefined ? ids.purchaseId : null,
      relatedId: have.related === undefined ? ids.relatedId : null,
      customerId: have.customer === undefined ? ids.customerId : null,
      formerId: have.former === undefined ? ids.formerId : null,
    };
    const nothing = Object.values(missing).every((id) => id === null);
    return remember(ids, nothing ? have : { ...have, ...(await backend.read(missing)) });
  };

  const update = async <T>(
    ids: FileIds,
    decide: (file: PurchaseFile, runner: string | null) => Decision<T>,
    { basis, run, effect }: UpdateOptions = {},
  ): Promise<Committed<T>> => {
    let loaded = await load(ids, basis);
    let runner = run === true ? options.newLease() : null;
    let completing = effect ?? null;
    let leasesGathering = true;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const decision = decide(loaded.file, runner);
      const { result, writes } = decision;
      if (writes === null) return { result, leased: [], completed: false, after: loaded };
      const entries = known.get(loaded) ?? {};
      const leasedUntil = options.clock.monotonic() + options.leaseMs;
      const finishing = decision.completes === true ? versionOf(completing) : null;
      const now = options.clock.now();
      const mine = (request: EffectRequest) =>
        runner !== null && request.dueAt <= now && (leasesGathering || !gathers(request));
      const commit = toCommit(entries, writes, runner, finishing, mine);
      const version = await backend.commit(commit);
      if (version !== "conflict") {
        const after = remember(ids, entriesAfter(entries, writes, version));
        const leased = commit.leased.map((request) =>
          leaseOf(request, runner ?? "", leasedUntil, after, version),
        );
        return { result, leased, completed: finishing !== null, after };
      }
      await options.clock.sleep(options.chance() * Math.min(MAX_PAUSE_MS, 4 * 2 ** attempt));
      const again = await load(ids);
      // An effect that gathers events is often there still, from the commit before: it is tried for once, and stands in
      // the way of nothing else.
      const doubtful = commit.leased.some(gathers);
      leasesGathering = false;
      if (!doubtful && sameVersions(known.get(loaded) ?? {}, known.get(again) ?? {})) {
        // The file itself is as it was: an effect is held by somebody, or was asked for again. Leave it to the outbox.
        runner = null;
        completing = null;
      }
      loaded = again;
    }
    throw new AppError("store_unavailable", "Too many changes at once. Try again in a moment.", {
      retryable: true,
    });
  };

  const versionOf = (effect: LeasedEffect | null): Commit<V>["finishes"] => {
    const version = effect === null ? undefined : effectVersions.get(effect);
    return effect === null || version === undefined ? null : { id: effect.id, version };
  };

  const leaseOf = (
    request: EffectRequest,
    lease: string,
    leasedUntil: number,
    basis: LoadedFile,
    version: V,
  ): LeasedEffect => {
    const leased: LeasedEffect = { ...bornLeased(request, lease, leasedUntil), basis };
    effectVersions.set(leased, version);
    return leased;
  };

  return { load, update };
}

/** An effect that was created together with its lease. */
export function bornLeased(
  { id, effect, dueAt }: EffectRequest,
  lease: string,
  leasedUntil: number,
): LeasedEffect {
  return { id, effect, lease, attempts: 0, askedAt: dueAt, leasedUntil };
}

function fileOf<V>(ids: FileIds, entries: Entries<V>): PurchaseFile {
  return {
    ids,
    purchase: entries.purchase?.value ?? null,
    related: entries.related?.value ?? null,
    customer: entries.customer?.value ?? null,
    former: entries.former?.value ?? null,
  };
}

/** Of what was read before, the documents that are asked for now. */
function reusable<V>(entries: Entries<V>, before: FileIds, ids: FileIds): Entries<V> {
  const { purchase, related, customer, former, answeredAgoMs } = entries;
  return {
    ...(purchase !== undefined && before.purchaseId === ids.purchaseId
      ? { purchase, answeredAgoMs: answeredAgoMs ?? null }
      : {}),
    ...(related !== undefined && before.relatedId === ids.relatedId ? { related } : {}),
    ...(customer !== undefined && before.customerId === ids.customerId ? { customer } : {}),
    ...(former !== undefined && before.formerId === ids.formerId ? { former } : {}),
  };
}

function toCommit<V>(
  entries: Entries<V>,
  writes: Writes,
  runner: string | null,
  finishes: Commit<V>["finishes"],
  mine: (request: EffectRequest) => boolean,
): Commit<V> {
  return {
    writes,
    versions: {
      purchase: entries.purchase?.version ?? null,
      related: entries.related?.version ?? null,
      customer: entries.customer?.version ?? null,
      former: entries.former?.version ?? null,
    },
    leased: writes.effects.filter(mine),
    lease: runner,
    asked: writes.effects.filter((request) => !mine(request)),
    finishes,
  };
}

function gathers({ effect }: EffectRequest): boolean {
  return eventsOf(effect) !== null;
}

function entriesAfter<V>(before: Entries<V>, writes: Writes, version: V): Entries<V> {
  return {
    ...before,
    ...(writes.purchase === null ? {} : { purchase: { value: writes.purchase, version } }),
    ...(writes.related === null ? {} : { related: { value: writes.related, version } }),
    ...(writes.customer === null ? {} : { customer: { value: writes.customer, version } }),
    ...(writes.former === null ? {} : { former: { value: writes.former.customer, version } }),
    ...(writes.answered ? { answeredAgoMs: 0 } : {}),
  };
}

function sameVersions<V>(a: Entries<V>, b: Entries<V>): boolean {
  const text = ({ purchase, related, customer, former }: Entries<V>) =>
    JSON.stringify([purchase, related, customer, former].map((entry) => entry?.version ?? null));
  return text(a) === text(b);
}
