import { expect, test } from "vitest";
import { acknowledgeBy } from "../../src/domain/acknowledge-window.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { lineItem, NOW, oneTime, product, subscription, token } from "../support/builders.ts";

const paid = { acknowledged: false, startedAt: NOW };
const prepaid = (days: number) => [lineItem({ autoRenewing: null, expiresAt: NOW + days * DAY })];

/** google-play.md section 8. */
test.each<[string, Purchase, number | null]>([
  ["a subscription", subscription(paid), 3 * DAY],
  ["a product", oneTime(paid), 3 * DAY],
  [
    "a renewing plan of a day",
    subscription({ ...paid, items: [lineItem({ expiresAt: NOW + DAY })] }),
    3 * DAY,
  ],
  ["a subscription of which nothing is known", subscription({ ...paid, items: [] }), 3 * DAY],
  [
    "a product that has an end",
    oneTime({ ...paid, items: [product({ autoRenewing: null, expiresAt: NOW + DAY })] }),
    3 * DAY,
  ],
  ["a prepaid plan of a week", subscription({ ...paid, items: prepaid(7) }), 3 * DAY],
  ["a prepaid plan of three days", subscription({ ...paid, items: prepaid(3) }), 36 * HOUR],
  ["a prepaid plan of a day", subscription({ ...paid, items: prepaid(1) }), 12 * HOUR],
  [
    "a prepaid plan whose end is not known",
    subscription({ ...paid, items: [lineItem({ autoRenewing: null, expiresAt: null })] }),
    3 * DAY,
  ],
  [
    "a top-up, whose own length can't be told",
    subscription({ ...paid, items: prepaid(40), replaces: token("before") }),
    12 * HOUR,
  ],
  ["a tester's", subscription({ ...paid, test: true }), 3 * MINUTE],
  ["one that Google was told of", subscription({ ...paid, acknowledged: true }), null],
  ["one that isn't paid yet", oneTime({ acknowledged: false, startedAt: null }), null],
])("%s", (_, purchase, window) => {
  expect(acknowledgeBy(purchase)).toBe(window === null ? null : NOW + window);
});
