import { z } from "zod";
import { startService } from "../http/support/service.ts";
import type { KotlinField } from "./android-source.ts";

/** The service's own OpenAPI document, and what it would look like in Kotlin. */

const property = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
});
type Property = z.output<typeof property>;
const shape = z.object({ properties: z.record(z.string(), property), required: z.array(z.string()) });
type Shape = z.output<typeof shape>;
const openapi = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }),
});
export type OpenApi = z.output<typeof openapi>;

/** Of a service that ends with the test. */
export async function readOpenApi(): Promise<OpenApi> {
  const service = await startService();
  return openapi.parse((await service.call("GET", "/openapi.json")).body);
}

/** Where the OpenAPI document describes each class: a schema, or a property of one. */
export const DESCRIBED: Readonly<Record<string, readonly string[]>> = {
  PurchaseRequest: ["PurchaseRequest"],
  RestoreRequest: ["RestoreRequest"],
  VerifiedPurchase: ["VerifiedPurchase"],
  RestoredPurchases: ["RestoredPurchases"],
  RestoreResult: ["RestoredPurchases", "results"],
  PurchaseInfo: ["Purchase"],
  Entitlement: ["Entitlement"],
  Grant: ["EntitlementGrant"],
  LicenseKey: ["EntitlementGrant", "license_key"],
  GrantPage: ["Grants"],
  Account: ["Account"],
  Problem: ["Problem"],
};

/** More than one where the API answers with one of several. */
export function shapesOf(api: OpenApi, name: string): Shape[] {
  const [schema = "", field] = DESCRIBED[name] ?? [];
  const whole = api.components.schemas[schema];
  if (field === undefined) return [shape.parse(whole)];
  const found = shape.parse(whole).properties[field];
  const { items } = z.object({ items: z.object({ anyOf: z.array(shape) }).optional() }).parse(found);
  return items?.anyOf ?? [shape.parse(found)];
}

const SCALARS: Readonly<Record<string, string>> = { string: "String", boolean: "Boolean", integer: "Int" };

/** The Kotlin type of a property; null for one that is described in place, and compared as a class of its own. */
function kotlinType(found: Property): string | null {
  if (found.$ref !== undefined) {
    const schema = found.$ref.split("/").at(-1);
    const names = Object.entries(DESCRIBED).filter(([, [name, field]]) => name === schema && !field);
    return names[0]?.[0] ?? `nothing for ${schema}`;
  }
  const type = [found.type].flat().find((each) => each !== "null") ?? "";
  if (type === "array") {
    const inner = kotlinType(property.parse(found.items));
    return inner === null ? null : `List<${inner}>`;
  }
  return found.format === "date-time" ? "Instant" : (SCALARS[type] ?? null);
}

/** @returns What is wrong with a field, or null. */
export function wrongWith(field: KotlinField, shapes: readonly Shape[]): string | null {
  const found = shapes.map(({ properties }) => properties[field.wire]).find((each) => each !== undefined);
  if (found === undefined) return "is not in the API";
  const type = kotlinType(found);
  if (type !== null && type !== field.type) return `is a ${type}, not a ${field.type}`;
  if ([found.type].flat().includes("null") && !field.nullable) return "can be null";
  const always = shapes.every(({ required }) => required.includes(field.wire));
  return always || field.hasDefault ? null : "can be missing";
}
