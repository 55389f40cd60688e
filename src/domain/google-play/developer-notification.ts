import { z } from "zod";
import type { Instant } from "../instant.ts";
import type { Observation } from "../observation.ts";
import type { PurchaseType } from "../purchase.ts";
import { Secret } from "../secret.ts";

const token = z.string().min(1);
/** Documented as a long, sent as a string: both are taken (google-play.md section 2). */
const millis = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
/** A notice is a hint: what is only a label or a detail may be missing or odd, as long as it names its token. */
const hint = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null);

const tokenNotice = z.looseObject({ notificationType: hint(z.number()), purchaseToken: token });

/** `DeveloperNotification`, version 1.0: exactly one of the five kinds, or one that Google adds later. */
export const developerNotificationSchema = z.looseObject({
  packageName: z.string().min(1),
  eventTimeMillis: hint(millis),
  subscriptionNotification: tokenNotice.nullish(),
  oneTimeProductNotification: tokenNotice.extend({ sku: z.string().nullish() }).nullish(),
  voidedPurchaseNotification: z
    .looseObject({
      purchaseToken: token,
      orderId: z.string().nullish(),
      productType: hint(z.number()),
      refundType: hint(z.number()),
    })
    .nullish(),
  pendingRefundReviewNotification: z
    .looseObject({
      pendingRefundToken: token,
      orderId: z.string().min(1),
      refundReason: hint(z.number().int()),
    })
    .nullish(),
  testNotification: z.looseObject({}).nullish(),
});

export type DeveloperNotification = z.output<typeof developerNotificationSchema>;

/** What a notification asks of us. The number in it is a label for the logs; the state comes from Google's API. */
export type Notification =
  | {
      readonly kind: "sync";
      readonly packageName: string;
      /** Null when the notice doesn't say of which kind the token is. */
      readonly type: PurchaseType | null;
      readonly token: Secret;
      readonly label: string;
      readonly observation: Observation | null;
    }
  | {
      readonly kind: "refund_review";
      readonly packageName: string;
      readonly pendingRefundToken: Secret;
      readonly orderId: string;
      readonly refundReason: number | null;
      readonly at: Instant;
    }
  | { readonly kind: "test"; readonly packageName: string }
  | { readonly kind: "unknown"; readonly packageName: string; readonly fields: readonly string[] };

const ENVELOPE = new Set(["version", "packageName", "eventTimeMillis"]);
const REVOKED = 12;

/**
 * @param notice A notification that passed {@link developerNotificationSchema}.
 * @param receivedAt Stands in where the notice doesn't say when it happened.
 */
export function toNotification(notice: DeveloperNotification, receivedAt: Instant): Notification {
  const { packageName } = notice;
  const at = notice.eventTimeMillis ?? receivedAt;
  if (notice.subscriptionNotification != null) {
    const { notificationType, purchaseToken } = notice.subscriptionNotification;
    return {
      kind: "sync",
      packageName,
      type: "subscription",
      token: new Secret(purchaseToken),
      label: `subscription ${notificationType}`,
      observation: notificationType === REVOKED ? { kind: "revoked" } : null,
    };
  }
  if (notice.oneTimeProductNotification != null) {
    const { notificationType, purchaseToken } = notice.oneTimeProductNotification;
    return {
      kind: "sync",
      packageName,
      type: "one_time",
      token: new Secret(purchaseToken),
      label: `one_time ${notificationType}`,
      observation: null,
    };
  }
  if (notice.voidedPurchaseNotification != null)
    return toVoided(packageName, notice.voidedPurchaseNotification, at);
  return withoutToken(notice, at);
}

type Voided = NonNullable<DeveloperNotification["voidedPurchaseNotification"]>;

/** `productType` 1 subscription, 2 one-time; `refundType` 1 full, 2 by quantity: anything else counts as full. */
function toVoided(packageName: string, voided: Voided, at: Instant): Notification {
  return {
    kind: "sync",
    packageName,
    type: voided.productType === 1 ? "subscription" : voided.productType === 2 ? "one_time" : null,
    token: new Secret(voided.purchaseToken),
    label: `voided ${voided.refundType ?? "?"}`,
    observation: {
      kind: "voided",
      order: {
        orderId: voided.orderId || null,
        extent: voided.refundType === 2 ? "units" : "full",
        at,
      },
    },
  };
}

function withoutToken(notice: DeveloperNotification, at: Instant): Notification {
  const { packageName } = notice;
  const review = notice.pendingRefundReviewNotification;
  if (review != null) {
    return {
      kind: "refund_review",
      packageName,
      pendingRefundToken: new Secret(review.pendingRefundToken),
      orderId: review.orderId,
      refundReason: review.refundReason ?? null,
      at,
    };
  }
  if (notice.testNotification != null) return { kind: "test", packageName };
  return unknownNotification(notice);
}

/** A kind that Google added later: synced if it carries a token, else logged by its field names. */
function unknownNotification(notice: DeveloperNotification): Notification {
  const { packageName } = notice;
  const fields = Object.keys(notice).filter((field) => !ENVELOPE.has(field));
  for (const field of fields) {
    const found = z.looseObject({ purchaseToken: token }).safeParse(notice[field]);
    if (!found.success) continue;
    const type = /subscription/i.test(field) ? "subscription" : /product/i.test(field) ? "one_time" : null;
    return {
      kind: "sync",
      packageName,
      type,
      token: new Secret(found.data.purchaseToken),
      label: field,
      observation: null,
    };
  }
  return { kind: "unknown", packageName, fields };
}
