import { describe, expect, test } from "vitest";
import { z } from "zod";
import { accessOfItem, desiredGrants } from "../../../src/domain/desired-grants.ts";
import {
  developerNotificationSchema,
  type Notification,
  toNotification,
} from "../../../src/domain/google-play/developer-notification.ts";
import { toOneTimePurchase } from "../../../src/domain/google-play/product-purchase.ts";
import { toSubscription } from "../../../src/domain/google-play/subscription-purchase.ts";
import { formatInstant } from "../../../src/domain/instant.ts";
import { isDueAtGoogle } from "../../../src/domain/sync-effects.ts";
import { ANN, at, must, POLICY, record } from "../../support/builders.ts";
import { fixture, fixtureNames } from "../../support/fixtures.ts";

/** What a fixture means at a moment, by google-play.md and entitlement-grants.md section 8. */
interface Judgement {
  readonly now: string;
  readonly state: string;
  /** Per item: `<product>: <until | word>`. */
  readonly access: readonly string[];
  /** Entitlements open, once per unit. */
  readonly gives: readonly string[];
  /** Must Google be told, now that it is granted? */
  readonly due: boolean;
}

const MONTHLY_END = "2026-12-02T03:14:05.871Z";
const NOTHING = { access: ["lumen_pro: nothing due"], gives: [], due: false };

const SUBSCRIPTIONS: Record<string, readonly Judgement[]> = {
  "sub-active-new-unacknowledged": [
    {
      now: "2026-11-02T03:15:00Z",
      state: "active",
      // Auto-renewing and ACTIVE: 72 hours past Google's end.
      access: ["lumen_pro: 2026-12-05T03:14:05.871Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-active-free-trial": [
    {
      now: "2026-11-12T00:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-11-21T06:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-active-renewed": [
    {
      now: "2026-12-10T00:00:00Z",
      state: "active",
      access: ["lumen_pro: 2027-01-05T03:14:05.871Z"],
      gives: ["desktop", "pro"],
      due: false,
    },
  ],
  "sub-addons-mixed-expiry": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      // The removed add-on runs to its own end: it doesn't renew, so no leeway.
      access: ["lumen_pro: 2026-12-04T00:00:00.000Z", "lumen_cloud: 2026-11-25T00:00:00.000Z"],
      gives: ["cloud", "desktop", "pro"],
      due: false,
    },
    {
      now: "2026-11-25T00:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-12-04T00:00:00.000Z", "lumen_cloud: ended plan_changed"],
      gives: ["desktop", "pro"],
      due: false,
    },
  ],
  "sub-addons-on-hold-with-future-item": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "on_hold",
      // A decline on one item puts the whole purchase on hold, the item with a future end too.
      access: ["lumen_pro: suspended subscription_on_hold", "lumen_cloud: suspended subscription_on_hold"],
      gives: [],
      due: false,
    },
  ],
  "sub-canceled-still-entitled": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "canceled",
      access: [`lumen_pro: ${MONTHLY_END}`],
      gives: ["desktop", "pro"],
      due: false,
    },
    {
      now: MONTHLY_END,
      state: "canceled",
      access: ["lumen_pro: ended subscription_cancelled"],
      gives: [],
      due: false,
    },
  ],
  "sub-canceled-after-hold-expiry-past": [
    {
      now: "2027-03-06T00:00:00Z",
      state: "canceled",
      access: ["lumen_pro: ended subscription_expired"],
      gives: [],
      due: false,
    },
  ],
  "sub-deferred-downgrade-two-items": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      access: ["lumen_studio: 2026-12-15T07:00:00.000Z", "lumen_pro: nothing due"],
      gives: ["desktop", "pro", "studio"],
      due: true,
    },
  ],
  "sub-expired-after-revoke": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "expired",
      access: ["lumen_pro: ended subscription_cancelled"],
      gives: [],
      due: false,
    },
  ],
  "sub-expired-replaced-by-upgrade": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "expired",
      access: ["lumen_pro: ended plan_changed"],
      gives: [],
      due: false,
    },
  ],
  "sub-in-grace-period": [
    {
      now: "2027-01-03T00:00:00Z",
      state: "in_grace_period",
      access: ["lumen_pro: 2027-01-08T03:14:05.871Z"],
      gives: ["desktop", "pro"],
      due: false,
    },
  ],
  "sub-installment-cancel-scheduled": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-12-13T00:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: false,
    },
  ],
  "sub-no-account-identifiers": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-12-15T00:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-on-hold": [
    {
      now: "2027-01-04T00:00:00Z",
      state: "on_hold",
      access: ["lumen_pro: suspended subscription_on_hold"],
      gives: [],
      due: false,
    },
  ],
  "sub-paused": [
    {
      now: "2027-01-03T00:00:00Z",
      state: "paused",
      access: ["lumen_pro: suspended subscription_on_hold paused"],
      gives: [],
      due: false,
    },
  ],
  "sub-pending-first-payment": [{ now: "2026-11-22T12:00:00Z", state: "pending", ...NOTHING }],
  "sub-pending-purchase-canceled-topup": [
    { now: "2026-11-22T12:00:00Z", state: "pending_purchase_canceled", ...NOTHING },
  ],
  "sub-prepaid-topup": [
    {
      now: "2026-11-30T09:00:00Z",
      state: "active",
      // Prepaid doesn't renew: no leeway. Every top-up must be acknowledged.
      access: ["lumen_pro: 2027-01-01T12:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-price-increase-outstanding": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-12-14T00:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: false,
    },
  ],
  "sub-resubscribe-out-of-app": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "active",
      access: ["lumen_pro: 2026-12-23T15:00:00.000Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-test-purchase": [
    {
      now: "2026-11-22T07:31:00Z",
      state: "active",
      access: ["lumen_pro: 2026-11-25T07:35:00.000Z"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "sub-upgrade-linked-token": [
    {
      now: "2026-11-15T07:01:00Z",
      state: "active",
      access: ["lumen_studio: 2026-11-30T07:00:00.000Z"],
      gives: ["desktop", "pro", "studio"],
      due: true,
    },
  ],
};

const PRODUCTS: Record<string, readonly Judgement[]> = {
  "product-v2-cancelled": [
    {
      now: "2026-11-22T12:00:00Z",
      // Never paid: it has no completion time.
      state: "canceled",
      access: ["lumen_lifetime: ended refund"],
      gives: [],
      due: false,
    },
  ],
  "product-v2-consumable-quantity-3": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      access: ["credit_pack_50: for good"],
      gives: ["seat", "seat", "seat"],
      due: true,
    },
  ],
  "product-v2-consumed-partially-refunded": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      access: ["credit_pack_50: for good"],
      gives: ["seat", "seat"],
      due: false,
    },
  ],
  "product-v2-pending-qr-payment": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "pending",
      access: ["lumen_lifetime: nothing due"],
      gives: [],
      due: false,
    },
  ],
  "product-v2-preorder-pending": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "pending",
      access: ["lumen_v2: nothing due"],
      gives: [],
      due: false,
    },
  ],
  "product-v2-promo-code-without-order": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      access: ["lumen_lifetime: for good"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "product-v2-purchased-lifetime": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      access: ["lumen_lifetime: for good"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
  "product-v2-rental": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      // 30 days by the catalogue, from the purchase on.
      access: ["course_pack: 2026-12-12T10:00:00.000Z"],
      gives: ["course"],
      due: true,
    },
    {
      now: "2026-12-12T10:00:00Z",
      state: "purchased",
      access: ["course_pack: ended subscription_expired rental_ended"],
      gives: [],
      due: false,
    },
  ],
  "product-v2-test-purchase": [
    {
      now: "2026-11-22T12:00:00Z",
      state: "purchased",
      access: ["lumen_lifetime: for good"],
      gives: ["desktop", "pro"],
      due: true,
    },
  ],
};

