import { z } from "zod";
import type { Instant } from "../instant.ts";
import type { Observation } from "../observation.ts";
import { Secret } from "../secret.ts";
import { readAnswer } from "./read-answer.ts";

/** Google writes its longs as strings; both are taken (google-play.md section 7). */
const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
/** Only the token has to be right: what else is missing or odd is a detail of the same void. */
const hint = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null);

const voidedPurchase = z.looseObject({
  purchaseToken: z.string().min(1),
  orderId: hint(z.string()),
  voidedTimeMillis: hint(number),
  voidedQuantity: hint(number),
});

const page = z.looseObject({
  voidedPurchases: z.array(z.unknown()).nullish(),
  tokenPagination: z.looseObject({ nextPageToken: z.string().nullish() }).nullish(),
});

/** A refund or chargeback of Google's list. It doesn't say of which kind the token is. */
export interface VoidedPurchase {
  readonly token: Secret;
  readonly observation: Extract<Observation, { kind: "voided" }>;
}

export interface VoidedPage {
  readonly voids: readonly VoidedPurchase[];
  /** Entries that name no token. */
  readonly unreadable: number;
  /** Null: this was the last page. */
  readonly nextPageToken: string | null;
}

/**
 * @param json An answer of `purchases.voidedpurchases.list`.
 * @param seenAt Stands in where an entry doesn't say when it was voided.
 * @throws AppError `play_unavailable`, retryable, when it is no such answer.
 */
export function toVoidedPage(json: unknown, seenAt: Instant): VoidedPage {
  const { voidedPurchases, tokenPagination } = readAnswer(page, json);
  const entries = voidedPurchases ?? [];
  const voids = entries.flatMap((entry) => {
    const parsed = voidedPurchase.safeParse(entry);
    return parsed.success ? [toVoid(parsed.data, seenAt)] : [];
  });
  const unreadable = entries.length - voids.length;
  return { voids, unreadable, nextPageToken: tokenPagination?.nextPageToken || null };
}

/** A quantity stands there for refunds of single units only. */
function toVoid(entry: z.output<typeof voidedPurchase>, seenAt: Instant): VoidedPurchase {
  const order = {
    orderId: entry.orderId || null,
    extent: entry.voidedQuantity == null ? "full" : "units",
    at: entry.voidedTimeMillis ?? seenAt,
  } as const;
  return { token: new Secret(entry.purchaseToken), observation: { kind: "voided", order } };
}
