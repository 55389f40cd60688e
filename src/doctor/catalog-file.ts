import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Catalog, parseCatalog } from "../domain/catalog.ts";
import { integrations } from "../integrations/registry.ts";

/** What a license_key of the catalogue names at KeyThai. */
export interface LicenseOffer {
  readonly entitlementId: string;
  /** The product's code. */
  readonly product: string;
  readonly policyId: string;
}

export interface ReadCatalog {
  readonly catalog: Catalog;
  readonly products: number;
  readonly licenses: readonly LicenseOffer[];
}

const counted = z.object({ products: z.array(z.unknown()) });
const offer = z.object({ product: z.string(), policy_id: z.string() });

/** @returns Null for a catalogue with anything wrong: `checkFiles` says what. */
export function readCatalogFile(file: string): ReadCatalog | null {
  const json = readJson(file);
  const parsed = parseCatalog(json, integrations);
  if (!parsed.ok) return null;
  const licenses = [...parsed.catalog.entitlements.values()].flatMap(({ id, integration }) => {
    if (integration.type !== "license_key") return [];
    const { product, policy_id: policyId } = offer.parse(integration.offer);
    return [{ entitlementId: id, product, policyId }];
  });
  return { catalog: parsed.catalog, products: counted.parse(json).products.length, licenses };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
