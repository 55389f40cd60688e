import { describe, expect, test } from "vitest";
import {
  type Access,
  type AccessRules,
  accessOf,
  endsOf,
  stateOf,
  unitsHeld,
} from "../../src/domain/access.ts";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import {
  NO_OBSERVATIONS,
  type Observation,
  type Observations,
  observe,
} from "../../src/domain/observation.ts";
import type { EndedBy, LineItem, Purchase, PurchaseState } from "../../src/domain/purchase.ts";
import { lineItem, NOW, oneTime, product, refOf, subscription } from "../support/builders.ts";

const LEEWAY = 72 * HOUR;
const RULES: AccessRules = { renewalLeewayMs: LEEWAY, rentalPeriod: null };
const ORDER = "GPA.now";

function voided(orderId: string | null, extent: "full" | "units" = "full"): Observation {
  return { kind: "voided", order: { orderId, extent, at: NOW } };
}

/** What a read doesn't show, by the names used in the tables. */
const SEEN: Record<string, Observations> = {
  none: NO_OBSERVATIONS,
  "void now": observe(NO_OBSERVATIONS, voided(ORDER)),
  "void older": observe(NO_OBSERVATIONS, voided("GPA.older")),
  "void token": observe(NO_OBSERVATIONS, voided(null)),
  "void units": observe(NO_OBSERVATIONS, voided(ORDER, "units")),
  superseded: observe(NO_OBSERVATIONS, { kind: "superseded", by: refOf("next").id }),
  revoked: observe(NO_OBSERVATIONS, { kind: "revoked" }),
};
const OBSERVATIONS = Object.keys(SEEN);

/** Items by how they go on. */
const ITEMS: Record<string, Partial<LineItem>> = {
  renewing: { autoRenewing: true },
  "not renewing": { autoRenewing: false },
  prepaid: { autoRenewing: null },
  leaving: { autoRenewing: false, leaving: true },
};

/** `until end`, `until +72h`, `suspended`, `ended <reason>` or `nothing due`. */
function tell(access: Access | null, end: number | null): string {
  if (access === null) return "nothing due";
  if (access.kind === "active") {
    if (access.until === null) return "for good";
    if (end !== null && access.until === end) return "until end";
    return end !== null && access.until === end + LEEWAY ? "until +72h" : `until ${access.until}`;
  }
  const detail = access.detail === null ? "" : ` (${access.detail})`;
  return `${access.kind} ${access.reason}${detail}`;
}

interface Case {
  readonly state: PurchaseState;
  readonly item: string;
  readonly when: "before end" | "at end" | "in leeway" | "after leeway";
  readonly seen: string;
  readonly endedBy?: EndedBy | null;
}

const ENDS = { "before end": NOW + DAY, "at end": NOW, "in leeway": NOW - DAY, "after leeway": NOW - LEEWAY };

function subscriptionAccess({ state, item, when, seen, endedBy = null }: Case): string {
  const end = ENDS[when];
  const only = lineItem({ ...ITEMS[item], orderId: ORDER, expiresAt: end });
  const purchase = subscription({ state, items: [only], endedBy });
  return tell(accessOf(only, purchase, SEEN[seen] ?? NO_OBSERVATIONS, RULES, NOW), end);
}

/** All combinations of the columns that a row of the table leaves open. */
function expand(row: { [K in keyof Case]: readonly Case[K][] }): Case[] {
  return row.state.flatMap((state) =>
    row.item.flatMap((item) =>
      row.when.flatMap((when) => row.seen.map((seen): Case => ({ state, item, when, seen }))),
    ),
  );
}

const ANY_ITEM = Object.keys(ITEMS);
const ANY_TIME = ["before end", "at end", "in leeway", "after leeway"] as const;
const PAST = ["at end", "in leeway", "after leeway"] as const;
/** Observations that say nothing about the present access. */
const HARMLESS = ["none", "void older", "void units"];
const TAKEN = ["void now", "void token"];

