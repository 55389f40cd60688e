import { z } from "zod";

const moneyInput = z.union([
  z.number().nonnegative(),
  z.strictObject({
    currencyCode: z.string().length(3),
    units: z.string(),
    nanos: z.number().int().optional(),
  }),
]);

/** Play blocks a purchase whose obfuscated account id is longer (facts section 8). */
const accountId = z.string().min(1).max(64, "at most 64 characters: Play blocks the purchase").nullable();

const periodDays = z.number().positive();

/** A free trial first, then so many periods at the introductory price. */
const offer = z.strictObject({
  offerId: z.string().min(1),
  tags: z.array(z.string()).optional(),
  freeTrialDays: periodDays.optional(),
  introductory: z
    .strictObject({
      price: moneyInput,
      days: periodDays.optional(),
      cycles: z.number().int().positive().optional(),
    })
    .optional(),
});

const item = z.strictObject({
  productId: z.string().min(1),
  basePlanId: z.string().min(1),
  price: moneyInput.optional(),
  periodDays: periodDays.optional(),
  offer: offer.optional(),
});

/** What a customer buys. `notify: false` makes the notices and keeps them back. */
export const buyInput = z.strictObject({
  uid: z.string().min(1),
  packageName: z.string().min(1),
  productId: z.string().min(1),
  type: z.enum(["one_time", "subscription"]).optional(),
  basePlanId: z.string().min(1).optional(),
  quantity: z.number().int().min(1).max(1000).optional(),
  pending: z.boolean().optional(),
  price: moneyInput.optional(),
  test: z.boolean().optional(),
  /** Bought with a promo code: there is no order. */
  promo: z.boolean().optional(),
  rental: z.boolean().optional(),
  /** How long a pending payment is waited for. */
  pendingDays: periodDays.optional(),
  /** Ordered now, released and paid then. */
  preorderDays: periodDays.optional(),
  obfuscatedAccountId: accountId.optional(),
  periodDays: periodDays.optional(),
  /** False makes a prepaid plan. */
  autoRenewing: z.boolean().optional(),
  items: z.array(item).min(1).max(50).optional(),
  offer: offer.optional(),
  /** A commitment to so many charges; then `subsequentInstallments` at a time (default 1). */
  installments: z.number().int().positive().optional(),
  subsequentInstallments: z.number().int().positive().optional(),
  /** An expired purchase token that this one, bought in the Play app, takes up again. */
  resubscribes: z.string().optional(),
  notify: z.boolean().optional(),
});

/** One body for all actions: each reads what concerns it. */
export const actionInput = z.strictObject({
  notify: z.boolean().optional(),
  /** cancel */
  by: z.enum(["user", "system", "developer"]).optional(),
  /** grace, pause, defer: how long; price_change, step_up: from when on */
  days: periodDays.optional(),
  /** decline: Google's silence, its grace and its hold; productId: one item alone */
  silentHours: z.number().nonnegative().optional(),
  graceDays: z.number().nonnegative().optional(),
  holdDays: z.number().nonnegative().optional(),
  /** refund_review: what Google decides if it is to decide so whatever is answered */
  outcome: z.enum(["refund", "keep"]).optional(),
  /** refund, revoke */
  orderId: z.string().optional(),
  quantity: z.number().int().min(1).optional(),
  revoke: z.boolean().optional(),
  /** The void is told while the purchase still reads as before (field report, facts rule 8). */
  keepState: z.boolean().optional(),
  source: z.number().int().min(0).max(2).optional(),
  reason: z.number().int().min(0).max(8).optional(),
  /** change_plan */
  productId: z.string().min(1).optional(),
  basePlanId: z.string().min(1).optional(),
  mode: z.string().optional(),
  price: moneyInput.optional(),
  periodDays: periodDays.optional(),
  autoRenewing: z.boolean().optional(),
  pending: z.boolean().optional(),
  pendingDays: periodDays.optional(),
  obfuscatedAccountId: accountId.optional(),
});

export type OfferInput = z.infer<typeof offer>;
export type MoneyInput = z.infer<typeof moneyInput>;
export type BuyInput = z.input<typeof buyInput>;
export type ActionInput = z.input<typeof actionInput>;

/** `obfuscated_account_id` → `obfuscatedAccountId`, all the way down: the control API speaks snake_case. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelKeys(inner),
    ]),
  );
}
