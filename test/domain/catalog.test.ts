import { describe, expect, test } from "vitest";
import { entitlementsOf, parseCatalog } from "../../src/domain/catalog.ts";
import type { CatalogIssue } from "../../src/domain/catalog-checks.ts";
import { CATALOG_JSON, catalog, KINDS, lineItem, must, PACKAGE } from "../support/builders.ts";

const feature = { name: "Premium", integration: { type: "feature" } };
const lifetime = {
  package_name: PACKAGE,
  product_id: "lifetime",
  type: "one_time",
  entitlements: ["premium"],
};
const plan = { package_name: PACKAGE, product_id: "plan", type: "subscription", entitlements: ["premium"] };

/** A small whole catalogue, and what a test makes of it. */
function shop(change: Record<string, unknown> = {}): unknown {
  return { entitlements: { premium: feature }, products: [lifetime, plan], ...change };
}

function issuesOf(json: unknown): readonly CatalogIssue[] {
  const result = parseCatalog(json, KINDS);
  return result.ok ? [] : result.issues;
}

function pathsOf(json: unknown): string[] {
  return issuesOf(json).map((issue) => issue.path);
}

describe("a catalogue that is right", () => {
  test("is taken, with what it leaves out filled in", () => {
    const result = parseCatalog(shop(), KINDS);
    if (!result.ok) throw new Error("refused");
    expect(result.catalog.testPurchases).toBe("grant");
    expect([...result.catalog.packages]).toEqual([PACKAGE]);
    expect(result.catalog.product(PACKAGE, "lifetime")).toEqual({
      packageName: PACKAGE,
      productId: "lifetime",
      type: "one_time",
      entitlements: ["premium"],
      basePlans: {},
      consumable: false,
      rentalPeriod: null,
    });
    expect(result.catalog.product(PACKAGE, "plan")).toMatchObject({
      type: "subscription",
      consumable: false,
    });
    expect(result.catalog.entitlements.get("premium")).toEqual({
      id: "premium",
      name: "Premium",
      integration: { type: "feature", opens: "in_sync", perUnit: false, offer: {} },
    });
  });

  test("knows in whose name an entitlement is given away: the first app's that sells it", () => {
    const json = shop({
      products: [
        { package_name: "com.one", product_id: "a", type: "one_time", entitlements: [] },
        {
          package_name: "com.two",
          product_id: "b",
          type: "subscription",
          entitlements: [],
          base_plans: { team: ["premium"] },
        },
        { package_name: "com.three", product_id: "c", type: "one_time", entitlements: ["premium"] },
      ],
    });
    expect(catalog(json).packageGiving("premium")).toBe("com.two");
    expect(catalog(json).packageGiving("never-sold")).toBe("com.one");
    expect(catalog(shop({ products: [] })).packageGiving("premium")).toBe("");
  });

  test("may ignore the purchases of testers", () => {
    expect(catalog(shop({ test_purchases: "ignore" })).testPurchases).toBe("ignore");
  });

  test("keeps what an integration is told, and how its rows open", () => {
    expect(must(catalog().entitlements.get("desktop")).integration).toEqual({
      type: "license_key",
      opens: "on_delivery",
      perUnit: true,
      offer: { product: "lumen", policy_id: "pol_1" },
    });
    expect(must(catalog().entitlements.get("club")).integration.opens).toBe("at_once");
  });

  test("the same product id in two packages is two products", () => {
    const json = shop({ products: [lifetime, { ...lifetime, package_name: "th.example.other" }] });
    expect([...catalog(json).packages].sort()).toEqual([PACKAGE, "th.example.other"]);
    expect(catalog(json).product("th.example.other", "lifetime")).not.toBeNull();
    expect(catalog(json).product("th.example.third", "lifetime")).toBeNull();
  });

  test.each(["P30D", "P1M", "P1Y2M3W4DT5H6M7S", "PT48H", "P2W", "PT90S", "PT15M"])(
    "a rental may last %s",
    (period) => {
      const json = shop({ products: [{ ...lifetime, rental_period: period }] });
      expect(must(catalog(json).product(PACKAGE, "lifetime")).rentalPeriod).toBe(period);
    },
  );

  test("a consumable may give nothing but itself", () => {
    const coins = { ...lifetime, product_id: "coins", consumable: true, entitlements: [] };
    expect(must(catalog(shop({ products: [coins] })).product(PACKAGE, "coins"))).toMatchObject({
      consumable: true,
      entitlements: [],
    });
  });
});

