/** What the bench sells: one product a case, and who pushes its notices. */

export const PACKAGE = "com.example.bench";
export const PUSH_AUDIENCE = "https://bench.example/v1/rtdn";
export const PUSH_ACCOUNT = "rtdn-push@bench.iam.gserviceaccount.com";

/** A purchase that the service has not seen yet, with all that its app and its notice send. */
export interface Bought {
  readonly uid: string;
  readonly productId: string;
  readonly token: string;
  readonly idToken: string;
  readonly notice: string;
}

export type PurchaseType = "one_time" | "subscription";
export type Gives = "feature" | "licence";

export function productId(type: PurchaseType, gives: Gives): string {
  return `${type}_${gives}`;
}

const TYPES: readonly PurchaseType[] = ["one_time", "subscription"];

/** The catalogue file's text. */
export function catalogJson(): string {
  const product = (type: PurchaseType, gives: Gives) => ({
    package_name: PACKAGE,
    product_id: productId(type, gives),
    type,
    entitlements: [gives === "feature" ? "premium" : "desktop"],
  });
  return JSON.stringify({
    entitlements: {
      premium: { name: "Premium features", integration: { type: "feature" } },
      desktop: {
        name: "Desktop licence",
        integration: { type: "license_key", product: "my-app", policy_id: "01J0000000000000000000PERP" },
      },
    },
    products: TYPES.flatMap((type) => [product(type, "feature"), product(type, "licence")]),
  });
}
