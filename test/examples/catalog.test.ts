import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { entitlementsOf, parseCatalog } from "../../src/domain/catalog.ts";
import { integrations } from "../../src/integrations/registry.ts";
import { lineItem, must } from "../support/builders.ts";

/** The catalogue that owners start from: read by the service's own parser, and an example of all that it can say. */

const file = new URL("../../examples/catalog.json", import.meta.url);
const result = parseCatalog(JSON.parse(readFileSync(file, "utf8")), integrations);
if (!result.ok) throw new Error(JSON.stringify(result.issues));
const { catalog } = result;
const product = (id: string) => must(catalog.product("com.example.app", id));
const gives = (id: string, basePlanId: string | null = null) =>
  entitlementsOf(product(id), lineItem({ productId: id, basePlanId }));

describe("the example catalogue", () => {
  it("has an entitlement of every integration there is", () => {
    const used = [...catalog.entitlements.values()].map(({ integration }) => integration.type);
    expect(new Set(used)).toEqual(new Set(integrations.map(({ type }) => type)));
  });

  it("sells a feature and a licence for good", () => {
    expect(gives("lifetime")).toEqual(["premium", "desktop"]);
    expect(product("lifetime")).toMatchObject({ type: "one_time", consumable: false, rentalPeriod: null });
  });

  it("sells a subscription, of which one base plan gives more", () => {
    expect(product("plan").type).toBe("subscription");
    expect(gives("plan", "monthly")).toEqual(["premium"]);
    expect(gives("plan", "team")).toEqual(["premium", "desktop"]);
  });

  it("sells seats: a licence for each unit bought, and more of them later", () => {
    // Google sells several at once, and again, only of what is consumed.
    expect(product("seats").consumable).toBe(true);
    expect(gives("seats")).toEqual(["desktop"]);
    expect(catalog.entitlements.get("desktop")?.integration.perUnit).toBe(true);
  });

  it("rents a course, and sells coins that are used up", () => {
    expect(gives("course_30_days")).toEqual(["course"]);
    expect(product("course_30_days").rentalPeriod).toBe("P30D");
    expect(gives("coins")).toEqual([]);
    expect(product("coins").consumable).toBe(true);
  });

  it("leaves no entitlement unsold", () => {
    const sold = ["lifetime", "plan", "seats", "course_30_days", "coins"].flatMap((id) => {
      const { entitlements, basePlans } = product(id);
      return [...entitlements, ...Object.values(basePlans).flat()];
    });
    expect(new Set(sold)).toEqual(new Set(catalog.entitlements.keys()));
  });
});