/** google-play.md sections 5 and 10; entitlement-grants.md section 8. First what is said of time, then of money. */
const SUBSCRIPTION_TABLE: [string, { [K in keyof Case]: readonly Case[K][] }, string][] = [
  // ACTIVE and IN_GRACE_PERIOD: now < end, and 72 h more for what renews.
  [
    "renews",
    {
      state: ["active", "in_grace_period"],
      item: ["renewing"],
      when: ["before end", "at end", "in leeway"],
      seen: [...HARMLESS, "revoked"],
    },
    "until +72h",
  ],
  [
    "overdue for good",
    {
      state: ["active", "in_grace_period"],
      item: ["renewing"],
      when: ["after leeway"],
      seen: [...HARMLESS, "revoked"],
    },
    "ended subscription_expired",
  ],
  [
    "doesn't renew",
    {
      state: ["active", "in_grace_period"],
      item: ["not renewing", "prepaid", "leaving"],
      when: ["before end"],
      seen: [...HARMLESS, "revoked"],
    },
    "until end",
  ],
  [
    "doesn't renew, over",
    {
      state: ["active", "in_grace_period"],
      item: ["not renewing", "prepaid"],
      when: PAST,
      seen: [...HARMLESS, "revoked"],
    },
    "ended subscription_expired",
  ],
  [
    "has left",
    {
      state: ["active", "in_grace_period", "canceled"],
      item: ["leaving"],
      when: PAST,
      seen: [...HARMLESS, "revoked"],
    },
    "ended plan_changed",
  ],
  // CANCELED: until its end, no leeway.
  [
    "canceled",
    { state: ["canceled"], item: ANY_ITEM, when: ["before end"], seen: [...HARMLESS, "revoked"] },
    "until end",
  ],
  [
    "canceled, over",
    {
      state: ["canceled"],
      item: ["renewing", "not renewing", "prepaid"],
      when: PAST,
      seen: [...HARMLESS, "revoked"],
    },
    "ended subscription_cancelled",
  ],
  // ON_HOLD and PAUSED: off, whatever the items say, and may come back.
  [
    "on hold",
    { state: ["on_hold"], item: ANY_ITEM, when: ANY_TIME, seen: [...HARMLESS, "revoked"] },
    "suspended subscription_on_hold",
  ],
  [
    "paused",
    { state: ["paused"], item: ANY_ITEM, when: ANY_TIME, seen: [...HARMLESS, "revoked"] },
    "suspended subscription_on_hold (paused)",
  ],
  // EXPIRED: off; a void of what was paid last, or notice 12, says why.
  [
    "expired",
    { state: ["expired"], item: ANY_ITEM, when: ANY_TIME, seen: HARMLESS },
    "ended subscription_expired",
  ],
  [
    "expired by revoke",
    { state: ["expired"], item: ANY_ITEM, when: ANY_TIME, seen: [...TAKEN, "revoked"] },
    "ended refund",
  ],
  // A full refund of the order that pays for the present access wins over the state.
  [
    "refunded",
    {
      state: ["active", "in_grace_period", "canceled", "on_hold", "paused"],
      item: ANY_ITEM,
      when: ANY_TIME,
      seen: TAKEN,
    },
    "ended refund",
  ],
  // Nothing granted yet: nothing to take.
  [
    "pending",
    {
      state: ["pending", "pending_purchase_canceled"],
      item: ANY_ITEM,
      when: ANY_TIME,
      seen: [...HARMLESS, ...TAKEN, "revoked"],
    },
    "nothing due",
  ],
  // The successor gives the access now.
  [
    "superseded",
    {
      state: ["active", "in_grace_period", "canceled", "on_hold", "paused", "expired"],
      item: ANY_ITEM,
      when: ANY_TIME,
      seen: ["superseded"],
    },
    "ended plan_changed",
  ],
];

