import { isExhausted } from "../domain/backoff.ts";
import { requestEffect } from "../domain/effect.ts";
import { AppError, OutsideError } from "../domain/errors.ts";
import { type Instant, SECOND } from "../domain/instant.ts";
import { NO_IDS, NO_WRITES, type SealedLicenseKey, type Writes } from "../domain/purchase-file.ts";
import { closeAttempt, nextStep, openAttempt, type Slot, type Step, wantedAccess } from "../domain/slot.ts";
import { recordApplied, recordDelivered, recordFailure, recordUnheard } from "../domain/slot-record.ts";
import { grantOfDelivery, type SlotChange } from "../domain/slot-rows.ts";
import type { Delivery, StepOutcome } from "../integrations/integration.ts";
import type { LeasedEffect } from "../ports.ts";
import { findOrphans } from "./find-orphans.ts";
import type { EffectPorts, EffectResult, Left } from "./run-effects.ts";
import {
  change,
  type Fulfilment,
  holdFor,
  keyOf,
  type Run,
  type SlotDecision,
  searchLater,
} from "./slot-run.ts";

/** Steps in one run: revoke, deliver, extend is the longest path; more means that the target keeps moving. */
const MAX_STEPS = 8;

/**
 * Brings what is real outside to what is wanted, step by step, until nothing is left to do.
 *
 * A lease keeps others away, but does not stop a process that was frozen; so a delivery is marked before it goes out, it
 * is recorded only while the mark is still ours, and what could not be recorded is taken back at once. Whoever finds
 * another's mark looks for what that one left, now and once more when nothing of it can still be under way.
 */
export async function fulfillSlot(
  ports: EffectPorts,
  leased: LeasedEffect,
  effect: Fulfilment,
): Promise<EffectResult> {
  const run: Run = { ports, effect, lease: leased, basis: leased.basis ?? null, key: null, completed: false };
  const result = await takeSteps(run);
  return { ...result, lease: run.lease };
}

async function takeSteps(run: Run): Promise<EffectResult> {
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const plan = await planStep(run);
    if (plan === null) return { kind: "done", ...left(run) };
    const result = await takeStep(run, plan.step, plan.slot, plan.takenOver);
    if (result !== "next") return result;
    if (run.completed) return { kind: "completed", ...left(run) };
  }
  return { kind: "later", code: "moving_target" };
}

function left({ basis, key }: Run): { left?: Left } {
  return basis === null ? {} : { left: { after: basis, key } };
}

interface Plan {
  readonly step: Exclude<Step, "none">;
  readonly slot: Slot;
  /** Another's mark stood there. */
  readonly takenOver: boolean;
}

/** Decides the next step, null for none; a delivery is marked in the same commit, unless our mark stands there already. */
async function planStep(run: Run): Promise<Plan | null> {
  const { lease } = run.lease;
  const { result } = await change(run, (slot, now): SlotDecision<Plan | null> => {
    const step = slot === null ? "none" : nextStep(slot);
    if (slot === null || step === "none") return { result: null, change: null };
    const ours = slot.attempt?.lease === lease;
    const takenOver = slot.attempt !== null && !ours;
    if (step !== "deliver" || ours) return { result: { step, slot, takenOver }, change: null };
    const marked = openAttempt(slot, lease);
    const later = takenOver ? [searchLater(run, slot, now)] : [];
    return { result: { step, slot: marked, takenOver }, change: { slot: marked, rows: [] }, effects: later };
  });
  return result;
}

async function takeStep(
  run: Run,
  step: Exclude<Step, "none">,
  slot: Slot,
  takenOver: boolean,
): Promise<EffectResult | "next"> {
  const delivery = run.ports.deliveries.get(slot.integrationType);
  if (delivery === undefined) {
    run.ports.log.error("fulfill.no_integration", { slot_id: slot.id, type: slot.integrationType });
    return { kind: "later", code: "no_integration" };
  }
  if (takenOver) await searchNow(run, slot);
  if (step === "abandon") return abandon(run, slot);
  if (!(await holdFor(run, delivery.timeoutMs))) return { kind: "later", code: "lease_lost" };
  return step === "deliver" ? deliver(run, delivery, slot) : apply(run, delivery, slot, step);
}

async function searchNow(run: Run, slot: Slot): Promise<void> {
  const { customerId, slotId } = run.effect;
  await findOrphans(run.ports, {
    kind: "find_orphans",
    customerId,
    slotId,
    integrationType: slot.integrationType,
  });
}

/** Nobody wants the delivery any more whose end is unknown; what it may have left was looked for just now. */
async function abandon(run: Run, slot: Slot): Promise<"next"> {
  await change(run, (current, now) => {
    if (current?.attempt?.number !== slot.attempt?.number || current === null)
      return { result: null, change: null };
    return {
      result: null,
      change: { slot: closeAttempt(current), rows: [] },
      effects: [searchLater(run, current, now)],
    };
  });
  return "next";
}

async function deliver(run: Run, delivery: Delivery, slot: Slot): Promise<EffectResult | "next"> {
  const offer = run.ports.settings.policy.catalog.entitlements.get(slot.entitlementId)?.integration.offer;
  const attempt = slot.attempt?.number ?? 0;
  const outcome = await delivery.deliver({ slot, offer, attempt, grantId: grantOfDelivery(slot) });
  if (outcome.kind !== "done") return undelivered(run, slot, attempt, outcome);
  const { result: kept } = await commitOrInsist(run, (current, now) => {
    // A commit whose answer was lost is sent again by the database's client, and conflicts with itself.
    if (isRecorded(current, outcome.key)) return { result: true, change: null };
    if (!isOurs(current, attempt, run)) return { result: false, change: null };
    const recorded = recordDelivered(current, slot.target.productId, outcome.delivered, now);
    return { result: true, change: recorded, key: outcome.key };
  });
  if (kept) {
    run.key = outcome.key;
    return "next";
  }
  // Somebody took over: nobody will ever hold this one.
  run.ports.log.warn("fulfill.discarded", { slot_id: slot.id, attempt });
  try {
    await outcome.discard();
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    await searchForIt(run, slot);
  }
  return { kind: "later", code: "lease_lost" };
}

