import { z } from "zod";
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

/** What is wrong with a catalogue, and where. */
export interface CatalogIssue {
  /** JSON path, as `products[2].entitlements[0]`. */
  readonly path: string;
  readonly message: string;
}

export type CatalogResult =
  | { readonly ok: true; readonly catalog: Catalog }
  | { readonly ok: false; readonly issues: readonly CatalogIssue[] };

/**
 * Reads the owner's catalogue (contract section 7). Everything wrong is named at once: unknown keys, unknown
 * references, duplicate products, offers that their integration refuses.
 */
export function parseCatalog(json: unknown, kinds: readonly IntegrationKind[]): CatalogResult {
  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success)
    return { ok: false, issues: parsed.error.issues.map((issue) => toIssue(issue.path, issue.message)) };
  const issues: CatalogIssue[] = [];
  const entitlements = new Map<string, EntitlementDefinition>();
  for (const [id, { name, integration }] of Object.entries(parsed.data.entitlements)) {
    const read = readIntegration(integration, ["entitlements", id, "integration"], kinds, issues);
    if (read !== null) entitlements.set(id, { id, name, integration: read });
  }
  const products = readProducts(parsed.data.products, new Set(Object.keys(parsed.data.entitlements)), issues);
  if (issues.length > 0) return { ok: false, issues };
  return {
    ok: true,
    catalog: {
      entitlements,
      packages: new Set([...products.values()].map((product) => product.packageName)),
      testPurchases: parsed.data.test_purchases,
      product: (packageName, productId) => products.get(key(packageName, productId)) ?? null,
    },
  };
}

function readIntegration(
  { type, ...rest }: { readonly type: string; readonly [key: string]: unknown },
  path: readonly string[],
  kinds: readonly IntegrationKind[],
  issues: CatalogIssue[],
): EntitlementDefinition["integration"] | null {
  const kind = kinds.find((candidate) => candidate.type === type);
  if (kind === undefined) {
    const known = kinds.map((each) => each.type).join(", ");
    issues.push(toIssue([...path, "type"], `there is no integration "${type}"; known are ${known}`));
    return null;
  }
  const offer = kind.offer.safeParse(rest);
  if (offer.success) {
    return { type, opens: kind.opens, perUnit: kind.perUnit ?? false, offer: offer.data };
  }
  issues.push(...offer.error.issues.map((issue) => toIssue([...path, ...issue.path], issue.message)));
  return null;
}

type ProductEntry = z.output<typeof productSchema>;

function readProducts(entries: readonly ProductEntry[], known: ReadonlySet<string>, issues: CatalogIssue[]) {
  const products = new Map<string, Product>();
  entries.forEach((entry, index) => {
    const id = key(entry.package_name, entry.product_id);
    if (products.has(id)) issues.push(toIssue(["products", index], `${entry.product_id} stands here twice`));
    const basePlans = entry.type === "subscription" ? entry.base_plans : {};
    checkReferences(entry.entitlements, ["products", index, "entitlements"], known, issues);
    for (const [plan, ids] of Object.entries(basePlans)) {
      checkReferences(ids, ["products", index, "base_plans", plan], known, issues);
    }
    products.set(id, {
      packageName: entry.package_name,
      productId: entry.product_id,
      type: entry.type,
      entitlements: entry.entitlements,
      basePlans,
      consumable: entry.type === "one_time" && entry.consumable,
      rentalPeriod: entry.type === "one_time" ? (entry.rental_period ?? null) : null,
    });
  });
  return products;
}

function checkReferences(
  ids: readonly string[],
  path: readonly PropertyKey[],
  known: ReadonlySet<string>,
  issues: CatalogIssue[],
): void {
  ids.forEach((id, index) => {
    if (!known.has(id)) issues.push(toIssue([...path, index], `there is no entitlement "${id}"`));
    if (ids.indexOf(id) !== index) issues.push(toIssue([...path, index], `"${id}" stands here twice`));
  });
}

/** The entitlements that one item gives: those of its base plan, where the product names it, else the product's. */
export function entitlementsOf(product: Product, item: LineItem): readonly string[] {
  const plan = item.basePlanId;
  const ofPlan =
    plan !== null && Object.hasOwn(product.basePlans, plan) ? product.basePlans[plan] : undefined;
  return ofPlan ?? product.entitlements;
}

function key(packageName: string, productId: string): string {
  return `${packageName}\n${productId}`;
}

function toIssue(path: readonly PropertyKey[], message: string): CatalogIssue {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return { path: text.replace(/^\./, "") || "(root)", message };
}
