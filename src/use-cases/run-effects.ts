import { backoff } from "../domain/backoff.ts";
import { type Effect, type Queue, queueOf } from "../domain/effect.ts";
import { AppError, OutsideError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { NO_IDS, type SealedLicenseKey } from "../domain/purchase-file.ts";
import type { Deliveries } from "../integrations/registry.ts";
import type { Latest, LeasedEffect, LoadedFile, Ports, Started } from "../ports.ts";
import { acknowledgePurchase } from "./acknowledge-purchase.ts";
import { answerRefundReview } from "./answer-refund-review.ts";
import { endGift } from "./end-gift.ts";
import { findOrphans } from "./find-orphans.ts";
import { fulfillSlot } from "./fulfill-slot.ts";
import { publishEvents } from "./publish-events.ts";
import { replayEvents } from "./replay-events.ts";
import { sendMail } from "./send-mail.ts";
import { sendWebhooks } from "./send-webhooks.ts";
import { isForgotten, NOTHING_STARTED, type SyncPorts, syncPurchase } from "./sync-purchase.ts";

/** How running an effect ended. `completed`: it was finished together with its last change. */
export type EffectResult = Ended & {
  /** Where it was taken anew in between. */
  readonly lease?: LeasedEffect;
};

type Ended =
  | { readonly kind: "done" | "completed"; readonly left?: Left }
  | { readonly kind: "later"; readonly code: string; readonly afterMs?: number | null }
  /** As far as it could go now: what is left of it has a time of its own. */
  | { readonly kind: "wait"; readonly code: string; readonly until: Instant };

/** What an effect that ended left behind. */
export interface Left {
  readonly after: LoadedFile;
  readonly key: SealedLicenseKey | null;
}

export type EffectPorts = SyncPorts &
  Pick<
    Ports,
    | "outbox"
    | "records"
    | "intake"
    | "desk"
    | "chance"
    | "secretBox"
    | "webhookRecords"
    | "webhooks"
    | "mailRecords"
    | "mailer"
    | "accounts"
  > & { readonly deliveries: Deliveries };

/** Runs, in the background, the effects that a commit leased to this process. What fails stays in the outbox. */
export function startEffects(ports: EffectPorts, leased: readonly LeasedEffect[]): Started {
  const deliveries = leased.filter(({ effect }) => effect.kind === "fulfill_slot");
  const ends: Promise<void>[] = [];
  let latest = NOTHING_STARTED.latest();
  for (const effect of leased) {
    const { promise, resolve } = Promise.withResolvers<void>();
    ports.background.run(async () => {
      try {
        const { left } = await runEffect(ports, effect);
        if (left !== undefined) latest = combine(latest, left, deliveries.length === 1);
      } finally {
        resolve();
      }
    }, queueOf(effect.effect));
    if (deliveries.includes(effect)) ends.push(promise);
  }
  const delivered = ends.length === 0 ? null : Promise.all(ends).then(() => undefined);
  return { delivered, latest: () => latest };
}

/** @param alone Several deliveries meet in one file, and which of them was the last can't be told here. */
function combine(latest: Latest, { after, key }: Left, alone: boolean): Latest {
  const { purchase, customer } = after.file;
  return {
    purchase: purchase ?? latest.purchase,
    customer: (alone ? customer : null) ?? latest.customer,
    keys: alone && key !== null ? [key] : latest.keys,
  };
}

/** `waits`: what is left of it has a time of its own. `failed`: it is tried again, by whoever finds it due. */
export type EffectEnd = "done" | "waits" | "failed";

/**
 * Leases what is due, in one queue or in all, and begins to run it: what other processes left when they died, what has to
 * be tried again.
 *
 * @returns One promise for each effect begun; none of them ever rejects.
 */
export async function beginDueEffects(
  ports: EffectPorts,
  limit: number,
  queue?: Queue,
): Promise<Promise<EffectEnd>[]> {
  const leased = await ports.outbox.lease(ports.clock.now(), limit, queue);
  return leased.map(async (effect) => (await runEffect(ports, effect)).end);
}

/** As {@link beginDueEffects}, and waits for them. @returns How many were run. */
export async function runDueEffects(ports: EffectPorts, limit: number): Promise<number> {
  const running = await beginDueEffects(ports, limit);
  await Promise.all(running);
  return running.length;
}

/**
 * Runs one leased effect and says so to the outbox. Be careful here: whatever happens, the effect must end finished,
 * postponed, or with a lease that runs out.
 */
async function runEffect(ports: EffectPorts, leased: LeasedEffect): Promise<{ end: EffectEnd; left?: Left }> {
  const startedAt = ports.clock.monotonic();
  const fields = { effect_id: leased.id, kind: leased.effect.kind, attempt: leased.attempts + 1 };
  try {
    const result = await attemptEffect(ports, leased);
    const again = await settle(ports, result.lease ?? leased, result);
    const outcome = "code" in result ? result.code : result.kind;
    ports.log.info("effect", { ...fields, outcome, ms: Math.round(ports.clock.monotonic() - startedAt) });
    if (again !== null) return runEffect(ports, again);
    if (result.kind === "wait") return { end: "waits" };
    if (result.kind === "later") return { end: "failed" };
    return { end: "done", ...(result.left === undefined ? {} : { left: result.left }) };
  } catch (error) {
    // The store itself failed: the lease runs out by itself and somebody takes over.
    ports.log.error("effect.abandoned", fields, error);
    return { end: "failed" };
  }
}

/** @returns What was asked for again while it ran. */
async function settle(
  ports: EffectPorts,
  leased: LeasedEffect,
  result: EffectResult,
): Promise<LeasedEffect | null> {
  if (result.kind === "done") return ports.outbox.finish(leased);
  if (result.kind === "wait") await ports.outbox.postpone(leased, result.until, result.code);
  if (result.kind === "later") await postpone(ports, leased, result.code, result.afterMs ?? null);
  return null;
}

async function attemptEffect(ports: EffectPorts, leased: LeasedEffect): Promise<EffectResult> {
  try {
    return await dispatch(ports, leased, leased.effect);
  } catch (error) {
    if (error instanceof AppError) return { kind: "later", code: error.code, afterMs: error.retryAfterMs };
    if (error instanceof OutsideError)
      return { kind: "later", code: error.code, afterMs: error.retryAfterMs };
    ports.log.error("effect.bug", { effect_id: leased.id, kind: leased.effect.kind }, error);
    return { kind: "later", code: "internal_error" };
  }
}

function dispatch(ports: EffectPorts, leased: LeasedEffect, effect: Effect): Promise<EffectResult> {
  switch (effect.kind) {
    case "fulfill_slot":
      return fulfillSlot(ports, leased, effect);
    case "find_orphans":
      return findOrphans(ports, effect);
    case "acknowledge_purchase":
      return acknowledgePurchase(ports, leased, effect);
    case "sync_purchase":
      return syncLinked(ports, effect.purchaseId);
    case "end_gift":
      return endGift(ports, effect);
    case "answer_refund_review":
      return answerRefundReview(ports, effect);
    case "publish_events":
      return publishEvents(ports, effect);
    case "send_webhooks":
      return sendWebhooks(ports, leased, effect);
    case "replay_events":
      return replayEvents(ports, effect);
    case "send_mail":
      return sendMail(ports, leased, effect);
  }
}

async function syncLinked(
  ports: SyncPorts,
  purchaseId: Extract<Effect, { kind: "sync_purchase" }>["purchaseId"],
): Promise<EffectResult> {
  const { file } = await ports.store.load({ ...NO_IDS, purchaseId });
  if (file.purchase === null) return { kind: "done" };
  try {
    await syncPurchase(ports, {
      ref: file.purchase,
      cause: "effect",
      priority: "sweep",
      claimant: null,
      productId: null,
      observation: null,
      acceptAgeMs: 0,
    });
  } catch (error) {
    // Google has forgotten the old token: there is nothing more to learn about it.
    if (!isForgotten(error)) throw error;
  }
  return { kind: "done" };
}

async function postpone(
  ports: EffectPorts,
  leased: LeasedEffect,
  code: string,
  afterMs: number | null,
): Promise<void> {
  const delay = Math.max(backoff(leased.attempts + 1, ports.chance()), afterMs ?? 0);
  await ports.outbox.postpone(leased, ports.clock.now() + delay, code);
}