/** A key's id names the attempt that made it, and an attempt is nobody else's. */
function isRecorded(slot: Slot | null, key: SealedLicenseKey | null): boolean {
  return key !== null && slot?.shown?.id === key.id;
}

function isOurs(slot: Slot | null, attempt: number, run: Run): slot is Slot {
  return slot?.attempt?.number === attempt && slot.attempt.lease === run.lease.lease;
}

async function undelivered(
  run: Run,
  slot: Slot,
  attempt: number,
  outcome: Exclude<StepOutcome, { kind: "done" }>,
): Promise<EffectResult | "next"> {
  const { ports, lease } = run;
  const tooLong = isExhausted("fulfill_slot", ports.clock.now() - lease.askedAt);
  // Whoever took over has searched before this one went out.
  if (isLate(run) && outcome.kind === "try_later" && outcome.made === "unknown") await searchForIt(run, slot);
  if (outcome.kind === "try_later" && (outcome.made === "unknown" || !tooLong)) {
    // Where nobody knows what happened the mark stays: the next run looks for what may have been left.
    if (outcome.made === "nothing") await unmark(run, attempt);
    return { kind: "later", code: outcome.code, afterMs: outcome.afterMs };
  }
  const failure =
    outcome.kind === "gave_up"
      ? outcome.failure
      : { code: outcome.code, message: "The licence could not be issued for a day." };
  ports.log.error("fulfill.gave_up", { slot_id: slot.id, code: failure.code });
  await change(run, (current, now) =>
    isOurs(current, attempt, run)
      ? { result: null, change: recordFailure(current, failure, now) }
      : { result: null, change: null },
  );
  return "next";
}

async function unmark(run: Run, attempt: number): Promise<void> {
  await change(run, (current) =>
    isOurs(current, attempt, run)
      ? { result: null, change: { slot: closeAttempt(current), rows: [] } }
      : { result: null, change: null },
  );
}

async function apply(
  run: Run,
  delivery: Delivery,
  slot: Slot,
  step: "extend" | "suspend" | "resume" | "revoke",
): Promise<EffectResult | "next"> {
  const wanted = wantedAccess(slot);
  const until = wanted.kind === "active" ? wanted.until : null;
  const key = await keyOf(run, slot);
  const outcome = await (step === "extend" ? delivery.extend(slot, key, until) : delivery[step](slot, key));
  if (outcome.kind === "try_later") {
    if (isLate(run) && outcome.made === "unknown")
      await record(run, slot, (current) => recordUnheard(current, step));
    return { kind: "later", code: outcome.code, afterMs: outcome.afterMs };
  }
  if (outcome.kind === "gave_up") {
    // Access must not outlive the payment, so this is never given up: slower and slower, and somebody is told.
    run.ports.log.error("fulfill.refused", { slot_id: slot.id, step, code: outcome.failure.code });
    return { kind: "later", code: outcome.failure.code };
  }
  await record(run, slot, (current, now) => recordApplied(current, step, until, now));
  return "next";
}

/** What a call came to, unless the licence it was about is no longer the slot's. */
async function record(
  run: Run,
  slot: Slot,
  decide: (current: Slot, now: Instant) => SlotChange,
): Promise<void> {
  await commitOrInsist(run, (current, now): SlotDecision<null> => {
    if (current === null || current.shown?.id !== slot.shown?.id || current.applied.kind === "none") {
      return { result: null, change: null };
    }
    const recorded = decide(current, now);
    return { result: null, change: recorded, effects: askAnew(run, recorded.slot, now) };
  });
}

function commitOrInsist<T>(run: Run, decide: (slot: Slot | null, now: Instant) => SlotDecision<T>) {
  const commit = () => change(run, decide);
  return isLate(run) ? insist(run, commit) : commit();
}

/** Tries of what nobody else will try again, each after twice the pause before it. */
const INSISTING_TRIES = 8;

/** After a call that went out late the effect is somebody else's, or over: what isn't recorded now never will be. */
async function insist<T>({ ports }: Run, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < INSISTING_TRIES; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      await ports.clock.sleep(2 ** attempt * SECOND);
    }
  }
  return act();
}

/** A licence may have been made that nobody holds: it is looked for when nothing can be under way any more. */
async function searchForIt(run: Run, slot: Slot): Promise<void> {
  const { store, clock } = run.ports;
  await insist(run, () => {
    const effects = [searchLater(run, slot, clock.now())];
    return store.update(NO_IDS, () => ({ result: null, writes: { ...NO_WRITES, effects } }));
  });
}

/** A call that went out late may have undone what another holder did, whose effect is over: then it is asked for anew. */
function askAnew(run: Run, slot: Slot, now: Instant): Writes["effects"] {
  return isLate(run) && nextStep(slot) !== "none" ? [requestEffect(run.effect, now)] : [];
}

function isLate({ ports, lease }: Run): boolean {
  return ports.clock.monotonic() >= lease.leasedUntil;
}