const MAIN = "aopfpakigdhdmmdgkaaafhko.";
const CREDITS = "bnmcohkdefnomkjdpdodihni.";

/** What a notice asks for; tokens by how they begin. */
const NOTICES: Record<string, unknown> = {
  "rtdn-one-time-canceled": {
    kind: "sync",
    type: "one_time",
    token: "fhkpdgaljfdagdaealjjfklk.",
    label: "one_time 2",
  },
  "rtdn-one-time-purchased": { kind: "sync", type: "one_time", token: CREDITS, label: "one_time 1" },
  "rtdn-pending-purchase-canceled": {
    kind: "sync",
    type: "subscription",
    token: "ggfiogcgmfgmjdijflnlahjm.",
    label: "subscription 20",
  },
  "rtdn-pending-refund-review": {
    kind: "refund_review",
    orderId: "GPA.3377-9701-9154-85887",
    refundReason: 7,
    at: 1794205800000,
  },
  "rtdn-subscription-canceled": { kind: "sync", type: "subscription", token: MAIN, label: "subscription 3" },
  "rtdn-subscription-purchased": { kind: "sync", type: "subscription", token: MAIN, label: "subscription 4" },
  "rtdn-subscription-renewed": { kind: "sync", type: "subscription", token: MAIN, label: "subscription 2" },
  "rtdn-subscription-revoked": {
    kind: "sync",
    type: "subscription",
    token: MAIN,
    label: "subscription 12",
    observation: { kind: "revoked" },
  },
  "rtdn-subscription-unknown-type": {
    kind: "sync",
    type: "subscription",
    token: MAIN,
    label: "subscription 97",
  },
  "rtdn-test": { kind: "test" },
  "rtdn-voided-one-time-partial-quantity": {
    kind: "sync",
    type: "one_time",
    token: CREDITS,
    label: "voided 2",
    observation: {
      kind: "voided",
      order: { orderId: "GPA.3377-9701-9154-85887", extent: "units", at: 1793758209010 },
    },
  },
  "rtdn-voided-subscription-full": {
    kind: "sync",
    type: "subscription",
    token: MAIN,
    label: "voided 1",
    observation: {
      kind: "voided",
      order: { orderId: "GPA.3374-2474-4815-80290..0", extent: "full", at: 1796371200000 },
    },
  },
  "push-body-one-time-purchased-redelivery": {
    kind: "sync",
    type: "one_time",
    token: CREDITS,
    label: "one_time 1",
  },
  "push-body-subscription-purchased": {
    kind: "sync",
    type: "subscription",
    token: MAIN,
    label: "subscription 4",
  },
  "push-body-test-notification": { kind: "test" },
  "push-body-undecodable-data": "not JSON",
};

