import { androidpublisher } from "@googleapis/androidpublisher";
import { SECOND } from "../../domain/instant.ts";
import type { PurchaseRef } from "../../domain/purchase-file.ts";
import type { PlayApi, Priority } from "../../ports.ts";
import { createNextFlight } from "../shared/single-flight.ts";
import { createOrderCalls } from "./order-calls.ts";
import { createPlayCall, type PlayCallOptions } from "./play-call.ts";
import { pathIds, pathIdsOfProduct } from "./play-ids.ts";

export const GOOGLE_ROOT_URL = "https://androidpublisher.googleapis.com/";

export interface PlayApiOptions extends Omit<PlayCallOptions, "rootUrl" | "attemptTimeoutMs"> {
  /** Root of the API, with or without a path ({@link GOOGLE_ROOT_URL}). On http loopback no credentials are used. */
  readonly rootUrl?: string;
  /** How long one attempt may take, in ms (3000). */
  readonly attemptTimeoutMs?: number;
  /** How long a call may take with all its attempts and its wait for the quota, in ms (8000: Pub/Sub's push gives 10 s). */
  readonly totalBudgetMs?: number;
}

const RANK: Record<Priority, number> = { sweep: 0, notice: 1, app: 2 };
/** Three days are left to acknowledge; whoever waits for an answer goes first. */
const AFTERWARDS: Priority = "notice";

/**
 * Google Play's purchases over the Android Publisher API v3: version 2 reads for both kinds of purchase; for
 * acknowledge and consume there is only the old version (google-play.md section 7).
 *
 * What it throws stands with the port. `purchase_not_found` and `purchase_token_expired` are not retryable; all else
 * is, and `play_unavailable` says with `retryAfterMs` when.
 *
 * @throws RangeError on a root that is plain http to another machine, or on a quota below 1.
 */
export function createPlayApi(options: PlayApiOptions): PlayApi {
  const {
    rootUrl = GOOGLE_ROOT_URL,
    attemptTimeoutMs = 3 * SECOND,
    totalBudgetMs = 8 * SECOND,
    clock,
  } = options;
  const api = androidpublisher("v3");
  const { purchases } = api;
  const call = createPlayCall({ ...options, rootUrl, attemptTimeoutMs });
  const flight = createNextFlight<unknown>();
  const about = (ref: PurchaseRef) => ({
    subject: { purchaseId: ref.id },
    buckets: [ref.type === "subscription" ? ("subscriptions" as const) : ("one_time" as const)],
    deadline: clock.monotonic() + totalBudgetMs,
  });

  return {
    ...createOrderCalls(api, call, clock, totalBudgetMs),

    async getPurchase(ref, priority) {
      const ids = pathIds(ref);
      const common = { ...about(ref), priority, repeatable: true };
      // The deadline counts from here: a wait for somebody else's read is part of it.
      const read = () =>
        ref.type === "subscription"
          ? call({
              ...common,
              method: "subscriptionsv2.get",
              send: (send) => purchases.subscriptionsv2.get(ids, send),
            })
          : call({
              ...common,
              method: "productsv2.getproductpurchasev2",
              send: (send) => purchases.productsv2.getproductpurchasev2(ids, send),
            });
      return flight(`${ref.type}:${ref.id}`, read, RANK[priority]);
    },

    async acknowledge(ref, productId, accountId = null) {
      const { productId: subscriptionId, ...ids } = pathIdsOfProduct(ref, productId);
      const common = { ...about(ref), priority: AFTERWARDS, repeatable: true };
      await (ref.type === "subscription"
        ? call({
            ...common,
            method: "subscriptions.acknowledge",
            send: (send) =>
              purchases.subscriptions.acknowledge(
                { ...ids, subscriptionId, requestBody: acknowledgement(accountId) },
                send,
              ),
          })
        : call({
            ...common,
            method: "products.acknowledge",
            send: (send) => purchases.products.acknowledge({ ...ids, productId, requestBody: {} }, send),
          }));
    },

    async consume(ref, productId) {
      const ids = pathIdsOfProduct(ref, productId);
      await call({
        ...about(ref),
        priority: AFTERWARDS,
        // A second consume is refused by Google: whether the first took effect, only a read can tell.
        repeatable: false,
        method: "products.consume",
        send: (send) => purchases.products.consume(ids, send),
      });
    },
  };
}

/** Google blocks an account id that is longer (google-play.md section 8). */
const LONGEST_ACCOUNT_ID = 64;

function acknowledgement(accountId: string | null) {
  const fits = accountId !== null && accountId.length <= LONGEST_ACCOUNT_ID;
  return fits ? { externalAccountIds: { obfuscatedAccountId: accountId } } : {};
}
