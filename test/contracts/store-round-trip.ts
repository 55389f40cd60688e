import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CustomerFile, Entitlement } from "../../src/domain/entitlements.ts";
import { chainId, grantId, licenseKeyId, slotId } from "../../src/domain/ids.ts";
import type { Purchase, PurchaseState } from "../../src/domain/purchase.ts";
import type { PurchaseRecord } from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { Slot } from "../../src/domain/slot.ts";
import {
  active,
  EXPIRED,
  grant,
  lineItem,
  NOW,
  ON_HOLD,
  oneTime,
  product,
  slot,
  subscription,
  target,
} from "../support/builders.ts";
import {
  type CreateStore,
  newCustomer,
  newPurchase,
  ofCustomer,
  ofPurchase,
  type StoreUnderTest,
  storeOptions,
  write,
} from "./store-harness.ts";

/** Everything that is written comes back as it was: with all that may be there, and with nothing of it. */
export function roundTripContract(create: CreateStore): void {
  let under: StoreUnderTest;
  let customerId = newCustomer();

  beforeEach(async () => {
    under = await create(storeOptions(60_000));
    customerId = newCustomer();
  });
  afterEach(() => under.close());

  const purchaseBack = async (purchase: PurchaseRecord) => {
    await under.store.update(ofPurchase(purchase), () => write({ purchase, answered: true }));
    return (await under.store.load(ofPurchase(purchase))).file.purchase;
  };
  const customerBack = async (customer: CustomerFile) => {
    await under.store.update(ofCustomer(customer.customerId), () => write({ customer }));
    return (await under.store.load(ofCustomer(customer.customerId))).file.customer;
  };

  describe("purchases come back as they were", () => {
    const answers: [string, Purchase | null][] = [
      ["nothing known", null],
      ["a plain subscription", subscription()],
      ["all that a subscription may have", richSubscription()],
      ["nothing that a subscription may lack", bareSubscription()],
      ["a one-time product", oneTime()],
      [
        "units, some refunded",
        oneTime({ items: [product({ quantity: 3, refundableQuantity: 1, consumed: true, rental: true })] }),
      ],
      ["no items", subscription({ items: [] })],
      ["a state of tomorrow", subscription({ state: "unknown" })],
    ];

    it.each(answers)("%s", async (_, answer) => {
      const written = newPurchase({ answer, type: answer?.type ?? "subscription" });
      const read = await purchaseBack(written);
      expect(revealed(read)).toEqual(revealed(written));
      // Decisions compare as text, so the order of fields matters too.
      expect(JSON.stringify(revealed(read?.answer))).toBe(JSON.stringify(revealed(written.answer)));
      expect(read?.answer?.replaces?.reveal()).toBe(written.answer?.replaces?.reveal());
    });

    it("with all that we may know about one", async () => {
      const other = newPurchase();
      const written = newPurchase({
        customerId,
        chainId: chainId(other.id),
        replaced: other.id,
        revision: 12,
        observations: {
          voided: [
            { orderId: "GPA.1..0", extent: "full", at: NOW },
            { orderId: null, extent: "units", at: NOW + 1 },
          ],
          supersededBy: other.id,
          revoked: true,
        },
        closed: {
          [slotId(customerId, "scope", "b", 0)]: { generation: 2, attempts: 5, blocked: true },
          [slotId(customerId, "scope", "a", 0)]: { generation: 1, attempts: 1, blocked: false },
        },
        nextSyncAt: NOW + 123,
        acknowledgeBy: NOW + 456,
        orderIds: ["GPA.1", "GPA.1..0"],
        createdAt: NOW - 7,
        updatedAt: NOW - 3,
      });
      const read = await purchaseBack(written);
      expect(revealed(read)).toEqual(revealed(written));
      expect(JSON.stringify(read?.observations)).toBe(JSON.stringify(written.observations));
    });

    it("never prints its tokens", async () => {
      const written = newPurchase({ answer: richSubscription() });
      const read = await purchaseBack(written);
      expect(read?.token).toBeInstanceOf(Secret);
      expect(JSON.stringify(read)).not.toContain(written.token.reveal());
    });

    it("fails rather than give garbage", async () => {
      if (under.corruptPurchase === undefined) return;
      const purchase = newPurchase();
      await under.corruptPurchase(purchase.id);
      await expect(under.store.load(ofPurchase(purchase))).rejects.toThrow();
    });
  });

  describe("customer files come back as they were", () => {
    const slots: [string, Partial<Slot>][] = [
      ["a slot that waits", {}],
      ["all that a slot may have", richSlot()],
      [
        "a gift's",
        {
          target: target({ purchaseId: null, productId: null, orderId: null }),
          grant: grant({ purchaseId: null, productId: null, orderId: null }),
        },
      ],
      ["one on hold", { target: target({ access: ON_HOLD, orderId: null, expiresAt: null }) }],
      ["one that ended", { target: target({ access: EXPIRED, state: "expired" }), blocked: true }],
      [
        "one without an end",
        { target: target({ access: active(null), chainId: chainId(newPurchase().id) }) },
      ],
      [
        "an integration's own state",
        { state: { guild: "g1", roles: ["a", "b"], nested: { at: 5, none: null } } },
      ],
    ];

    it.each(slots)("%s", async (_, overrides) => {
      const written = slot({ customerId, ...overrides });
      const file = { customerId, contact: null, slots: { [written.id]: written }, entitlements: {} };
      const read = await customerBack(file);
      expect(read).toEqual(file);
      const back = read?.slots[written.id];
      expect(JSON.stringify(back?.target)).toBe(JSON.stringify(written.target));
    });

    it.each([
      null,
      { email: null, language: null },
      { email: "ann@example.com", language: "th" as const },
      { email: null, language: "en" as const },
    ])("a contact: %j", async (contact) => {
      const file = { customerId, contact, slots: {}, entitlements: {} };
      expect(await customerBack(file)).toEqual(file);
    });

    it.each(["active", "refunded", "in_grace_period"] as PurchaseState[])(
      "an entitlement, %s",
      async (state) => {
        const row: Entitlement = {
          entitlementId: "pro",
          active: state === "active",
          expiresAt: state === "active" ? null : NOW,
          accessUntil: state === "active" ? null : NOW - 1,
          state,
          willRenew: true,
          purchaseIds: [newPurchase().id, newPurchase().id],
          productIds: ["b", "a"],
          updatedAt: NOW,
        };
        const file = {
          customerId,
          contact: null,
          slots: {},
          entitlements: { pro: row, "a-b_c": { ...row, entitlementId: "a-b_c" } },
        };
        const read = await customerBack(file);
        expect(read).toEqual(file);
        expect(JSON.stringify(read?.entitlements.pro)).toBe(JSON.stringify(row));
      },
    );
  });

  describe("rows come back as they were", () => {
    const id = grantId(slotId(newCustomer(), "scope", "desktop", 0), 1);
    const key = { id: licenseKeyId(slotId(newCustomer(), "scope", "desktop", 0), 1), masked: "****-1234" };
    const rows = [
      ["a plain one", {}],
      [
        "a licence's",
        { licenseKey: key, expiresAt: NOW + 5, deliveredAt: NOW, chainId: chainId(newPurchase().id) },
      ],
      ["a licence's without an end", { licenseKey: key, expiresAt: null }],
      ["one that waits", { status: "Pending", deliveredAt: null, orderId: null }],
      [
        "one that failed",
        { status: "Failed", deliveredAt: null, failure: { code: "x", message: "It failed." } },
      ],
      [
        "one that ended",
        {
          status: "Revoked",
          revokedAt: NOW,
          revocationReason: "subscription_on_hold",
          revocationDetail: "paused",
        },
      ],
      ["one that came back", { regrantOf: id }],
      ["a gift", { purchaseId: null, productId: null, orderId: null }],
      [
        "a gift that ended",
        { purchaseId: null, productId: null, status: "Revoked", revokedAt: NOW, ...GIFT_ENDED },
      ],
    ] as const;

    it.each(rows)("%s", async (_, overrides) => {
      const written = grant({ id, customerId, expiresAt: null, ...overrides });
      await under.store.update(ofCustomer(customerId), () => write({ grants: [written] }));
      expect(await under.records.grant(customerId, id)).toEqual(written);
    });

    it.each([
      [null, null],
      ["lic_9", NOW + 5],
    ])("a sealed licence key, licence id %s, looked at again %s", async (licenseId, checkAt) => {
      const slotOf = slotId(customerId, "scope", "desktop", 0);
      const sealed = {
        id: licenseKeyId(slotOf, 3),
        slotId: slotOf,
        customerId,
        sealed: "v1.k1.abc",
        licenseId,
        issuedAt: NOW,
        checkAt,
      };
      await under.store.update(ofCustomer(customerId), () => write({ licenseKeys: [sealed] }));
      expect(await under.records.licenseKeys([sealed.id, licenseKeyId(slotOf, 4)])).toEqual([sealed]);
      expect(await under.records.licenseKeys([])).toEqual([]);
    });
  });

  function richSlot(): Partial<Slot> {
    const id = slotId(customerId, "scope", "desktop", 0);
    const shown = { id: licenseKeyId(id, 2), masked: "****-****-1234" };
    return {
      target: target({ chainId: chainId(newPurchase().id), willRenew: false, state: "canceled" }),
      applied: { kind: "suspended", productId: "lumen_pro", until: NOW + 9, spoiled: true, unsure: ["life"] },
      generation: 3,
      attempts: 4,
      attempt: { number: 4, lease: "lease-1" },
      disabled: true,
      failure: { code: "keythai_quota", message: "No more.", orderId: "GPA.2" },
      grant: grant({
        customerId,
        licenseKey: shown,
        chainId: chainId(newPurchase().id),
        regrantOf: grantId(id, 2),
      }),
      shown,
      state: { licenseKeyId: shown.id },
    };
  }
}

const GIFT_ENDED = { revocationReason: "manual", revocationDetail: "gift_ended" } as const;

function richSubscription(): Purchase {
  return subscription({
    state: "paused",
    items: [
      lineItem(),
      lineItem({ productId: "lumen_cloud", leaving: true, quantity: 2, orderId: "GPA.2..7" }),
    ],
    acknowledged: false,
    test: true,
    accountId: "acc-ก",
    replaces: new Secret("token-old"),
    resubscribes: new Secret("token-older"),
    endedBy: "replacement",
    autoResumesAt: NOW + 77,
  });
}

function bareSubscription(): Purchase {
  const item = lineItem({ basePlanId: null, orderId: null, expiresAt: null, autoRenewing: null });
  return subscription({ state: "pending", items: [item], startedAt: null });
}

/** The same with its secrets in clear, which compare as equal otherwise. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`;
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}
