import { z } from "zod";
import type { Access } from "../../src/domain/access.ts";
import { type Catalog, type IntegrationKind, parseCatalog } from "../../src/domain/catalog.ts";
import type { Policy } from "../../src/domain/desired-grants.ts";
import { type Grant, type GrantSeed, openGrant } from "../../src/domain/grant.ts";
import { type CustomerId, grantId, purchaseId, type SlotId, slotId } from "../../src/domain/ids.ts";
import { DAY, type Instant } from "../../src/domain/instant.ts";
import type { LineItem, Purchase } from "../../src/domain/purchase.ts";
import {
  newPurchaseRecord,
  type PurchaseRecord,
  type PurchaseRef,
  purchaseRef,
} from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import { newSlot, type Slot, type Target } from "../../src/domain/slot.ts";

/** Everything here is a whole, legal example; a test names only what it is about. */

export const PACKAGE = "th.example.lumen";

/** The moment at which tests happen. */
export const NOW = at("2026-11-22T12:00:00Z");

export const ANN = customer("ann");
export const BEN = customer("ben");

export function at(text: string): Instant {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw new Error(`no time: ${text}`);
  return instant;
}

export function customer(name: string): CustomerId {
  return name as CustomerId;
}

export function token(name: string): Secret {
  return new Secret(`token-of-${name}-0123456789`);
}

/** The value, or a failing test. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("expected a value");
  return value;
}

/** The only element, or a failing test. */
export function only<T>(values: readonly T[]): T {
  if (values.length !== 1) throw new Error(`expected one element, found ${values.length}`);
  return values[0] as T;
}

// ---------------------------------------------------------------- Catalogue

/** One integration of each way of opening a row. */
export const KINDS: readonly IntegrationKind[] = [
  { type: "feature", opens: "in_sync", offer: z.strictObject({}) },
  {
    type: "license_key",
    opens: "on_delivery",
    perUnit: true,
    offer: z.strictObject({ product: z.string().min(1), policy_id: z.string().min(1) }),
  },
  { type: "discord", opens: "at_once", offer: z.strictObject({ guild_id: z.string().min(1) }) },
];

const licence = { type: "license_key", product: "lumen", policy_id: "pol_1" };

/** What the shop of all tests and fixtures sells. */
export const CATALOG_JSON = {
  entitlements: {
    pro: { name: "Pro features", integration: { type: "feature" } },
    studio: { name: "Studio features", integration: { type: "feature" } },
    cloud: { name: "Cloud storage", integration: { type: "feature" } },
    course: { name: "The course", integration: { type: "feature" } },
    desktop: { name: "Desktop licence", integration: licence },
    seat: { name: "A seat", integration: licence },
    club: { name: "The club", integration: { type: "discord", guild_id: "g1" } },
  },
  products: [
    {
      package_name: PACKAGE,
      product_id: "lumen_pro",
      type: "subscription",
      entitlements: ["pro", "desktop"],
      base_plans: { "club-monthly": ["pro", "club"] },
    },
    {
      package_name: PACKAGE,
      product_id: "lumen_studio",
      type: "subscription",
      entitlements: ["pro", "studio", "desktop"],
    },
    { package_name: PACKAGE, product_id: "lumen_cloud", type: "subscription", entitlements: ["cloud"] },
    {
      package_name: PACKAGE,
      product_id: "lumen_lifetime",
      type: "one_time",
      entitlements: ["pro", "desktop"],
    },
    { package_name: PACKAGE, product_id: "lumen_v2", type: "one_time", entitlements: ["pro"] },
    {
      package_name: PACKAGE,
      product_id: "credit_pack_50",
      type: "one_time",
      consumable: true,
      entitlements: ["seat"],
    },
    {
      package_name: PACKAGE,
      product_id: "course_pack",
      type: "one_time",
      rental_period: "P30D",
      entitlements: ["course"],
    },
  ],
};

export function catalog(json: unknown = CATALOG_JSON): Catalog {
  const result = parseCatalog(json, KINDS);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.catalog;
}

export const POLICY: Policy = { catalog: catalog(), renewalLeewayHours: 72, transfers: false };

