import type { Purchase, Void } from "../../sandbox/play/model.ts";
import type { World } from "../../sandbox/play/world.ts";
import { purchaseIdOf } from "./ledger.ts";
import { hasAccess, type Share, sharesOf, type WorldView } from "./truth.ts";

/** Google's purchases with the names that the simulation gave them, and what they mean for access. */
export class Google {
  readonly #purchases: ReadonlyMap<string, Purchase>;
  readonly view: WorldView;
  readonly #tokens = new Map<string, string>();

  constructor({ purchases, orders, voids }: World, testPurchases: "grant" | "ignore") {
    this.#purchases = purchases;
    const isRefunded = ({ orderIds }: Purchase) =>
      orderIds.some((id) => (orders.get(id)?.refunds.length ?? 0) > 0);
    this.view = { voids, testPurchases, isRefunded };
  }

  all(): Iterable<Purchase> {
    return this.#purchases.values();
  }

  get(token: string | null): Purchase | null {
    return token === null ? null : (this.#purchases.get(token) ?? null);
  }

  /** The purchase of an id of ours. */
  byId(purchaseId: string | null): Purchase | null {
    if (purchaseId === null) return null;
    if (this.#tokens.size !== this.#purchases.size) {
      for (const token of this.#purchases.keys()) this.#tokens.set(purchaseIdOf(token), token);
    }
    return this.get(this.#tokens.get(purchaseId) ?? null);
  }

  shares(purchase: Purchase, at: number): Share[] {
    return sharesOf(purchase, this.view, at);
  }

  hasAccess(purchase: Purchase, at: number): boolean {
    return hasAccess(purchase, this.view, at);
  }

  isTakenBack({ purchaseToken }: Purchase): boolean {
    return this.view.voids.some((one) => one.purchaseToken === purchaseToken && isTakenBack(one));
  }

  /** The first token of the chain that a purchase is of: the same for all that are linked. */
  rootOf(purchase: Purchase): string {
    let root = purchase;
    while (root.type === "subscription") {
      const before = this.get(root.linkedPurchaseToken);
      if (before === null) break;
      root = before;
    }
    return root.purchaseToken;
  }
}

/** Nobody acknowledged it in time. */
export function isTakenBack({ reason }: Void): boolean {
  return reason === 8;
}
