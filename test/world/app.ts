import type { InProcess } from "../../sandbox/sandbox.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { VerifyRequest } from "../../src/use-cases/verify-purchase.ts";
import { PACKAGE } from "./shop.ts";

/** What the app on the customer's phone sends. */

type Presented = Omit<VerifyRequest, "customerId">;

export function requestOf(productId: string, purchaseToken: string): Presented {
  return { packageName: PACKAGE, productId, token: new Secret(purchaseToken) };
}

const OWNED: readonly string[] = ["PURCHASED", "ACTIVE", "IN_GRACE_PERIOD", "CANCELED"];

/** What `queryPurchasesAsync` gives an app: what is owned and not consumed. */
export function ownedAtGoogle({ play }: InProcess, customer: string): Presented[] {
  return play
    .purchases(customer)
    .filter(({ state }) => OWNED.includes(state))
    .flatMap((purchase) => {
      if (purchase.type === "one_time")
        return purchase.consumed ? [] : [requestOf(purchase.productId, purchase.purchaseToken)];
      const [item] = purchase.items;
      return item === undefined ? [] : [requestOf(item.productId, purchase.purchaseToken)];
    });
}
