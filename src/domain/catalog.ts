import { z } from "zod";
import { type CatalogIssue, crossChecks, schemaIssues } from "./catalog-checks.ts";
import type { LineItem, PurchaseType } from "./purchase.ts";

/**
 * When the row of a grant opens. `in_sync`: with the access itself, as delivered (nothing happens outside);
 * `at_once`: with the access, as pending; `on_delivery`: when the thing delivered is in our hands.
 */
export type Opens = "in_sync" | "at_once" | "on_delivery";

/** What the catalogue needs to know of an integration: the registry hands one over for each. */
export interface IntegrationKind {
  readonly type: string;
  readonly opens: Opens;
  /** Play's multi-quantity: each unit bought gets one of its own. Without it one serves for all units. */
  readonly perUnit?: boolean;
  /** What the catalogue may say in `integration`, besides `type`. */
  readonly offer: z.ZodType;
}

export interface EntitlementDefinition {
  readonly id: string;
  readonly name: string;
  readonly integration: {
    readonly type: string;
    readonly opens: Opens;
    readonly perUnit: boolean;
    readonly offer: unknown;
  };
}

export interface Product {
  readonly packageName: string;
  readonly productId: string;
  readonly type: PurchaseType;
  readonly entitlements: readonly string[];
  readonly basePlans: Readonly<Record<string, readonly string[]>>;
  readonly consumable: boolean;
  /** ISO 8601; ends a rental counted from its purchase, which Google doesn't. */
  readonly rentalPeriod: string | null;
}

export interface Catalog {
  readonly entitlements: ReadonlyMap<string, EntitlementDefinition>;
  readonly packages: ReadonlySet<string>;
  readonly testPurchases: "grant" | "ignore";
  product(packageName: string, productId: string): Product | null;
  /** The app in whose name the shop gives an entitlement away. */
  packageGiving(entitlementId: string): string;
}

const name = z.string().min(1).max(200);
/** A path segment in Firestore, which keeps `__…__` for itself. */
const entitlementId = z
  .string()
  .regex(/^(?!__.*__$)[A-Za-z0-9_-]{1,100}$/, "letters, digits, _ and - only, at most 100, and not __…__");
const references = z.array(entitlementId);
const common = { package_name: name, product_id: name, entitlements: references };

const productSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...common,
    type: z.literal("one_time"),
    consumable: z.boolean().default(false),
    rental_period: z
      .string()
      .regex(
        /^P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
        "an ISO 8601 duration, as P30D",
      )
      .optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal("subscription"),
    base_plans: z.record(name, references).default({}),
  }),
]);

const catalogSchema = z.strictObject({
  entitlements: z.record(
    entitlementId,
    z.strictObject({ name, integration: z.looseObject({ type: z.string() }) }),
  ),
  products: z.array(productSchema),
  test_purchases: z.enum(["grant", "ignore"]).default("grant"),
});

export type CatalogResult =
  | { readonly ok: true; readonly catalog: Catalog }
  | { readonly ok: false; readonly issues: readonly CatalogIssue[] };

/**
 * Reads the owner's catalogue (contract section 7). Everything wrong is named at once: unknown keys, unknown
 * references, duplicate products, offers that their integration refuses.
 */
export function parseCatalog(json: unknown, kinds: readonly IntegrationKind[]): CatalogResult {
  const parsed = catalogSchema.safeParse(json);
  const issues = [...schemaIssues(parsed.error), ...crossChecks(json, kinds)];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  const products = new Map(parsed.data.products.map((entry) => [keyOf(entry), toProduct(entry)]));
  return {
    ok: true,
    catalog: {
      entitlements: toEntitlements(parsed.data.entitlements, kinds),
      packages: new Set([...products.values()].map((product) => product.packageName)),
      testPurchases: parsed.data.test_purchases,
      packageGiving: packageGiving(parsed.data.products),
      product: (packageName, productId) =>
        products.get(keyOf({ package_name: packageName, product_id: productId })) ?? null,
    },
  };
}

/** An entitlement that no product gives is still somebody's: the first app's. */
function packageGiving(products: readonly ProductEntry[]) {
  const gives = (product: ProductEntry, id: string) =>
    product.entitlements.includes(id) ||
    (product.type === "subscription" && Object.values(product.base_plans).some((ids) => ids.includes(id)));
  return (id: string): string =>
    (products.find((product) => gives(product, id)) ?? products[0])?.package_name ?? "";
}

type EntitlementEntries = z.output<typeof catalogSchema>["entitlements"];

function toEntitlements(entries: EntitlementEntries, kinds: readonly IntegrationKind[]) {
  const entitlements = new Map<string, EntitlementDefinition>();
  for (const kind of kinds) {
    for (const [id, { name, integration }] of Object.entries(entries)) {
      const { type, ...offer } = integration;
      if (type !== kind.type) continue;
      const { opens, perUnit = false } = kind;
      entitlements.set(id, {
        id,
        name,
        integration: { type, opens, perUnit, offer: kind.offer.parse(offer) },
      });
    }
  }
  return entitlements;
}

type ProductEntry = z.output<typeof productSchema>;

function toProduct(entry: ProductEntry): Product {
  const oneTime = entry.type === "one_time";
  return {
    packageName: entry.package_name,
    productId: entry.product_id,
    type: entry.type,
    entitlements: entry.entitlements,
    basePlans: oneTime ? {} : entry.base_plans,
    consumable: oneTime && entry.consumable,
    rentalPeriod: (oneTime ? entry.rental_period : undefined) ?? null,
  };
}

/** The entitlements that one item gives: those of its base plan, where the product names it, else the product's. */
export function entitlementsOf(product: Product, item: LineItem): readonly string[] {
  const plan = item.basePlanId;
  const ofPlan =
    plan !== null && Object.hasOwn(product.basePlans, plan) ? product.basePlans[plan] : undefined;
  return ofPlan ?? product.entitlements;
}

function keyOf({ package_name, product_id }: Pick<ProductEntry, "package_name" | "product_id">): string {
  return `${package_name}\n${product_id}`;
}
