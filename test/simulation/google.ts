import type { Purchase, Void } from "../../sandbox/play/model.ts";
import { purchaseIdOf } from "./ledger.ts";
import { hasAccess, type Share, sharesOf, type WorldView } from "./truth.ts";

/** Google's purchases with the names that the simulation gave them, and what they mean for access. */
export class Google {
  readonly #purchases: ReadonlyMap<string, Purchase>;
  readonly view: WorldView;
  readonly #tokens = new Map<string, string>();

  /** @param purchases The sandbox's own, by token. */
  constructor(
    purchases: ReadonlyMap<string, Purchase>,
    voids: readonly Void[],
    testPurchases: "grant" | "ignore",
  ) {
    this.#purchases = purchases;
    this.view = { voids, testPurchases };
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