describe("access of a subscription's item", () => {
  test.each(SUBSCRIPTION_TABLE)("%s", (_, row, expected) => {
    for (const each of expand(row))
      expect.soft(subscriptionAccess(each), JSON.stringify(each)).toBe(expected);
  });

  test("the table leaves no state, item, time or observation out", () => {
    const states: PurchaseState[] = [
      "pending",
      "active",
      "in_grace_period",
      "on_hold",
      "paused",
      "canceled",
      "expired",
      "pending_purchase_canceled",
    ];
    const said = new Set(
      SUBSCRIPTION_TABLE.flatMap(([, row]) => expand(row).map((each) => JSON.stringify(each))),
    );
    const all = expand({ state: states, item: ANY_ITEM, when: ANY_TIME, seen: OBSERVATIONS });
    const open = all.filter((each) => !said.has(JSON.stringify(each)));
    // What has never granted can't have been superseded.
    expect(open.filter((each) => !(each.state.startsWith("pending") && each.seen === "superseded"))).toEqual(
      [],
    );
  });

  test.each<[PurchaseState, EndedBy | null, string]>([
    ["expired", "user", "subscription_cancelled"],
    ["expired", "developer", "subscription_cancelled"],
    ["expired", "system", "subscription_expired"],
    ["expired", null, "subscription_expired"],
    ["canceled", "user", "subscription_cancelled"],
    ["canceled", "developer", "subscription_cancelled"],
    ["canceled", "system", "subscription_expired"],
    ["canceled", "replacement", "plan_changed"],
    ["canceled", null, "subscription_cancelled"],
  ])("%s, ended by %s, ends with the reason %s", (state, endedBy, reason) => {
    const told = subscriptionAccess({ state, item: "not renewing", when: "at end", seen: "none", endedBy });
    expect(told).toBe(`ended ${reason}`);
  });

  /** Its successor may go on with what it gave, and the notice of its own end may have come first. */
  test.each([
    ["waits for its successor", 4 * DAY - 1, "suspended"],
    ["waits for none for ever", 4 * DAY, "ended"],
  ])("one that was replaced by a token not heard of %s", (_, after, kind) => {
    const item = lineItem({ expiresAt: NOW - after });
    const replaced = subscription({ state: "expired", endedBy: "replacement", items: [item] });
    const access = accessOf(item, replaced, NO_OBSERVATIONS, RULES, NOW);
    expect(access).toEqual({ kind, reason: "plan_changed", detail: null });
    expect(endsOf(replaced, () => RULES)).toContain(NOW - after + 4 * DAY);
  });

  test("one that was replaced before it began, or taken back, waits for nothing", () => {
    const item = lineItem({ expiresAt: null });
    const replaced = subscription({ state: "expired", endedBy: "replacement", items: [item] });
    expect(accessOf(item, replaced, NO_OBSERVATIONS, RULES, NOW)).toMatchObject({ kind: "ended" });
    const revoked = { ...NO_OBSERVATIONS, revoked: true };
    expect(accessOf(lineItem(), { ...replaced, items: [lineItem()] }, revoked, RULES, NOW)).toMatchObject({
      kind: "ended",
      reason: "refund",
    });
  });

  test.each<[string, Partial<LineItem>, PurchaseState, string]>([
    ["that doesn't renew has left the plan", { autoRenewing: false }, "active", "plan_changed"],
    [
      "that would renew ran out",
      { autoRenewing: true, expiresAt: NOW - 4 * DAY },
      "active",
      "subscription_expired",
    ],
    [
      "of a cancelled purchase ran out with it",
      { autoRenewing: false },
      "canceled",
      "subscription_cancelled",
    ],
  ])("an item %s, while another one goes on", (_, over, state, reason) => {
    const item = lineItem({ expiresAt: NOW - DAY, ...over });
    const purchase = subscription({ state, items: [item, lineItem({ productId: "other" })] });
    expect(accessOf(item, purchase, NO_OBSERVATIONS, RULES, NOW)).toMatchObject({ kind: "ended", reason });
  });

  test.each(["active", "in_grace_period", "canceled"] as const)(
    "an item of a purchase %s that has not started gives nothing yet",
    (state) => {
      const waiting = lineItem({ expiresAt: null, orderId: null });
      expect(
        accessOf(waiting, subscription({ state, items: [waiting] }), NO_OBSERVATIONS, RULES, NOW),
      ).toBeNull();
    },
  );

  test("an item that leaves has no leeway, even if Google still calls it renewing", () => {
    const leaving = lineItem({ leaving: true, autoRenewing: true, expiresAt: NOW + DAY });
    expect(
      tell(accessOf(leaving, subscription({ items: [leaving] }), NO_OBSERVATIONS, RULES, NOW), NOW + DAY),
    ).toBe("until end");
  });

  test("the void of one item's order leaves the others alone", () => {
    const base = lineItem({ orderId: ORDER });
    const addOn = lineItem({ productId: "lumen_cloud", orderId: "GPA.addon" });
    const purchase = subscription({ items: [base, addOn] });
    const seen = observe(NO_OBSERVATIONS, voided("GPA.addon"));
    expect(accessOf(base, purchase, seen, RULES, NOW)?.kind).toBe("active");
    expect(accessOf(addOn, purchase, seen, RULES, NOW)).toEqual({
      kind: "ended",
      reason: "refund",
      detail: null,
    });
  });

  test("a refunded period does not taint the next one: the renewal has an order of its own", () => {
    const renewed = lineItem({ orderId: "GPA.next" });
    expect(
      accessOf(renewed, subscription({ items: [renewed] }), SEEN["void now"] ?? NO_OBSERVATIONS, RULES, NOW)
        ?.kind,
    ).toBe("active");
  });
});

