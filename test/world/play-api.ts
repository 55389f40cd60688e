import { PlayFailure, playFailure, toAppError } from "../../src/adapters/google-play/play-failure.ts";
import { pathIds, pathIdsOfProduct } from "../../src/adapters/google-play/play-ids.ts";
import { createNextFlight } from "../../src/adapters/shared/single-flight.ts";
import type { PurchaseRef } from "../../src/domain/purchase-file.ts";
import type { Clock, PlayApi } from "../../src/ports.ts";

/** As Google's client throws it, so that the adapter's own reading of errors applies. */
class ClientError extends Error {
  readonly config = {};
  readonly response?: { status: number; headers: Headers; data: unknown };
  constructor(response?: ClientError["response"]) {
    super("no success");
    if (response !== undefined) this.response = response;
  }
}

/**
 * The port over any `fetch`: paths, sharing of reads and errors as in the adapter, which can't do without real timers. No
 * call is repeated in here.
 */
export function createPlayApi(baseUrl: string, fetch: typeof globalThis.fetch, clock: Clock): PlayApi {
  const flight = createNextFlight<unknown>();

  async function call(packageName: string, path: string, body?: object): Promise<unknown> {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    try {
      return await exchange(`${baseUrl}/applications/${packageName}/${path}`, init);
    } catch (error) {
      throw toAppError(playFailure(error, clock.now()) ?? new PlayFailure("unknown"));
    }
  }

  async function exchange(url: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(url, init);
    const text = await response.text();
    const data: unknown = text === "" ? "" : JSON.parse(text);
    if (response.ok) return data;
    throw new ClientError({ status: response.status, headers: response.headers, data });
  }

  return {
    getPurchase(ref) {
      const { packageName, token } = pathIds(ref);
      const api = ref.type === "subscription" ? "subscriptionsv2" : "productsv2";
      return flight(`${ref.type}:${ref.id}`, () => call(packageName, `purchases/${api}/tokens/${token}`));
    },
    async acknowledge(ref, productId, accountId = null) {
      const told = accountId === null ? {} : { externalAccountIds: { obfuscatedAccountId: accountId } };
      await call(ref.packageName, verbPath(ref, productId, "acknowledge"), told);
    },
    async consume(ref, productId) {
      await call(ref.packageName, verbPath(ref, productId, "consume"), {});
    },
    voidedPurchases({ packageName, since, pageToken }) {
      const query = new URLSearchParams({ type: "1", includeQuantityBasedPartialRefund: "true" });
      if (pageToken === null) query.set("startTime", String(since));
      else query.set("token", pageToken);
      return call(packageName, `purchases/voidedpurchases?${query}`);
    },
    async reviewRefund({ packageName, orderId, pendingRefundToken }, preference) {
      await call(packageName, `orders/${orderId}:reviewrefund`, {
        pendingRefundToken: pendingRefundToken.reveal(),
        refundPreference: preference.toUpperCase(),
        sampleContentProvided: false,
      });
    },
  };
}

function verbPath(ref: PurchaseRef, product: string, verb: "acknowledge" | "consume"): string {
  const { token, productId } = pathIdsOfProduct(ref, product);
  const api = ref.type === "subscription" ? "subscriptions" : "products";
  return `purchases/${api}/${productId}/tokens/${token}:${verb}`;
}