describe("what is wrong is named by its path", () => {
  test.each<[string, unknown, string[]]>([
    ["no object at all", "catalog", ["(root)"]],
    ["nothing in it", {}, ["entitlements", "products"]],
    ["an unknown key at the top", shop({ currency: "THB" }), ["currency"]],
    [
      "an unknown key of an entitlement",
      shop({ entitlements: { premium: { ...feature, price: 1 } } }),
      ["entitlements.premium.price"],
    ],
    ["an unknown key of a product", shop({ products: [{ ...plan, price: 1 }] }), ["products[0].price"]],
    [
      "an entitlement without a name",
      shop({ entitlements: { premium: { ...feature, name: "" } } }),
      ["entitlements.premium.name"],
    ],
    [
      "a name that is too long",
      shop({ entitlements: { premium: { ...feature, name: "x".repeat(201) } } }),
      ["entitlements.premium.name"],
    ],
    [
      "an integration nobody has",
      shop({ entitlements: { premium: { name: "P", integration: { type: "fax" } } } }),
      ["entitlements.premium.integration.type"],
    ],
    [
      "an offer that its integration refuses",
      shop({ entitlements: { premium: { name: "P", integration: { type: "license_key", product: "p" } } } }),
      ["entitlements.premium.integration.policy_id"],
    ],
    [
      "an offer that has too much",
      shop({ entitlements: { premium: { name: "P", integration: { type: "feature", extra: 1 } } } }),
      ["entitlements.premium.integration.extra"],
    ],
    ["a product of no known type", shop({ products: [{ ...plan, type: "gift" }] }), ["products[0].type"]],
    [
      "a product without a package",
      shop({ products: [{ ...plan, package_name: "" }] }),
      ["products[0].package_name"],
    ],
    [
      "an unknown reference",
      shop({ products: [lifetime, { ...plan, entitlements: ["premium", "nope"] }] }),
      ["products[1].entitlements[1]"],
    ],
    [
      "an unknown reference of a base plan",
      shop({ products: [{ ...plan, base_plans: { team: ["premium", "nope"] } }] }),
      ["products[0].base_plans.team[1]"],
    ],
    [
      "a reference twice",
      shop({ products: [{ ...plan, entitlements: ["premium", "premium"] }] }),
      ["products[0].entitlements[1]"],
    ],
    ["a product twice", shop({ products: [plan, { ...lifetime, product_id: "plan" }] }), ["products[1]"]],
    [
      "base plans of a one-time product",
      shop({ products: [{ ...lifetime, base_plans: {} }] }),
      ["products[0].base_plans"],
    ],
    [
      "a consumable subscription",
      shop({ products: [{ ...plan, consumable: true }] }),
      ["products[0].consumable"],
    ],
    ["a word for what testers get", shop({ test_purchases: "maybe" }), ["test_purchases"]],
  ])("%s", (_, json, paths) => {
    expect(pathsOf(json)).toEqual(paths);
  });

  test.each(["", "P", "PT", "P1", "30D", "P1DT", "P-1D", "1 month", "P1H", "P30D "])(
    "a rental can't last %j",
    (period) => {
      expect(pathsOf(shop({ products: [{ ...lifetime, rental_period: period }] }))).toEqual([
        "products[0].rental_period",
      ]);
    },
  );

  test.each(["with space", "a/b", "ü", "x".repeat(101), "", "a.b", "__reserved__"])(
    "an entitlement can't be called %j: the id is a path segment in Firestore",
    (id) => {
      const json = shop({ entitlements: { premium: feature, [id]: feature } });
      expect(issuesOf(json).map((issue) => issue.path)).toEqual([`entitlements.${id}`]);
    },
  );

  test("all that is wrong is named at once", () => {
    const json = shop({
      entitlements: { premium: feature, key: { name: "K", integration: { type: "license_key" } } },
      products: [{ ...plan, entitlements: ["nope"] }, plan],
    });
    expect(pathsOf(json)).toEqual([
      "entitlements.key.integration.product",
      "entitlements.key.integration.policy_id",
      "products[0].entitlements[0]",
      "products[1]",
    ]);
  });

  test("the messages say what to do about it", () => {
    expect(
      issuesOf(shop({ products: [plan, { ...plan, entitlements: ["nope", "premium", "premium"] }] })),
    ).toEqual([
      { path: "products[1]", message: "plan stands here twice" },
      { path: "products[1].entitlements[0]", message: 'there is no entitlement "nope"' },
      { path: "products[1].entitlements[2]", message: '"premium" stands here twice' },
    ]);
    expect(issuesOf(shop({ entitlements: { "a b": feature }, products: [] }))).toMatchObject([
      { path: "entitlements.a b" },
    ]);
    expect(
      issuesOf(shop({ entitlements: { premium: { name: "P", integration: { type: "fax" } } } })),
    ).toEqual([
      {
        path: "entitlements.premium.integration.type",
        message: 'there is no integration "fax"; known are feature, license_key, discord',
      },
    ]);
    expect(issuesOf(shop({ products: [{ ...lifetime, rental_period: "month" }] }))).toEqual([
      { path: "products[0].rental_period", message: "an ISO 8601 duration, as P30D" },
    ]);
  });
});

