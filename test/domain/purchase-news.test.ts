import { expect, test } from "vitest";
import { DAY } from "../../src/domain/instant.ts";
import { NO_OBSERVATIONS, observe } from "../../src/domain/observation.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import type { PurchaseRecord } from "../../src/domain/purchase-file.ts";
import { purchaseNews } from "../../src/domain/purchase-news.ts";
import { ANN, BEN, lineItem, NOW, record, refOf, subscription } from "../support/builders.ts";

const was = record({ answer: subscription(), customerId: ANN, orderIds: ["GPA.1"] });

function after(changes: Partial<PurchaseRecord> & { answer?: Purchase }) {
  return { ...was, answer: subscription(), ...changes };
}

const longer = subscription({ items: [lineItem({ orderId: "GPA.2", expiresAt: NOW + 40 * DAY })] });
const voided = observe(NO_OBSERVATIONS, {
  kind: "voided",
  order: { orderId: "GPA.1", extent: "full", at: NOW },
});

test.each<[string, PurchaseRecord | null, PurchaseRecord & { answer: Purchase }, string]>([
  ["seen first", null, after({}), "new → active"],
  [
    "a token known by its successor alone",
    { ...was, answer: null },
    after({ orderIds: ["GPA.2"] }),
    "new → active",
  ],
  ["another state", was, after({ answer: subscription({ state: "on_hold" }) }), "active → on_hold"],
  ["nothing much", was, after({}), "active"],
  [
    "renewed",
    was,
    after({ answer: longer, orderIds: ["GPA.1", "GPA.2"] }),
    "active; paid by GPA.2; until 2027-01-01T12:00:00.000Z",
  ],
  ["over: its end says nothing", was, after({ answer: { ...longer, state: "expired" } }), "active → expired"],
  [
    "without an end",
    was,
    after({ answer: subscription({ items: [lineItem({ expiresAt: null })] }) }),
    "active",
  ],
  ["claimed", { ...was, customerId: null }, after({}), "active; claimed by ann"],
  ["moved", was, after({ customerId: BEN }), "active; moved from ann to ben"],
  ["refunded", was, after({ observations: voided }), "active; refund of GPA.1, full"],
  [
    "refunded without an order",
    was,
    after({ observations: { ...voided, voided: [{ orderId: null, extent: "full", at: NOW }] } }),
    "active; refund of all, full",
  ],
  [
    "replaced",
    was,
    after({ observations: { ...NO_OBSERVATIONS, supersededBy: refOf("second").id } }),
    `active; replaced by ${refOf("second").id}`,
  ],
  [
    "acknowledged",
    { ...was, answer: subscription({ acknowledged: false }) },
    after({ answer: subscription({ acknowledged: true }) }),
    "active; acknowledged",
  ],
])("%s", (_, before, now, expected) => {
  expect(purchaseNews(before, now)).toBe(expected);
});
