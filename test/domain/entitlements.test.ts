import { describe, expect, test } from "vitest";
import {
  type CustomerFile,
  type Entitlement,
  emptyCustomerFile,
  mergeEntitlements,
  slotsOf,
} from "../../src/domain/entitlements.ts";
import type { SlotId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import type { Slot, Target } from "../../src/domain/slot.ts";
import { ANN, active, EXPIRED, must, NOW, ON_HOLD, refOf, slot, target } from "../support/builders.ts";

const A = refOf("a").id;
const B = refOf("b").id;

/** A slot for `premium`; its id is its name. */
function premium(name: string, aim: Partial<Target> = {}, overrides: Partial<Slot> = {}): Slot {
  return slot({
    id: name as SlotId,
    entitlementId: "premium",
    target: target({ purchaseId: A, ...aim }),
    ...overrides,
  });
}

function merge(slots: Slot[], before: Entitlement | null = null, now = NOW): Entitlement {
  const previous: CustomerFile["entitlements"] = before === null ? {} : { premium: before };
  return must(mergeEntitlements(slots, previous, now).premium);
}

const OPEN = merge([premium("s1")], null, NOW - DAY);

describe("an entitlement that something gives", () => {
  test("is active, with all that the contract names", () => {
    expect(merge([premium("s1", { access: active(NOW + 13 * DAY) })])).toEqual({
      entitlementId: "premium",
      active: true,
      expiresAt: NOW + 10 * DAY,
      accessUntil: NOW + 13 * DAY,
      state: "active",
      willRenew: true,
      purchaseIds: [A],
      productIds: ["lumen_pro"],
      updatedAt: NOW,
    });
  });

  const short = premium("s1", {
    access: active(NOW + DAY),
    expiresAt: NOW + DAY,
    state: "canceled",
    willRenew: false,
  });
  const long = premium("s2", {
    purchaseId: B,
    productId: "lumen_studio",
    access: active(NOW + 2 * DAY),
    expiresAt: NOW + 2 * DAY,
    state: "in_grace_period",
  });
  const lasting = premium("s3", {
    purchaseId: B,
    productId: "lifetime",
    access: active(null),
    expiresAt: null,
    state: "purchased",
    willRenew: false,
  });

  test.each<[string, Slot[], Partial<Entitlement>]>([
    [
      "by several lasts as long as the longest",
      [short, long],
      {
        accessUntil: NOW + 2 * DAY,
        expiresAt: NOW + 2 * DAY,
        state: "in_grace_period",
        willRenew: true,
        purchaseIds: [A, B].sort(),
        productIds: ["lumen_pro", "lumen_studio"],
      },
    ],
    [
      "wherever that one stands",
      [long, short],
      { accessUntil: NOW + 2 * DAY, expiresAt: NOW + 2 * DAY, state: "in_grace_period" },
    ],
    [
      "for good by one of them has no end",
      [short, lasting, long],
      { accessUntil: null, expiresAt: null, state: "purchased", willRenew: true },
    ],
    [
      "by one only counts that one",
      [short, premium("s2", { purchaseId: B, access: ON_HOLD })],
      { purchaseIds: [A], willRenew: false, state: "canceled" },
    ],
    [
      "by two units of one purchase names it once",
      [short, premium("s0", short.target)],
      { purchaseIds: [A], productIds: ["lumen_pro"] },
    ],
  ])("%s", (_, slots, expected) => {
    expect(merge(slots)).toMatchObject({ active: true, ...expected });
  });

  test("of two that last as long, always the same one speaks", () => {
    const one = premium("s1", { state: "canceled" });
    const other = premium("s2", { state: "in_grace_period" });
    expect(merge([one, other]).state).toBe("canceled");
    expect(merge([other, one]).state).toBe("canceled");
    const forGood = (name: string, state: Target["state"]) =>
      premium(name, { access: active(null), expiresAt: null, state });
    expect(merge([forGood("s2", "purchased"), forGood("s1", "active")]).state).toBe("active");
  });

  test("says what Google's end is, and what ours", () => {
    // The one with the leeway gives the longest access, the other has the later end of its period.
    const late = premium("s1", { access: active(NOW + 3 * DAY), expiresAt: NOW });
    const paid = premium("s2", { access: active(NOW + 2 * DAY), expiresAt: NOW + 2 * DAY });
    expect(merge([late, paid])).toMatchObject({ expiresAt: NOW + 2 * DAY, accessUntil: NOW + 3 * DAY });
  });
});

describe("an entitlement that has ended", () => {
  test("ended now, never later than updated_at, whatever Google's end says", () => {
    expect(merge([premium("s1", { access: ON_HOLD, state: "on_hold" })], OPEN)).toEqual({
      ...OPEN,
      active: false,
      state: "on_hold",
      accessUntil: NOW,
      updatedAt: NOW,
    });
  });

  test("ended when its time was up, if that came before", () => {
    const end = must(OPEN.accessUntil);
    const over = merge([premium("s1")], OPEN, end + DAY);
    expect(over).toMatchObject({ active: false, accessUntil: end, updatedAt: end + DAY, state: "expired" });
    expect(merge([premium("s1")], OPEN, end)).toMatchObject({ active: false, accessUntil: end });
    expect(merge([premium("s1")], OPEN, end - 1)).toMatchObject({ active: true });
  });

  test("that had no end ended now", () => {
    const lasting = { ...OPEN, accessUntil: null, expiresAt: null };
    expect(
      merge([premium("s1", { access: EXPIRED, state: "refunded", expiresAt: null })], lasting),
    ).toMatchObject({
      active: false,
      accessUntil: NOW,
      expiresAt: null,
      state: "refunded",
    });
  });

  test("keeps when it ended, and what gave it last, when more is heard of it", () => {
    const ended = merge([premium("s1", { access: ON_HOLD, state: "on_hold" })], OPEN);
    const later = merge(
      [premium("s1", { access: EXPIRED, state: "expired", expiresAt: NOW - DAY })],
      ended,
      NOW + DAY,
    );
    expect(later).toMatchObject({
      active: false,
      accessUntil: NOW,
      state: "expired",
      expiresAt: NOW - DAY,
      purchaseIds: [A],
    });
  });

  test("of which nothing is left keeps what was known", () => {
    const ended = merge([premium("s1", { access: EXPIRED, state: "revoked" })], OPEN);
    const before = { premium: ended };
    expect(mergeEntitlements([], before, NOW + DAY).premium).toBe(ended);
  });

  test("may come back while a slot is on hold, and says whether it renews", () => {
    expect(merge([premium("s1", { access: ON_HOLD, state: "on_hold" })], OPEN).willRenew).toBe(true);
    expect(
      merge([premium("s1", { access: ON_HOLD, state: "on_hold", willRenew: false })], OPEN).willRenew,
    ).toBe(false);
    expect(merge([premium("s1", { access: EXPIRED, state: "expired" })], OPEN).willRenew).toBe(false);
  });

  test.each(["blocked", "disabled"] as const)("was taken away by a person: %s", (how) => {
    const taken = premium("s1", { access: EXPIRED }, { [how]: true });
    expect(merge([taken], OPEN)).toMatchObject({ active: false, state: "revoked" });
  });

  test("of which a plan change ended what was paused, won't come back, now or when it is looked at again", () => {
    const ended = premium("s1", { access: EXPIRED, state: "paused" });
    const paused = { ...OPEN, active: false, state: "paused" as const, accessUntil: NOW };
    const after = mergeEntitlements([ended], { premium: paused }, NOW);
    expect(after.premium).toMatchObject({ active: false, state: "expired" });
    expect(mergeEntitlements([], after, NOW).premium).toBe(after.premium);
  });

  test("was never open: it has ended now all the same, with the purchase that could have given it", () => {
    expect(merge([premium("s1", {}, { blocked: true })])).toMatchObject({
      active: false,
      accessUntil: NOW,
      purchaseIds: [A],
      productIds: ["lumen_pro"],
      state: "revoked",
    });
  });

  test.each<[string, Slot[], Partial<Entitlement>, string]>([
    [
      "the purchase lives, this item of it doesn't",
      [premium("s1", { access: EXPIRED, state: "active" })],
      {},
      "expired",
    ],
    ["canceled and over", [premium("s1", { access: EXPIRED, state: "canceled" })], {}, "expired"],
    ["a person took it away", [premium("s1", { state: "active" }, { blocked: true })], {}, "revoked"],
    [
      "one that may come back speaks first",
      [
        premium("s1", { access: ON_HOLD, state: "paused" }),
        premium("s2", { access: EXPIRED, state: "refunded" }),
      ],
      {},
      "paused",
    ],
    [
      "also when it stands last",
      [
        premium("s1", { access: EXPIRED, state: "refunded" }),
        premium("s2", { purchaseId: B, access: ON_HOLD, state: "paused" }),
      ],
      {},
      "paused",
    ],
    [
      "what gave it last goes before what ended long ago and is still being taken back",
      [
        premium("s1", { access: EXPIRED, state: "refunded" }),
        premium("s2", { purchaseId: B, access: EXPIRED, state: "expired" }),
      ],
      {},
      "refunded",
    ],
    [
      "of two of one purchase the last",
      [
        premium("s1", { access: EXPIRED, state: "refunded" }),
        premium("s2", { access: EXPIRED, state: "revoked" }),
      ],
      {},
      "revoked",
    ],
    [
      "of two that gave it one that ran out unseen",
      [
        premium("s1", { access: active(NOW), state: "active" }),
        premium("s2", { access: EXPIRED, state: "refunded" }),
      ],
      {},
      "expired",
    ],
    [
      "its successor was never open",
      [premium("s1", { purchaseId: B, access: EXPIRED, state: "revoked" })],
      {},
      "revoked",
    ],
    [
      "its successor was on hold, and then ran out",
      [premium("s1", { purchaseId: B, access: EXPIRED, state: "expired" })],
      { active: false, state: "on_hold" },
      "expired",
    ],
    [
      "another that ended long ago has no say",
      [premium("s1", { purchaseId: B, access: EXPIRED, state: "expired" })],
      { active: false, state: "refunded" },
      "refunded",
    ],
    [
      "paused, and then ran out",
      [premium("s1", { purchaseId: B, access: EXPIRED, state: "expired" })],
      { active: false, state: "paused" },
      "expired",
    ],
    ["nothing is left of it", [], { state: "purchased" }, "expired"],
    ["nothing is left of it, in grace", [], { state: "in_grace_period" }, "expired"],
    ["nothing is left of it, refunded", [], { state: "refunded" }, "refunded"],
  ])("%s", (_, slots, before, state) => {
    expect(merge(slots, { ...OPEN, ...before })).toMatchObject({ active: false, state });
  });
});

describe("rows that say the same stay the same objects", () => {
  test("a later look changes nothing", () => {
    const before = mergeEntitlements([premium("s1")], {}, NOW);
    expect(mergeEntitlements([premium("s1")], before, NOW + DAY).premium).toBe(before.premium);
  });
  test("an entitlement beside it is left alone", () => {
    const before = mergeEntitlements([premium("s1")], {}, NOW);
    const both = mergeEntitlements([premium("s1"), slot({ entitlementId: "desktop" })], before, NOW);
    expect(both.premium).toBe(before.premium);
    expect(Object.keys(both).sort()).toEqual(["desktop", "premium"]);
  });
});

test("a customer begins with nothing", () => {
  expect(emptyCustomerFile(ANN)).toEqual({ customerId: ANN, slots: {}, entitlements: {}, contact: null });
  expect(slotsOf(null)).toEqual([]);
  expect(slotsOf({ ...emptyCustomerFile(ANN), slots: { ["s1" as SlotId]: slot() } })).toEqual([slot()]);
});
