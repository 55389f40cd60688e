import { type Catalog, parseCatalog } from "../../src/domain/catalog.ts";
import { integrations } from "../../src/integrations/registry.ts";

/** What a world sells unless told otherwise. KeyThai's product and policies are the sandbox's own. */

export const PACKAGE = "com.example.app";

const licence = (policy: "PERP" | "SUB") => ({
  type: "license_key",
  product: "my-app",
  policy_id: policy === "PERP" ? "01J0000000000000000000PERP" : "01J00000000000000000000SUB",
});

const sold = (product_id: string, type: "one_time" | "subscription", entitlements: readonly string[]) => ({
  package_name: PACKAGE,
  product_id,
  type,
  entitlements,
});

export const CATALOG_JSON = {
  entitlements: {
    premium: { name: "Premium features", integration: { type: "feature" } },
    extra: { name: "Extra features", integration: { type: "feature" } },
    course: { name: "The course", integration: { type: "feature" } },
    desktop: { name: "Desktop licence", integration: licence("PERP") },
    studio: { name: "Studio licence", integration: licence("SUB") },
    seat: { name: "A seat", integration: licence("PERP") },
  },
  products: [
    {
      ...sold("plan", "subscription", ["premium", "studio"]),
      base_plans: { team: ["premium", "studio", "extra"] },
    },
    sold("plan_max", "subscription", ["premium", "extra", "studio"]),
    sold("addon", "subscription", ["extra"]),
    sold("lifetime", "one_time", ["premium", "desktop"]),
    { ...sold("seats", "one_time", ["seat"]), consumable: true },
    { ...sold("coins", "one_time", []), consumable: true },
    { ...sold("rental", "one_time", ["course"]), rental_period: "P30D" },
  ],
};

/** @throws Error that says what is wrong with it. */
export function catalog(json: unknown = CATALOG_JSON): Catalog {
  const result = parseCatalog(json, integrations);
  if (result.ok) return result.catalog;
  throw new Error(result.issues.map(({ path, message }) => `${path}: ${message}`).join("; "));
}
