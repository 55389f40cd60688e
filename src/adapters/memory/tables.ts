import type { Effect } from "../../domain/effect.ts";
import type { CustomerFile } from "../../domain/entitlements.ts";
import type { Grant } from "../../domain/grant.ts";
import type { GrantEvent } from "../../domain/grant-events.ts";
import type { CustomerId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import type { NoticeRhythm } from "../../domain/notice-rhythm.ts";
import type {
  AuditEntry,
  LicenseOrphan,
  PurchaseRecord,
  SealedLicenseKey,
} from "../../domain/purchase-file.ts";
import type { WebhookDelivery } from "../../domain/webhook-delivery.ts";
import type { WebhookEndpoint } from "../../domain/webhook-endpoint.ts";
import type { StoredLetter, StoredReview } from "../../ports.ts";

export interface Row<T> {
  readonly value: T;
  readonly version: number;
}

export interface OutboxRow {
  readonly effect: Effect;
  readonly dueAt: Instant;
  readonly askedAt: Instant;
  readonly attempts: number;
  readonly lease: string | null;
  /** On the store's own monotonic clock. */
  readonly leasedAt: number;
  readonly lastError: string | null;
}

/** Everything the memory store keeps, for tests to look at. */
export interface MemoryTables {
  readonly purchases: Map<string, Row<PurchaseRecord> & { readonly answeredAt: number | null }>;
  readonly customers: Map<string, Row<CustomerFile>>;
  readonly grants: Map<string, Grant>;
  readonly events: Map<string, GrantEvent>;
  readonly licenseKeys: Map<string, SealedLicenseKey>;
  readonly orphans: Map<string, LicenseOrphan>;
  readonly outbox: Map<string, Row<OutboxRow>>;
  readonly audit: AuditEntry[];
  readonly deadLetters: Map<string, StoredLetter>;
  readonly refundReviews: Map<string, StoredReview>;
  readonly accountIds: Map<string, CustomerId>;
  readonly endpoints: Map<string, WebhookEndpoint>;
  readonly deliveries: Map<string, WebhookDelivery>;
  /** What became of each letter. */
  readonly mails: Map<string, { readonly outcome: "sent" | "given_up"; readonly at: Instant }>;
  /** How far each sweep has come. */
  readonly marks: Map<string, Instant>;
  readonly notices: { rhythm: NoticeRhythm | null };
}

export function valuesOf<T>(table: ReadonlyMap<string, Row<T>>): T[] {
  return [...table.values()].map(({ value }) => value);
}

/** Those that are due by then, the longest due first. */
export function byDue<T>(rows: readonly T[], dueAt: (row: T) => Instant | null, by: Instant): T[] {
  const isDue = (at: Instant | null) => at !== null && at <= by;
  return rows.filter((row) => isDue(dueAt(row))).sort((a, b) => Number(dueAt(a)) - Number(dueAt(b)));
}
