import { DAY } from "../clock.ts";
import { GoogleError } from "./google-error.ts";
import { looksLikeToken } from "./ids.ts";
import type { OneTimePurchase, Purchase, Subscription } from "./model.ts";
import type { World } from "./world.ts";

/**
 * Refusals of facts section 11: 400 for what can't be a token, 404 for one that nobody knows, 400 for another
 * app's. A token sent to the wrong kind of endpoint is no proof that it is gone, whatever the status says.
 */
function lookUp(world: World, packageName: string, token: string): Purchase {
  const purchase = world.purchases.get(token);
  if (purchase === undefined) {
    throw looksLikeToken(token)
      ? new GoogleError(404, "notFound", "The purchase token was not found.", "token")
      : new GoogleError(400, "invalidValue", "Invalid Value", "token");
  }
  if (purchase.packageName !== packageName) {
    const message = "The purchase token does not match the package name.";
    throw new GoogleError(400, "purchaseTokenDoesNotMatchPackageName", message, "token");
  }
  return purchase;
}

/** 410 from 60 days after expiry; a one-time token on a subscription's endpoint reads as 410 too (field report). */
export function subscriptionOf(world: World, packageName: string, token: string): Subscription {
  const purchase = lookUp(world, packageName, token);
  if (purchase.type !== "subscription") {
    throw new GoogleError(
      410,
      "purchaseTokenNoLongerValid",
      "The purchase token is no longer valid.",
      "token",
    );
  }
  const over = purchase.state === "EXPIRED" || purchase.state === "CANCELED";
  if (over && lastExpiry(purchase) + 60 * DAY < world.now()) {
    const message = "The subscription purchase is no longer available: it has been expired for too long.";
    throw new GoogleError(410, "subscriptionNoLongerAvailable", message, "token");
  }
  return purchase;
}

export function oneTimeOf(world: World, packageName: string, token: string): OneTimePurchase {
  const purchase = lookUp(world, packageName, token);
  if (purchase.type === "one_time") return purchase;
  throw new GoogleError(404, "notFound", "The purchase token was not found.", "token");
}

export function lastExpiry(purchase: Subscription): number {
  return Math.max(0, ...purchase.items.map((item) => item.expiresAt ?? 0));
}

/** The product in the path has to be one of the purchase's. */
export function assertProduct(productIds: readonly string[], asked: string): void {
  if (productIds.includes(asked)) return;
  const message = "The purchase token does not match the product ID.";
  throw new GoogleError(400, "purchaseTokenMismatch", message, "productId");
}