/** Fixtures that the domain does not read, and why. */
const NOT_HERE: Record<string, string> = {
  "sub-ack-request-with-account": "the body of a request of ours",
  "sub-cancel-request": "the body of a request of ours",
  "sub-revoke-request-prorated": "the body of a request of ours",
  "order-review-refund-request": "the body of a request of ours",
  "order-processed-subscription": "orders say what was paid, not who has access",
  "order-refunded-chargeback": "orders say what was paid, not who has access",
  "product-v1-purchased": "version 1 of the products API is never asked",
  "pubsub-oidc-claims": "claims of a push token: the push identity's",
  "voided-purchases-page-1": "pages of the voided list: the voided sweep's",
  "voided-purchases-last-page": "pages of the voided list: the voided sweep's",
  ...Object.fromEntries(
    fixtureNames()
      .filter((name) => name.startsWith("error-"))
      .map((name) => [name, "errors are read by the Google Play adapter"]),
  ),
};

test("every fixture is judged here, or is named as somebody else's", () => {
  const judged = [SUBSCRIPTIONS, PRODUCTS, NOTICES, NOT_HERE].flatMap((table) => Object.keys(table));
  expect([...judged].sort()).toEqual(fixtureNames());
});

describe.each([
  ["subscriptions", SUBSCRIPTIONS, toSubscription],
  ["one-time products", PRODUCTS, toOneTimePurchase],
] as const)("%s", (_, table, read) => {
  const cases = Object.entries(table).flatMap(([name, judgements]) =>
    judgements.map((judgement) => ({ name, judgement })),
  );
  test.each(cases)("$name on $judgement.now", ({ name, judgement }) => {
    expect(judge(read(fixture(name)), judgement.now)).toEqual(judgement);
  });
});

test.each(Object.entries(NOTICES))("the notice %s asks for what it should", (name, expected) => {
  expect(readNotice(name)).toEqual(expected);
});

function judge(answer: ReturnType<typeof toSubscription>, moment: string): Judgement {
  const now = at(moment);
  const purchase = record({ answer });
  const access = answer.items.map((item) => {
    const found = accessOfItem(purchase, item, POLICY, now);
    if (found === null) return `${item.productId}: nothing due`;
    if (found.kind === "active")
      return `${item.productId}: ${found.until === null ? "for good" : formatInstant(found.until)}`;
    return [`${item.productId}:`, found.kind, found.reason, found.detail]
      .filter((word) => word !== null)
      .join(" ");
  });
  const desired = desiredGrants(purchase, ANN, [], POLICY, now);
  const gives = desired
    .filter((wish) => wish.target.access.kind === "active")
    .map((wish) => wish.entitlementId)
    .sort();
  return { now: moment, state: answer.state, access, gives, due: isDueAtGoogle(purchase, POLICY, now) };
}

const pushBody = z.object({ message: z.object({ data: z.string() }) });

function readNotice(name: string): unknown {
  const json = fixture(name);
  if (!name.startsWith("push-body-"))
    return shown(toNotification(developerNotificationSchema.parse(json), 0));
  const text = Buffer.from(pushBody.parse(json).message.data, "base64").toString("utf8");
  try {
    return shown(toNotification(developerNotificationSchema.parse(JSON.parse(text)), 0));
  } catch (error) {
    if (error instanceof SyntaxError) return "not JSON";
    throw error;
  }
}

/** A notification without what all have in common, and with the beginning of its token only. */
function shown(notice: Notification): unknown {
  expect(notice.packageName).toBe("th.example.lumen");
  const { packageName: _package, ...rest } = notice;
  if (rest.kind === "refund_review") {
    const { pendingRefundToken, ...review } = rest;
    expect(pendingRefundToken.reveal()).toMatch(/^prt_/);
    return review;
  }
  if (rest.kind !== "sync") return rest;
  const { observation, token, ...sync } = rest;
  const beginning = must(/^[a-z]+\./.exec(token.reveal())?.[0]);
  return { ...sync, token: beginning, ...(observation === null ? {} : { observation }) };
}
