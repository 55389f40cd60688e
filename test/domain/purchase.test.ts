import { describe, expect, test } from "vitest";
import { DAY, HOUR, type Instant, MINUTE } from "../../src/domain/instant.ts";
import { forgotten, leadingItem, nextSyncAt, type Purchase, renews } from "../../src/domain/purchase.ts";
import { same } from "../../src/domain/same.ts";
import { lineItem, NOW, oneTime, product, subscription, token } from "../support/builders.ts";

describe("the item that speaks for the purchase", () => {
  const early = lineItem({ productId: "early", expiresAt: NOW });
  const late = lineItem({ productId: "late", expiresAt: NOW + DAY });
  const other = lineItem({ productId: "other", expiresAt: NOW + DAY });
  const waiting = lineItem({ productId: "waiting", expiresAt: null });
  const lasting = product({ productId: "lasting" });
  const rented = product({ productId: "rented", expiresAt: NOW });

  test.each<[string, Purchase, string | undefined]>([
    ["is the one that ends last", subscription({ items: [early, late] }), "late"],
    ["wherever it stands", subscription({ items: [late, early] }), "late"],
    ["is the first of equals", subscription({ items: [late, other] }), "late"],
    ["is not one that has not started", subscription({ items: [waiting, early] }), "early"],
    ["is one that has not started where there is no other", subscription({ items: [waiting] }), "waiting"],
    ["is, of one-time items, one that never ends", oneTime({ items: [rented, lasting] }), "lasting"],
    ["is nobody where there are no items", subscription({ items: [] }), undefined],
  ])("%s", (_, purchase, expected) => {
    expect(leadingItem(purchase)?.productId).toBe(expected);
  });
});

test("an item renews when its plan does and it stays", () => {
  expect(renews(lineItem({ autoRenewing: true }))).toBe(true);
  expect(renews(lineItem({ autoRenewing: true, leaving: true }))).toBe(false);
  expect(renews(lineItem({ autoRenewing: false }))).toBe(false);
  expect(renews(lineItem({ autoRenewing: null }))).toBe(false);
});

describe("two answers say the same", () => {
  const linked = subscription({ replaces: token("a"), resubscribes: token("b") });
  test("when all of them is equal", () => {
    expect(same(linked, subscription({ replaces: token("a"), resubscribes: token("b") }))).toBe(true);
    expect(same(subscription(), subscription())).toBe(true);
  });
  test.each<[string, Purchase]>([
    ["another link", subscription({ replaces: token("x"), resubscribes: token("b") })],
    ["no link", subscription({ resubscribes: token("b") })],
    ["another expired token", subscription({ replaces: token("a"), resubscribes: token("x") })],
    ["no expired token", subscription({ replaces: token("a") })],
    ["another state", { ...linked, state: "paused" }],
    ["another end of an item", { ...linked, items: [lineItem({ expiresAt: NOW })] }],
  ])("but not with %s", (_, other) => expect(same(linked, other)).toBe(false));
});

/** google-play.md sections 5 and 12; contract section 5: "when expires_at passes, the service asks Google again". */
describe("when Google is asked again without a notice", () => {
  const end = NOW + 10 * DAY;
  const leeway = end + 3 * DAY;
  const late = [lineItem({ expiresAt: NOW })];
  const over = [lineItem({ expiresAt: NOW, autoRenewing: false })];

  test.each<[string, Purchase, Instant[], Instant | null]>([
    ["at the next end", subscription(), [end, leeway], end],
    ["of several, at the first", subscription(), [leeway, end], end],
    [
      "a renewal is overdue: every 15 minutes",
      subscription({ items: late }),
      [NOW, NOW + 3 * DAY],
      NOW + 15 * MINUTE,
    ],
    [
      "a renewal is overdue, and the leeway ends sooner",
      subscription({ items: late }),
      [NOW, NOW + MINUTE],
      NOW + MINUTE,
    ],
    [
      "overdue beyond the leeway: daily, since the last word may have been lost",
      subscription({ items: late }),
      [NOW - 3 * DAY, NOW],
      NOW + DAY,
    ],
    [
      "what doesn't renew is over, and another item goes on: at that one's end",
      subscription({ items: [...over, lineItem()] }),
      [NOW, end],
      end,
    ],
    [
      "an item that leaves is over",
      subscription({ items: [lineItem({ expiresAt: NOW, leaving: true }), lineItem()] }),
      [NOW, end],
      end,
    ],
    [
      "an item not started is not overdue",
      subscription({ items: [lineItem({ expiresAt: null }), lineItem()] }),
      [end],
      end,
    ],
    ["prepaid and over, but Google says active: daily", subscription({ items: over }), [NOW], NOW + DAY],
    ["canceled: at its end", subscription({ state: "canceled" }), [end], end],
    [
      "canceled and over, but not yet expired: daily",
      subscription({ state: "canceled", items: over }),
      [NOW],
      NOW + DAY,
    ],
    [
      "canceled and over beside an item that goes on",
      subscription({ state: "canceled", items: late }),
      [NOW, end],
      end,
    ],
    ["pending: every hour", subscription({ state: "pending", items: [] }), [], NOW + HOUR],
    ["an unknown word: every hour", subscription({ state: "unknown" }), [end], NOW + HOUR],
    ["on hold: daily", subscription({ state: "on_hold" }), [], NOW + DAY],
    [
      "in grace, whose end is pushed on by steps: every six hours",
      subscription({ state: "in_grace_period" }),
      [end],
      NOW + 6 * HOUR,
    ],
    ["in grace, at its end", subscription({ state: "in_grace_period" }), [NOW + HOUR], NOW + HOUR],
    [
      "in grace and overdue: not more often",
      subscription({ state: "in_grace_period", items: late }),
      [NOW, leeway],
      NOW + 6 * HOUR,
    ],
    ["paused: daily", subscription({ state: "paused", autoResumesAt: NOW + 9 * DAY }), [], NOW + DAY],
    [
      "paused, at the end of the pause",
      subscription({ state: "paused", autoResumesAt: NOW + HOUR }),
      [],
      NOW + HOUR,
    ],
    [
      "paused, and the pause should be over: daily",
      subscription({ state: "paused", autoResumesAt: NOW }),
      [],
      NOW + DAY,
    ],
    ["expired: never", subscription({ state: "expired", items: late }), [NOW], null],
    ["bought for good: never", oneTime(), [], null],
    ["a rental: at its end", oneTime(), [end], end],
    ["a rental that ended: never", oneTime(), [NOW], null],
    ["active without any end: never", subscription({ items: [] }), [], null],
  ])("%s", (_, purchase, ends, expected) => {
    expect(nextSyncAt(purchase, ends, NOW)).toBe(expected);
  });
});

/** google-play.md section 11: 410 alone is no proof of a refund; what was granted runs to its stored end. */
describe("a purchase that Google has forgotten", () => {
  test("goes on to the end that was paid for", () => {
    const paid = subscription({
      items: [lineItem({ expiresAt: NOW - DAY }), lineItem({ expiresAt: NOW + 1 })],
    });
    expect(forgotten(paid, NOW)).toBe(paid);
  });
  test.each([NOW, null])("is expired when nothing is paid any more (%s)", (expiresAt) => {
    const last = subscription({ items: [lineItem({ expiresAt })] });
    expect(forgotten(last, NOW)).toEqual({ ...last, state: "expired" });
  });
  test("bought for good, it stays bought", () => {
    const bought = oneTime();
    expect(forgotten(bought, NOW)).toBe(bought);
  });
});
