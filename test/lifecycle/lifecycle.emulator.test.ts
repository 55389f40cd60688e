import { describe, expect, it } from "vitest";
import { onEmulator } from "../world/storage.ts";
import { CHAPTERS } from "./chapters.ts";
import { play } from "./kit/play.ts";
import { WAYS } from "./kit/scenario.ts";

/** Some scenarios of each chapter on Firestore itself: those in which little time passes, since it passes slowly here. */
const SHOWN: ReadonlySet<string> = new Set([
  ...["subscribe", "subscribe-app-killed", "subscribe-pending-paid", "cancelled-expires"],
  ...["hold-recovered"],
  ...[
    "trial",
    "prepaid",
    "prepaid-top-up-cancelled",
    "addon-added",
    "instalments-cancelled",
    "test-purchase",
  ],
  ...["upgrade", "downgrade", "change-pending-paid", "chain-never-seen", "resubscribe-in-play"],
  ...["buy", "pending-paid", "quantity", "rental", "cancelled-by-developer"],
  ...[
    "refund",
    "refund-units",
    "void-before-purchase",
    "older-renewal-refunded",
    "subscription-unacknowledged",
  ],
  ...["unclaimed", "account-id-hmac", "stranger-first", "transfer-gives", "transfer-takes"],
  ...["manual-revoke", "licence-enabled", "delivery-retried", "gift"],
]);

for (const { title, scenarios } of CHAPTERS) {
  describe(title, () => {
    for (const scenario of scenarios.filter(({ id }) => SHOWN.has(id))) {
      it(`${scenario.id}: ${scenario.state}, ${scenario.event}`, async () => {
        const ends = await Promise.all(WAYS.map((way) => play(scenario, way, onEmulator(import.meta.url))));
        for (const end of ends) expect(end).toEqual(ends[0]);
      });
    }
  });
}

it("knows all that are named", () => {
  const known = new Set(CHAPTERS.flatMap(({ scenarios }) => scenarios.map(({ id }) => id)));
  expect([...SHOWN].filter((id) => !known.has(id))).toEqual([]);
});
