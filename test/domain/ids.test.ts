import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asCustomerId,
  asDeliveryId,
  asEndpointId,
  asGrantId,
  asPurchaseId,
  asReviewId,
  chainId,
  deliveryId,
  effectId,
  endpointId,
  eventId,
  grantId,
  laneId,
  licenseKeyId,
  mailId,
  orphanId,
  purchaseId,
  reviewId,
  slotId,
} from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import { ANN, BEN, customer, refOf, token } from "../support/builders.ts";

const slot = slotId(ANN, "sub_1", "premium", 0);

describe("ids are derived", () => {
  test("a purchase id is the hash that the contract gives, so that others can compute it too", () => {
    // printf 'com.example.app\nTOKEN' | sha256sum | cut -c1-32
    expect(purchaseId("com.example.app", new Secret("TOKEN"))).toBe("pur_a130b0231482db168c63fa033228872f");
  });

  test("a chain is named after its oldest token", () => {
    const root = purchaseId("com.example.app", new Secret("TOKEN"));
    expect(chainId(root)).toBe(root.replace("pur_", "sub_"));
  });

  test("an effect and an event are named after what they are about", () => {
    expect(effectId("fulfill_slot", slot)).toBe(`fulfill_slot:${slot}`);
    const grant = grantId(slot, 1);
    expect(eventId(grant, "created")).toBe(`${grant}_created`);
    // Standard Webhooks signs `id.timestamp.body`: no dot may be in it.
    expect(eventId(grant, "created")).not.toContain(".");
  });

  test("every part counts", () => {
    const ids = [
      slot,
      slotId(BEN, "sub_1", "premium", 0),
      slotId(ANN, "sub_2", "premium", 0),
      slotId(ANN, "sub_1", "basic", 0),
      slotId(ANN, "sub_1", "premium", 1),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    const others = [
      grantId(slot, 1),
      grantId(slot, 2),
      licenseKeyId(slot, 1),
      licenseKeyId(slot, 2),
      orphanId(slot, "1"),
      orphanId(slot, "2"),
    ];
    expect(new Set(others.map((id) => id.slice(4))).size).toBe(others.length);
  });

  test("have the documented shape, tell nothing and are the same every time, whatever they name", () => {
    const word = fc.string({ minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(word, word, word, fc.nat(), (packageName, token, entitlement, count) => {
        const make = () => {
          const purchase = purchaseId(packageName, new Secret(token));
          const unit = slotId(customer(packageName), purchase, entitlement, count);
          return [
            purchase,
            chainId(purchase),
            unit,
            grantId(unit, count),
            licenseKeyId(unit, count),
            orphanId(unit, token),
          ];
        };
        const ids = make();
        const prefixes = ["pur", "sub", "slt", "egr", "key", "orp"];
        for (const [index, id] of ids.entries())
          expect(id).toMatch(new RegExp(`^${prefixes[index]}_[0-9a-f]{32}$`));
        for (const id of ids) expect(id).not.toContain(token);
        expect(make()).toEqual(ids);
      }),
    );
  });

  test("another token or package is another purchase", () => {
    const word = fc.string({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(word, word, word, (packageName, one, other) => {
        fc.pre(one !== other);
        expect(purchaseId(packageName, new Secret(one))).not.toBe(purchaseId(packageName, new Secret(other)));
      }),
    );
  });
});

describe("a customer id must be one that Firestore accepts", () => {
  test.each(["ann", "a.b", "...", "__x", "x__", "x__a__", "ü".repeat(750), "a b", "____x"])(
    "%j is taken",
    (text) => {
      expect(asCustomerId(text)).toBe(text);
    },
  );

  test.each([
    "",
    ".",
    "..",
    "a/b",
    "/",
    "____",
    "__ann__",
    "__a\nb__",
    "x".repeat(1501),
    "ü".repeat(751),
    "\ud800x",
  ])("%j is nobody", (text) => {
    expect(asCustomerId(text)).toBeNull();
  });

  test("1500 bytes are not too long", () => {
    expect(asCustomerId("x".repeat(1500))).not.toBeNull();
  });
});

test.each(["", "egr_", "x", `egr_${"0".repeat(31)}`, `EGR_${"0".repeat(32)}`, `egr_${"0".repeat(32)}/x`])(
  "%s is no grant's id",
  (text) => expect(asGrantId(text)).toBeNull(),
);

test("a grant's own id is one", () => {
  const id = grantId(slot, 1);
  expect(asGrantId(id)).toBe(id);
});

test.each([
  ["a review's", asReviewId, reviewId(token("refund"))],
  ["a purchase's", asPurchaseId, refOf("first").id],
])("%s own id is one, and nothing else is", (_, as, id) => {
  expect(as(id)).toBe(id);
  expect(as(`${id}0`)).toBeNull();
  expect(as(`x${id}`)).toBeNull();
  expect(as(id.toUpperCase())).toBeNull();
  expect(as("")).toBeNull();
});

describe("ids of what is told", () => {
  const grant = grantId(slot, 1);
  const endpoint = endpointId("0".repeat(32));
  const delivery = deliveryId(eventId(grant, "created"), endpoint);

  test("a delivery is one event for one endpoint", () => {
    expect(asDeliveryId(delivery)).toBe(delivery);
    expect(deliveryId(eventId(grant, "delivered"), endpoint)).not.toBe(delivery);
    expect(deliveryId(eventId(grant, "created"), endpointId("1".repeat(32)))).not.toBe(delivery);
  });

  test("a lane is one customer's, for one endpoint or before any", () => {
    const lanes = [laneId(ANN, endpoint), laneId(BEN, endpoint), laneId(ANN, null)];
    expect(new Set(lanes).size).toBe(3);
    for (const lane of lanes) expect(lane).toMatch(/^lan_[0-9a-f]{32}$/);
  });

  test("a letter is named after what it is about", () => {
    const key = licenseKeyId(slot, 1);
    expect([mailId(key, "delivered"), mailId(grant, "revoked")]).toEqual([
      `${key}_delivered`,
      `${grant}_revoked`,
    ]);
  });

  test.each(["", "whe_1", "whe_".padEnd(36, "G"), delivery])("%j is no endpoint's", (text) => {
    expect(asEndpointId(text)).toBeNull();
  });

  test.each(["", "whd_1", endpoint, `${delivery}_1`])("%j is no delivery's", (text) => {
    expect(asDeliveryId(text)).toBeNull();
  });

  test("an endpoint's is its own", () => {
    expect(asEndpointId(endpoint)).toBe(endpoint);
  });
});
