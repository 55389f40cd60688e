/** What is sold in the simulation: one product of each kind, as the catalogue file of contract section 7 says it. */

export const PACKAGE = "com.example.app";
export const MONTHLY_POLICY = "01J00000000000000000000SUB";
export const PERPETUAL_POLICY = "01J0000000000000000000PERP";

const feature = (name: string) => ({ name, integration: { type: "feature" } });
const licence = (name: string, policy_id: string) => ({
  name,
  integration: { type: "license_key", product: "my-app", policy_id },
});
const oneTime = (product_id: string, entitlements: readonly string[], more: object = {}) => ({
  package_name: PACKAGE,
  product_id,
  type: "one_time",
  entitlements,
  ...more,
});
const plan = (product_id: string, entitlements: readonly string[], more: object = {}) => ({
  package_name: PACKAGE,
  product_id,
  type: "subscription",
  entitlements,
  ...more,
});

export const RENTAL_MS = 48 * 3_600_000;

const entitlements = {
  premium: feature("Premium"),
  pro: feature("Pro"),
  backup: feature("Cloud backup"),
  film: feature("A film"),
  desktop: licence("Desktop licence", MONTHLY_POLICY),
  seat: licence("Seat", PERPETUAL_POLICY),
};

/** The catalogue as its file has it. */
export function catalogFile(testPurchases: "grant" | "ignore") {
  return {
    test_purchases: testPurchases,
    entitlements,
    products: [
      oneTime("lifetime", ["premium", "desktop"]),
      oneTime("seats", ["seat"], { consumable: true }),
      oneTime("coins", [], { consumable: true }),
      oneTime("film", ["film"], { rental_period: "PT48H" }),
      plan("basic", ["premium"], { base_plans: { team: ["premium", "seat"] } }),
      plan("plus", ["premium", "desktop"]),
      plan("max", ["premium", "pro", "desktop"]),
      plan("cloud", ["backup"]),
    ],
  };
}

type EntitlementId = keyof typeof entitlements;

export const ENTITLEMENTS = Object.keys(entitlements) as EntitlementId[];

export const isLicence = (entitlement: string): boolean =>
  entitlement === "desktop" || entitlement === "seat";

/** What one product gives; null for what isn't sold here. */
export function givenBy(productId: string, basePlanId: string | null): readonly string[] | null {
  const product = catalogFile("grant").products.find(({ product_id }) => product_id === productId);
  if (product === undefined) return null;
  const plans = "base_plans" in product ? (product.base_plans as Record<string, readonly string[]>) : {};
  return (basePlanId === null ? undefined : plans[basePlanId]) ?? product.entitlements;
}

export const CONSUMABLE: ReadonlySet<string> = new Set(["seats", "coins"]);
