import { auditTold } from "../domain/audit.ts";
import type { Effect } from "../domain/effect.ts";
import { AppError } from "../domain/errors.ts";
import { leadingItem, type Purchase } from "../domain/purchase.ts";
import {
  type Decision,
  type FileIds,
  NO_IDS,
  NO_WRITES,
  type PurchaseRecord,
} from "../domain/purchase-file.ts";
import { isDueAtGoogle, needsConsuming } from "../domain/sync-effects.ts";
import type { LeasedEffect } from "../ports.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";
import { syncPurchase } from "./sync-purchase.ts";

/**
 * Tells Google that a purchase was granted: a consumable is consumed, all else acknowledged. Google takes back what is
 * not acknowledged within three days, so this is tried until Google says yes (google-play.md section 8).
 */
export async function acknowledgePurchase(
  ports: EffectPorts,
  leased: LeasedEffect,
  effect: Extract<Effect, { kind: "acknowledge_purchase" }>,
): Promise<EffectResult> {
  const ids: FileIds = { ...NO_IDS, purchaseId: effect.purchaseId };
  const basis = leased.basis ?? (await ports.store.load(ids));
  const { purchase } = basis.file;
  const { policy } = ports.settings;
  if (purchase === null || !isDueAtGoogle(purchase, policy, ports.clock.now())) return { kind: "done" };
  const consume = needsConsuming(purchase, policy);
  try {
    await tellGoogle(ports, purchase, consume);
  } catch (error) {
    return refused(ports, purchase, error);
  }
  const { completed, after } = await ports.store.update(
    ids,
    ({ purchase: stored }): Decision<null> => recordTold(stored, consume, ports.clock.now()),
    { basis, effect: leased },
  );
  return { kind: completed ? "completed" : "done", left: { after, key: null } };
}

async function tellGoogle(ports: EffectPorts, purchase: PurchaseRecord, consume: boolean): Promise<void> {
  const item = purchase.answer === null ? undefined : leadingItem(purchase.answer);
  if (item === undefined) return;
  if (consume) await ports.play.consume(purchase, item.productId);
  else await ports.play.acknowledge(purchase, item.productId, await missingAccountId(ports, purchase));
}

/**
 * A subscription bought again in Play carries no account id of its own, and what names the old one vanishes with the
 * acknowledgement, so that is when Google takes it (google-play.md section 8).
 */
async function missingAccountId(ports: EffectPorts, purchase: PurchaseRecord): Promise<string | null> {
  const again = purchase.answer?.resubscribes != null && purchase.customerId !== null;
  return again ? ports.accountIds.give(purchase.customerId) : null;
}

/** The app may have told Google at the same moment: after any refusal the answer lies in reading again. */
async function refused(ports: EffectPorts, purchase: PurchaseRecord, error: unknown): Promise<EffectResult> {
  if (!(error instanceof AppError) || error.retryable) throw error;
  const request = { claimant: null, productId: null, observation: null, acceptAgeMs: 0 };
  const again = await syncPurchase(ports, { ...request, ref: purchase, cause: "effect", priority: "app" });
  const open =
    again.kind === "synced" && isDueAtGoogle(again.purchase, ports.settings.policy, ports.clock.now());
  if (!open) return { kind: "done" };
  ports.log.error("acknowledge.refused", { purchase_id: purchase.id, code: error.code });
  return { kind: "later", code: error.code };
}

/** What we did at Google is in our record as if Google had told us; an answer read before it is older now. */
function recordTold(stored: PurchaseRecord | null, consumed: boolean, now: number): Decision<null> {
  if (stored?.answer == null) return { result: null, writes: null };
  const items = consumed
    ? stored.answer.items.map((item) => ({ ...item, consumed: true }))
    : stored.answer.items;
  const answer: Purchase = { ...stored.answer, acknowledged: true, items };
  const revision = stored.revision + 1;
  const purchase: PurchaseRecord = { ...stored, answer, acknowledgeBy: null, revision, updatedAt: now };
  const audit = [auditTold(purchase, consumed, now)];
  return { result: null, writes: { ...NO_WRITES, purchase, audit }, completes: true };
}