describe("what an item gives", () => {
  const pro = must(catalog(CATALOG_JSON).product(PACKAGE, "lumen_pro"));

  test.each([
    ["its base plan's entitlements, where the product names them", "club-monthly", ["pro", "club"]],
    ["the product's, where it doesn't", "monthly-auto", ["pro", "desktop"]],
    ["the product's, where Google names no base plan", null, ["pro", "desktop"]],
    [
      "the product's, even for a plan called as something every object has",
      "constructor",
      ["pro", "desktop"],
    ],
  ])("%s", (_, basePlanId, expected) => {
    expect(entitlementsOf(pro, lineItem({ basePlanId }))).toEqual(expected);
  });
});

describe("one mistake hides no other", () => {
  test("wrong keys, references, duplicates and offers are all named at once", () => {
    const json = {
      extra: 1,
      entitlements: {
        premium: { name: "", integration: { type: "feature", surplus: true } },
        odd: { name: "Odd", integration: { type: "nowhere" } },
        broken: { name: "Broken" },
      },
      products: [
        { ...lifetime, entitlements: ["premium", "ghost"], colour: "red" },
        { ...lifetime, entitlements: [7, "premium", "premium"] },
        { package_name: 1, product_id: "x", type: "subscription", base_plans: { team: ["ghost"], odd: 3 } },
        "nothing",
      ],
    };
    const paths = issuesOf(json).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "extra",
        "entitlements.premium.name",
        "entitlements.premium.integration.surplus",
        "entitlements.odd.integration.type",
        "entitlements.broken.integration",
        "products[0].entitlements[1]",
        "products[0].colour",
        "products[1]",
        "products[1].entitlements[0]",
        "products[1].entitlements[2]",
        "products[2].package_name",
        "products[2].base_plans.team[0]",
        "products[3]",
      ]),
    );
  });

  test("what is no object at all is said once", () => {
    expect(issuesOf("nothing").map(({ path }) => path)).toEqual(["(root)"]);
    expect(issuesOf({}).map(({ path }) => path)).toEqual(["entitlements", "products"]);
  });
});