/** google-play.md sections 6 and 10. */
const ONE_TIME_TABLE: [PurchaseState, readonly string[], string][] = [
  ["pending", OBSERVATIONS.filter((seen) => seen !== "superseded"), "nothing due"],
  ["purchased", ["none", "void units", "revoked"], "for good"],
  // A one-time purchase has one order: any full void is its own.
  ["purchased", ["void now", "void older", "void token"], "ended refund"],
  ["canceled", OBSERVATIONS.filter((seen) => seen !== "superseded"), "ended refund"],
  ["refunded", OBSERVATIONS.filter((seen) => seen !== "superseded"), "ended refund"],
];

describe("access of a one-time product", () => {
  test.each(ONE_TIME_TABLE)("%s, seen %j: %s", (state, observations, expected) => {
    for (const seen of observations) {
      const item = product({ orderId: ORDER });
      const purchase = oneTime({ state, items: [item] });
      expect
        .soft(tell(accessOf(item, purchase, SEEN[seen] ?? NO_OBSERVATIONS, RULES, NOW), null), seen)
        .toBe(expected);
    }
  });

  const rented = product({ productId: "course_pack", rental: true });
  const rental: AccessRules = { ...RULES, rentalPeriod: "P30D" };
  const begun = NOW - 30 * DAY;

  test.each([
    ["a rental runs to the millisecond before its end", rented, rental, begun + 1, `until ${NOW + 1}`],
    ["a rental ends with its period", rented, rental, begun, "ended subscription_expired (rental_ended)"],
    ["a rental of a product without a period never ends", rented, RULES, begun, "for good"],
    [
      "a bought product doesn't end with the period of its rental offer",
      product(),
      rental,
      begun,
      "for good",
    ],
    ["a rental whose beginning Google doesn't tell has no end", rented, rental, null, "for good"],
  ])("%s", (_, item, rules, startedAt, expected) => {
    const purchase = oneTime({ items: [item], startedAt });
    expect(tell(accessOf(item, purchase, NO_OBSERVATIONS, rules, NOW), null)).toBe(expected);
  });

  test("a refunded rental ends because of the refund, not of its time", () => {
    const seen = SEEN["void now"] ?? NO_OBSERVATIONS;
    const access = accessOf(rented, oneTime({ items: [rented], startedAt: begun }), seen, rental, NOW);
    expect(access).toEqual({ kind: "ended", reason: "refund", detail: null });
  });
});

describe("units held", () => {
  test.each([
    ["Google counts nothing", 1, null, "none", 1],
    ["Google counts nothing, whatever a notice says", 2, null, "void units", 2],
    ["nothing was refunded", 3, 3, "none", 3],
    ["Google counts less than all", 3, 2, "none", 2],
    ["Google counts less than all, and a notice says so too", 3, 1, "void units", 1],
    ["a bare 0 without a notice may have other causes", 3, 0, "none", 3],
    ["a bare 0 beside the void of another kind tells nothing of units", 3, 0, "void older", 3],
    ["all units were refunded one by one", 3, 0, "void units", 0],
    ["Google counts more than were bought", 2, 5, "void units", 2],
  ])("%s", (_, quantity, refundableQuantity, seen, expected) => {
    const item = product({ quantity, refundableQuantity });
    expect(unitsHeld(item, SEEN[seen] ?? NO_OBSERVATIONS)).toBe(expected);
  });
});

