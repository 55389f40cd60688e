import { z } from "zod";
import type { IntegrationKind } from "./catalog.ts";

/** What is wrong with a catalogue, and where. */
export interface CatalogIssue {
  /** JSON path, as `products[2].entitlements[0]`. */
  readonly path: string;
  readonly message: string;
}

/** What can be read of a catalogue however wrong it is, so that one mistake hides no other. */
const readable = z.object({
  entitlements: z.record(z.string(), z.unknown()).catch({}),
  products: z.array(z.unknown()).catch([]),
});
const readableEntitlement = z.object({ integration: z.looseObject({ type: z.string() }) });
const readableProduct = z.object({
  package_name: z.string().nullable().catch(null),
  product_id: z.string().nullable().catch(null),
  entitlements: z.array(z.unknown()).catch([]),
  base_plans: z.record(z.string(), z.array(z.unknown()).catch([])).catch({}),
});

type Path = readonly PropertyKey[];

/** What a schema can't see: references, duplicates, and offers that their integration refuses. */
export function crossChecks(json: unknown, kinds: readonly IntegrationKind[]): CatalogIssue[] {
  const catalog = readable.safeParse(json);
  if (!catalog.success) return [];
  const { entitlements, products } = catalog.data;
  return [
    ...Object.entries(entitlements).flatMap(([id, entry]) => checkIntegration(id, entry, kinds)),
    ...checkProducts(products, new Set(Object.keys(entitlements))),
  ];
}

function checkIntegration(id: string, entry: unknown, kinds: readonly IntegrationKind[]): CatalogIssue[] {
  const entitlement = readableEntitlement.safeParse(entry);
  if (!entitlement.success) return [];
  const path = ["entitlements", id, "integration"];
  const { type, ...offer } = entitlement.data.integration;
  const kind = kinds.find((candidate) => candidate.type === type);
  if (kind === undefined) {
    const known = kinds.map((each) => each.type).join(", ");
    return [toIssue([...path, "type"], `there is no integration "${type}"; known are ${known}`)];
  }
  return schemaIssues(kind.offer.safeParse(offer).error, path);
}

function checkProducts(products: readonly unknown[], known: ReadonlySet<string>): CatalogIssue[] {
  const seen = new Set<string>();
  return products.flatMap((entry, index) => {
    const product = readableProduct.safeParse(entry);
    if (!product.success) return [];
    const { package_name, product_id, entitlements, base_plans } = product.data;
    const path = ["products", index];
    const issues = checkReferences(entitlements, [...path, "entitlements"], known);
    for (const [plan, ids] of Object.entries(base_plans)) {
      issues.push(...checkReferences(ids, [...path, "base_plans", plan], known));
    }
    const name = `${package_name}\n${product_id}`;
    if (seen.has(name)) issues.unshift(toIssue(path, `${product_id} stands here twice`));
    if (package_name !== null && product_id !== null) seen.add(name);
    return issues;
  });
}

function checkReferences(ids: readonly unknown[], path: Path, known: ReadonlySet<string>): CatalogIssue[] {
  return ids.flatMap((id, index) => {
    if (typeof id !== "string") return [];
    const issues: CatalogIssue[] = [];
    if (!known.has(id)) issues.push(toIssue([...path, index], `there is no entitlement "${id}"`));
    if (ids.indexOf(id) !== index) issues.push(toIssue([...path, index], `"${id}" stands here twice`));
    return issues;
  });
}

/** A schema's complaints, an unknown key each at its own path. */
export function schemaIssues(error: z.ZodError | undefined, path: Path = []): CatalogIssue[] {
  return (error?.issues ?? []).flatMap((issue) => {
    const at = [...path, ...issue.path];
    if (issue.code !== "unrecognized_keys") return [toIssue(at, issue.message)];
    return issue.keys.map((key) => toIssue([...at, key], "unknown key"));
  });
}

function toIssue(path: Path, message: string): CatalogIssue {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return { path: text.replace(/^\./, "") || "(root)", message };
}
