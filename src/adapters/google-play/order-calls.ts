import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import { DAY, MINUTE } from "../../domain/instant.ts";
import type { Clock, PlayApi, RefundPreference, VoidedQuery } from "../../ports.ts";
import type { PlayRequest } from "./play-call.ts";
import { pathIdsOfOrder, pathPackage } from "./play-ids.ts";

/** The API's own cap, and its default. */
const LARGEST_PAGE = 1000;
/** Google keeps no void longer and refuses an earlier start; the minute is for the way there. */
const KEPT_MS = 30 * DAY - MINUTE;

const PREFERENCE: Record<RefundPreference, string> = {
  approve: "APPROVE",
  decline: "DECLINE",
  neutral: "NEUTRAL",
};

/** The calls that are about orders rather than about a purchase (google-play.md section 7). */
export function createOrderCalls(
  api: Pick<androidpublisher_v3.Androidpublisher, "orders" | "purchases">,
  call: (request: PlayRequest) => Promise<unknown>,
  clock: Clock,
  totalBudgetMs: number,
): Pick<PlayApi, "voidedPurchases" | "reviewRefund"> {
  const deadline = () => clock.monotonic() + totalBudgetMs;
  return {
    async voidedPurchases(query) {
      const packageName = pathPackage(query.packageName);
      return call({
        method: "voidedpurchases.list",
        subject: { packageName },
        buckets: [`voids of ${packageName}`, "orders"],
        priority: "sweep",
        repeatable: true,
        deadline: deadline(),
        send: (send) => api.purchases.voidedpurchases.list(listOf(packageName, query, clock.now()), send),
      });
    },

    async reviewRefund({ packageName, orderId, pendingRefundToken }, preference) {
      const ids = pathIdsOfOrder(packageName, orderId);
      const requestBody = {
        pendingRefundToken: pendingRefundToken.reveal(),
        refundPreference: PREFERENCE[preference],
        sampleContentProvided: false,
      };
      await call({
        method: "orders.reviewrefund",
        subject: { packageName },
        buckets: ["orders"],
        priority: "notice",
        // Only the first view counts, and whoever asked for it asks again: nothing is gained by hurrying.
        repeatable: false,
        deadline: deadline(),
        send: (send) => api.orders.reviewrefund({ ...ids, requestBody }, send),
      });
    },
  };
}

/** Both kinds of purchase, and refunds of single units. A page's token carries the window: a start beside it is ignored. */
function listOf(packageName: string, { since, pageToken }: VoidedQuery, now: number) {
  const window =
    pageToken === null ? { startTime: String(Math.max(since, now - KEPT_MS)) } : { token: pageToken };
  return {
    packageName,
    type: 1,
    includeQuantityBasedPartialRefund: true,
    maxResults: LARGEST_PAGE,
    ...window,
  };
}