/** Contract section 3: what the outside calls it. */
describe("the state that the outside sees", () => {
  const bought = oneTime({ items: [product({ orderId: ORDER })] });
  const running = subscription({ items: [lineItem({ orderId: ORDER })] });
  const TABLE: [string, Purchase, PurchaseState, readonly string[], PurchaseState][] = [
    ["one-time, not refunded", bought, "purchased", ["none", "void units", "revoked"], "purchased"],
    ["one-time, refunded", bought, "purchased", ["void now", "void older", "void token"], "refunded"],
    ["one-time, cancelled, and a void found", bought, "canceled", ["void now"], "refunded"],
    ["one-time, cancelled before it was paid", bought, "canceled", ["none"], "canceled"],
    ["one-time, refunded by the read alone", bought, "refunded", ["none"], "refunded"],
    ["one-time, a void before the purchase", bought, "pending", ["void now"], "pending"],
    ["subscription, order of today refunded", running, "active", ["void now", "void token"], "revoked"],
    [
      "subscription, older order refunded",
      running,
      "active",
      ["none", "void older", "void units", "revoked"],
      "active",
    ],
    ["subscription on hold, refunded", running, "on_hold", ["void now"], "revoked"],
    ["subscription that ran out", running, "expired", ["none", "void older", "superseded"], "expired"],
    ["subscription that ran out or was revoked", running, "expired", ["void now", "revoked"], "revoked"],
    ["subscription pending", running, "pending", ["none", "void token"], "pending"],
    [
      "subscription whose payment never came",
      running,
      "pending_purchase_canceled",
      ["none", "void token"],
      "pending_purchase_canceled",
    ],
    ["subscription of an unknown state", running, "unknown", ["none"], "unknown"],
    ["subscription without items", subscription({ items: [] }), "active", ["void token"], "active"],
  ];
  test.each(TABLE)("%s", (_, purchase, state, observations, expected) => {
    for (const seen of observations) {
      expect.soft(stateOf({ ...purchase, state }, SEEN[seen] ?? NO_OBSERVATIONS), seen).toBe(expected);
    }
  });

  test("of several items all that have begun must be refunded before the purchase counts as revoked", () => {
    const items = [
      lineItem({ orderId: ORDER }),
      lineItem({ productId: "lumen_cloud", orderId: "GPA.addon" }),
    ];
    const one = observe(NO_OBSERVATIONS, voided(ORDER));
    expect(stateOf(subscription({ items }), one)).toBe("active");
    expect(stateOf(subscription({ items }), observe(one, voided("GPA.addon")))).toBe("revoked");
  });

  test("an item that has not started yet doesn't keep a refunded subscription alive", () => {
    const items = [lineItem({ orderId: ORDER, leaving: true }), lineItem({ orderId: null, expiresAt: null })];
    expect(stateOf(subscription({ items }), SEEN["void now"] ?? NO_OBSERVATIONS)).toBe("revoked");
  });
});

describe("ends that must be looked at", () => {
  test("a renewing item has Google's end and the end of its leeway", () => {
    expect(endsOf(subscription({ items: [lineItem({ expiresAt: NOW })] }), () => RULES)).toEqual([
      NOW,
      NOW + LEEWAY,
    ]);
  });
  test("without a leeway there is one end", () => {
    const none = { ...RULES, renewalLeewayMs: 0 };
    expect(endsOf(subscription({ items: [lineItem({ expiresAt: NOW })] }), () => none)).toEqual([NOW]);
  });
  test("what doesn't renew has one end", () => {
    const items = [lineItem({ expiresAt: NOW, autoRenewing: false })];
    expect(endsOf(subscription({ items }), () => RULES)).toEqual([NOW]);
    expect(
      endsOf(subscription({ state: "canceled", items: [lineItem({ expiresAt: NOW })] }), () => RULES),
    ).toEqual([NOW]);
  });
  test("what has not started has no end", () => {
    expect(endsOf(subscription({ items: [lineItem({ expiresAt: null })] }), () => RULES)).toEqual([]);
  });
  test("a rental has the end that the catalogue gives it, a bought product none", () => {
    const items = [product({ rental: true }), product()];
    const ends = endsOf(oneTime({ items, startedAt: NOW }), () => ({ ...RULES, rentalPeriod: "P2D" }));
    expect(ends).toEqual([NOW + 2 * DAY]);
  });
});
