import type { Effect } from "../../domain/effect.ts";
import type { CustomerFile } from "../../domain/entitlements.ts";
import type { Grant } from "../../domain/grant.ts";
import type { GrantEvent } from "../../domain/grant-events.ts";
import type { CustomerId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import type {
  AuditEntry,
  LicenseOrphan,
  PurchaseRecord,
  SealedLicenseKey,
} from "../../domain/purchase-file.ts";
import type { DeadLetter, RefundReview } from "../../ports.ts";

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
  readonly deadLetters: Map<string, DeadLetter>;
  readonly refundReviews: Map<string, RefundReview>;
  readonly accountIds: Map<string, CustomerId>;
}
