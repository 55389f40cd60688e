import { toPurchase } from "../domain/google-play/to-purchase.ts";
import type { CustomerId, PurchaseId } from "../domain/ids.ts";
import type { Purchase } from "../domain/purchase.ts";
import { NO_IDS, type PurchaseFile, type PurchaseRef, purchaseRef } from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";
import { isForgotten, type SyncRequest } from "./sync-purchase.ts";

/** Links followed back: more changes of plan, none of them ever seen here, than anybody makes. */
const MAX_LINKS = 10;

type WalkPorts = Pick<Ports, "play" | "store" | "accountIds">;

/**
 * Who owned the purchases that a new one descends from, where tokens in between were never seen here: each is asked for
 * at Google, back to one that is known, that names an account, or that is the first (google-play.md section 9, Chains).
 * Costs nothing where the purchase, or the one it replaces, is known already.
 *
 * @param file The purchase and the one it replaces, as read.
 * @returns null when nobody is found.
 * @throws AppError as `PlayApi.getPurchase`, but for tokens that Google has forgotten: there the chain ends.
 */
export async function inheritedOwner(
  ports: WalkPorts,
  file: PurchaseFile,
  answer: Purchase,
  { ref, claimant, priority }: SyncRequest,
): Promise<CustomerId | null> {
  const known = file.purchase?.customerId ?? file.related?.customerId ?? null;
  if (known !== null || answer.replaces === null || file.related?.answer != null) return null;
  const seen = new Set<PurchaseId>([ref.id]);
  let link: PurchaseRef | null = purchaseRef(ref.packageName, "subscription", answer.replaces);
  while (link !== null && !seen.has(link.id) && seen.size <= MAX_LINKS) {
    seen.add(link.id);
    const step: Step = await stepBack(ports, link, claimant, priority);
    if (step.owner !== null) return step.owner;
    link = step.next;
  }
  return null;
}

interface Step {
  readonly owner: CustomerId | null;
  readonly next: PurchaseRef | null;
}

const END: Step = { owner: null, next: null };

async function stepBack(
  { play, store, accountIds }: WalkPorts,
  link: PurchaseRef,
  claimant: SyncRequest["claimant"],
  priority: SyncRequest["priority"],
): Promise<Step> {
  const { file } = await store.load({ ...NO_IDS, purchaseId: link.id });
  if (file.purchase !== null && file.purchase.customerId !== null) {
    return { owner: file.purchase.customerId, next: null };
  }
  try {
    const { accountId, replaces } = toPurchase(link, await play.getPurchase(link, priority));
    const named = await accountIds.whose(accountId, claimant);
    if (named.kind === "customer") return { owner: named.id, next: null };
    const next = replaces === null ? null : purchaseRef(link.packageName, "subscription", replaces);
    return { owner: null, next };
  } catch (error) {
    if (isForgotten(error)) return END;
    throw error;
  }
}