/** The shop without some of its products. */
export function policyWithout(...productIds: string[]): Policy {
  const products = CATALOG_JSON.products.filter((product) => !productIds.includes(product.product_id));
  return { ...POLICY, catalog: catalog({ ...CATALOG_JSON, products }) };
}

// ---------------------------------------------------------------- Purchases

/** A monthly, auto-renewing item that has 10 days to go. */
export function lineItem(overrides: Partial<LineItem> = {}): LineItem {
  return {
    productId: "lumen_pro",
    basePlanId: "monthly-auto",
    orderId: "GPA.1",
    expiresAt: NOW + 10 * DAY,
    autoRenewing: true,
    leaving: false,
    quantity: 1,
    refundableQuantity: null,
    consumed: false,
    rental: false,
    ...overrides,
  };
}

/** An item of a one-time product. */
export function product(overrides: Partial<LineItem> = {}): LineItem {
  return lineItem({
    productId: "lumen_lifetime",
    basePlanId: null,
    expiresAt: null,
    autoRenewing: null,
    refundableQuantity: overrides.quantity ?? 1,
    ...overrides,
  });
}

/** An active, acknowledged subscription of one item. */
export function subscription(overrides: Partial<Purchase> = {}): Purchase {
  return {
    type: "subscription",
    state: "active",
    items: [lineItem()],
    startedAt: NOW - 20 * DAY,
    acknowledged: true,
    test: false,
    accountId: null,
    replaces: null,
    resubscribes: null,
    endedBy: null,
    autoResumesAt: null,
    ...overrides,
  };
}

/** A paid, acknowledged one-time purchase. */
export function oneTime(overrides: Partial<Purchase> = {}): Purchase {
  return subscription({
    type: "one_time",
    state: "purchased",
    items: [product()],
    startedAt: NOW - DAY,
    ...overrides,
  });
}

export function refOf(name: string, type: PurchaseRef["type"] = "subscription"): PurchaseRef {
  return purchaseRef(PACKAGE, type, token(name));
}

/** The record of a purchase that is Ann's. */
export function record(overrides: Partial<PurchaseRecord> = {}): PurchaseRecord {
  const answer = overrides.answer === undefined ? subscription() : overrides.answer;
  const ref = refOf("first", answer?.type ?? "subscription");
  return { ...newPurchaseRecord(ref, NOW - DAY), customerId: ANN, revision: 1, ...overrides, answer };
}

// ---------------------------------------------------------------- Slots and grants

export function active(until: Instant | null = NOW + 10 * DAY): Access {
  return { kind: "active", until };
}

export const ON_HOLD: Access = { kind: "suspended", reason: "subscription_on_hold", detail: null };
export const EXPIRED: Access = { kind: "ended", reason: "subscription_expired", detail: null };

export const SLOT_ID: SlotId = slotId(ANN, "sub_1", "desktop", 0);

export function target(overrides: Partial<Target> = {}): Target {
  return {
    access: active(),
    purchaseId: purchaseId(PACKAGE, token("first")),
    productId: "lumen_pro",
    productIds: [overrides.productId ?? "lumen_pro"],
    chainId: null,
    orderId: "GPA.1",
    expiresAt: NOW + 10 * DAY,
    state: "active",
    willRenew: true,
    ...overrides,
  };
}

/** A licence slot that is wanted, and of which nothing is real yet. */
export function slot(overrides: Partial<Slot> = {}): Slot {
  const seed = {
    id: SLOT_ID,
    customerId: ANN,
    entitlementId: "desktop",
    packageName: PACKAGE,
    integrationType: "license_key",
    opens: "on_delivery" as const,
    target: target(),
  };
  return { ...newSlot(seed, undefined), ...overrides };
}

export function grant(overrides: Partial<Grant> = {}): Grant {
  const seed: GrantSeed = {
    id: grantId(SLOT_ID, 1),
    slotId: SLOT_ID,
    customerId: ANN,
    entitlementId: "desktop",
    packageName: PACKAGE,
    integrationType: "license_key",
    purchaseId: purchaseId(PACKAGE, token("first")),
    productId: "lumen_pro",
    orderId: "GPA.1",
    chainId: null,
    regrantOf: null,
    licenseKey: null,
    expiresAt: NOW + 10 * DAY,
  };
  return { ...openGrant(seed, "Delivered", NOW - DAY), ...overrides };
}
