import { announce } from "../domain/announce.ts";
import { changeSlots } from "../domain/apply-commands.ts";
import { auditRows } from "../domain/audit.ts";
import { STRAGGLER_MS } from "../domain/backoff.ts";
import { type Effect, requestEffect } from "../domain/effect.ts";
import { fileWrites } from "../domain/file-writes.ts";
import type { Instant } from "../domain/instant.ts";
import {
  type Decision,
  NO_IDS,
  type PurchaseFile,
  type SealedLicenseKey,
  type Writes,
} from "../domain/purchase-file.ts";
import { nextStep, type Slot } from "../domain/slot.ts";
import type { SlotChange } from "../domain/slot-rows.ts";
import type { LeasedEffect, LoadedFile, UpdateOptions } from "../ports.ts";
import { holdLease } from "./hold-lease.ts";
import type { EffectPorts } from "./run-effects.ts";

/** The effect that brings one slot up to date. */
export type Fulfilment = Extract<Effect, { kind: "fulfill_slot" }>;

/** One run: what it works on and under which lease. */
export interface Run {
  readonly ports: EffectPorts;
  readonly effect: Fulfilment;
  lease: LeasedEffect;
  basis: LoadedFile | null;
  /** The key of the licence in hand, once it was read or made in this run. */
  key: SealedLicenseKey | null;
  /** The last change left nothing to do, and the effect was finished with it. */
  completed: boolean;
}

/** Nothing of the former holder can still be on its way by then. */
export function searchLater(run: Run, slot: Slot, now: Instant) {
  const { customerId, slotId } = run.effect;
  const effect = { kind: "find_orphans", customerId, slotId, integrationType: slot.integrationType } as const;
  const { leaseMs } = run.ports.settings;
  // Short leases are for tests, and calls are as short there.
  return requestEffect(effect, now + leaseMs + Math.min(STRAGGLER_MS, 4 * leaseMs));
}

/** A call goes out only under a lease that lasts longer than the call can. */
export async function holdFor(run: Run, ms: number): Promise<boolean> {
  const held = await holdLease(run.ports, run.lease, ms);
  run.lease = held ?? run.lease;
  return held !== null;
}

/** The sealed key of the licence that the slot holds. */
export async function keyOf(run: Run, slot: Slot): Promise<SealedLicenseKey | null> {
  const id = slot.shown?.id;
  if (id === undefined) return null;
  if (run.key?.id !== id) run.key = (await run.ports.records.licenseKeys([id]))[0] ?? null;
  return run.key;
}

/** What a step decides about the slot as it is by then. */
export interface SlotDecision<T> {
  readonly result: T;
  readonly change: SlotChange | null;
  readonly key?: SealedLicenseKey | null;
  readonly effects?: Writes["effects"];
}

/** One commit on the slot. If it leaves nothing to do, the effect is finished in it. */
export async function change<T>(run: Run, decide: (slot: Slot | null, now: Instant) => SlotDecision<T>) {
  const { customerId, slotId } = run.effect;
  const ids = { ...NO_IDS, customerId };
  const { store, clock, background, effects } = run.ports;
  const options: UpdateOptions = {
    effect: run.lease,
    run: background.hasRoom(),
    ...(run.basis === null ? {} : { basis: run.basis }),
  };
  const committed = await store.update(
    ids,
    (file) => toDecision(file, decide(file.customer?.slots[slotId] ?? null, clock.now()), clock.now()),
    options,
  );
  effects.start(committed.leased);
  run.basis = committed.after;
  run.completed = committed.completed;
  return committed;
}

function toDecision<T>(file: PurchaseFile, decided: SlotDecision<T>, now: Instant): Decision<T> {
  const { result, change: slotChange, key, effects } = decided;
  if (slotChange === null || file.customer === null) return { result, writes: null };
  const change = changeSlots(file.customer, [slotChange], now);
  const writes: Writes = {
    ...fileWrites(change, auditRows({ cause: "effect", actor: null }, change.grants, now), now),
    // This run goes on by itself; what it leaves undone stays with its own effect.
    effects: [...announce(change.events, now), ...(effects ?? [])],
    licenseKeys: key == null ? [] : [key],
  };
  return { result, writes, completes: nextStep(slotChange.slot) === "none" };
}
