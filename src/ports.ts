import type { Effect } from "./domain/effect.ts";
import type { Grant } from "./domain/grant.ts";
import type { CustomerId, EffectId, GrantId, LicenseKeyId, SlotId } from "./domain/ids.ts";
import type { Instant } from "./domain/instant.ts";
import type {
  Decision,
  FileIds,
  PurchaseFile,
  PurchaseRecord,
  PurchaseRef,
  SealedLicenseKey,
} from "./domain/purchase-file.ts";
import type { Secret } from "./domain/secret.ts";

/** All that playgrant needs from the world. Each port is implemented in `adapters/`, and put together in `compose.ts`. */

// ---------------------------------------------------------------- Google Play

/** App calls go before sweeps when Google's quota gets short. */
export type Priority = "app" | "notice" | "sweep";

export interface PlayApi {
  /**
   * Google's answer about a token, as JSON that nobody has checked. Calls that meet share one request, but only one
   * that begins after they came: the answer is never older than the call.
   *
   * @throws AppError `purchase_not_found` (400, 404, or a token that can't be one), `purchase_token_expired` (410),
   *   `play_rejected_credentials` (401, 403), `play_unavailable` (all else; retryable).
   */
  getPurchase(ref: PurchaseRef, priority: Priority): Promise<unknown>;
  /** Tells Google that the purchase was granted. May be repeated. @throws AppError as {@link getPurchase}. */
  acknowledge(ref: PurchaseRef, productId: string): Promise<void>;
  /** Uses a consumable up, which also acknowledges it. A second time Google refuses: read before repeating. */
  consume(ref: PurchaseRef, productId: string): Promise<void>;
}

// ---------------------------------------------------------------- Store

/** A file as it was read, with what the store needs to notice that it has changed since. */
export interface LoadedFile {
  readonly file: PurchaseFile;
  /** Milliseconds since Google's last answer was stored, by the store's own clock; null if none is stored. */
  readonly answeredAgoMs: number | null;
  /** The store's own notes. */
  readonly versions: unknown;
}

export interface UpdateOptions {
  /** What was read before: the first decision is made on it, without another read. */
  readonly basis?: LoadedFile;
  /** The caller will run the effects put down: they are leased to it in the commit. */
  readonly run?: boolean;
  /** The effect that this change completes; it is finished in the same commit. */
  readonly completes?: LeasedEffect;
}

export interface Committed<T> {
  readonly result: T;
  /** The effects put down, where `run` was asked for and nobody else holds them. */
  readonly leased: readonly LeasedEffect[];
  /** Whether `completes` was finished. */
  readonly completed: boolean;
}

export interface PurchaseStore {
  /** One read of all documents named. `known` is read on: only what it lacks is fetched. */
  load(ids: FileIds, known?: LoadedFile): Promise<LoadedFile>;
  /**
   * Lets a pure decision change a file: all its writes at once, or none. If the file changed in between it is read again
   * and decided again, a bounded number of times. A decision without writes writes nothing.
   *
   * @param decide Called with the lease for what it puts down, or null when somebody else will run that.
   * @throws AppError `store_unavailable`, retryable.
   */
  update<T>(
    ids: FileIds,
    decide: (file: PurchaseFile, runner: string | null) => Decision<T>,
    options?: UpdateOptions,
  ): Promise<Committed<T>>;
}

/** The right to run an effect for a while. */
export interface LeasedEffect {
  readonly id: EffectId;
  readonly effect: Effect;
  readonly lease: string;
  /** Tries before this one. */
  readonly attempts: number;
  /** When it was first asked for. */
  readonly askedAt: Instant;
  /** On this process's monotonic clock: when the lease will surely still be ours. */
  readonly leasedUntil: number;
  /** The store's own notes. */
  readonly version: unknown;
}

export interface Outbox {
  /** Leases what is due and not leased to anybody alive. Oldest first. */
  lease(now: Instant, limit: number): Promise<LeasedEffect[]>;
  /** Takes the lease anew; null when it was lost. */
  renew(effect: LeasedEffect): Promise<LeasedEffect | null>;
  /** Done. If it was asked for again in the meantime it stays, due at once. A lost lease changes nothing. */
  finish(effect: LeasedEffect): Promise<void>;
  /** Not done: due again later, leased to nobody. */
  postpone(effect: LeasedEffect, dueAt: Instant, error: string): Promise<void>;
  /** How many are due, and since when the oldest (null: none). */
  backlog(now: Instant): Promise<{ due: number; oldestDueAt: Instant | null }>;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** Reads beside the file of a sync. */
export interface Records {
  grant(customerId: CustomerId, id: GrantId): Promise<Grant | null>;
  grants(customerId: CustomerId, ids: readonly GrantId[]): Promise<Grant[]>;
  /** Newest first. @throws AppError `invalid_request` on a cursor that isn't ours. */
  listGrants(customerId: CustomerId, page: PageRequest): Promise<Page<Grant>>;
  /** Newest first. @throws AppError `invalid_request` on a cursor that isn't ours. */
  listPurchases(customerId: CustomerId, page: PageRequest): Promise<Page<PurchaseRecord>>;
  licenseKeys(ids: readonly LicenseKeyId[]): Promise<SealedLicenseKey[]>;
  /** Purchases about which Google must be asked again, the longest due first. */
  dueForSync(now: Instant, limit: number): Promise<PurchaseRef[]>;
  /** Answers if the store does. @throws AppError `store_unavailable`. */
  ping(): Promise<void>;
}

/** Which customer an obfuscated account id was given to (`OBFUSCATED_ACCOUNT_ID=hmac`). */
export interface AccountIds {
  /** The id that this customer's app passes to Google. */
  idFor(customerId: CustomerId): string;
  /** Remembers whose it is, so that a notice alone can find the customer. */
  remember(customerId: CustomerId): Promise<void>;
  customerOf(accountId: string): Promise<CustomerId | null>;
}

export interface DeadLetter {
  /** The same for the same message: a redelivery is one letter. */
  readonly id: string;
  readonly reason: string;
  readonly messageId: string | null;
  readonly source: "push" | "pull";
  readonly receivedAt: Instant;
  readonly packageName: string | null;
  readonly data: string;
}

export interface RefundReview {
  readonly id: string;
  readonly packageName: string;
  readonly pendingRefundToken: Secret;
  readonly orderId: string;
  readonly refundReason: number | null;
  readonly receivedAt: Instant;
  /** Google's deadline: 24 h after the notice. */
  readonly answerBy: Instant;
}

/** Where notices go that are not a purchase to sync. Both writes may be repeated. */
export interface Intake {
  addDeadLetter(letter: DeadLetter): Promise<void>;
  addRefundReview(review: RefundReview): Promise<void>;
}

// ---------------------------------------------------------------- Licences

export interface LicenseOrder {
  readonly product: string;
  readonly policyId: string;
  /** Put into the licence's metadata, so that a licence whose key was lost can be found. */
  readonly slotId: SlotId;
  readonly attempt: number;
  readonly grantId: GrantId;
  readonly customerId: CustomerId;
  readonly purchaseId: string;
  readonly orderId: string | null;
}

export interface IssuedLicense {
  /** Comes once: the licence server keeps a hash only. */
  readonly key: Secret;
  readonly licenseId: string | null;
}

export interface FoundLicense {
  readonly licenseId: string | null;
  /** The attempt that made it, from its metadata. */
  readonly attempt: number | null;
  readonly grantId: string | null;
  readonly orderId: string | null;
  readonly revoked: boolean;
}

/** All methods throw {@link OutsideError}. All but `issue` may be repeated. */
export interface LicenseServer {
  /** Longest time in which `issue` answers or throws, in ms. */
  readonly issueTimeoutMs: number;
  /** Never retried in here: there is no idempotency key, so only the caller knows what a repetition would mean. */
  issue(order: LicenseOrder): Promise<IssuedLicense>;
  /** Every licence whose metadata name this slot. */
  findBySlot(slotId: SlotId): Promise<FoundLicense[]>;
  /** Revoking what is revoked or unknown there is success: the goal is reached. */
  setStatus(key: Secret, action: "suspend" | "resume" | "revoke"): Promise<void>;
  setExpiry(key: Secret, at: Instant): Promise<void>;
}

/** Seals what is kept, bound to what it belongs to: moved elsewhere it doesn't open. */
export interface SecretBox {
  seal(secret: Secret, boundTo: string): Promise<string>;
  open(sealed: string, boundTo: string): Promise<Secret>;
}

// ---------------------------------------------------------------- Who is asking

export interface Caller {
  readonly customerId: CustomerId;
  /** A verified address only. */
  readonly email: string | null;
}

export interface Identity {
  /** @throws AppError `unauthenticated` when the token isn't one of ours, or names nobody. */
  verify(idToken: Secret): Promise<Caller>;
}

export interface PushIdentity {
  /** Was this sent by our Pub/Sub push subscription? @throws AppError `unauthenticated`. */
  verify(oidcToken: Secret): Promise<void>;
}

// ---------------------------------------------------------------- The machine

export interface Clock {
  now(): Instant;
  /** Milliseconds that only ever rise; says how long something took, not when it was. */
  monotonic(): number;
}

/** Uniform in [0, 1). */
export type Chance = () => number;

export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** One structured line per thing that happened. Ids and outcomes only: never a token, a key or somebody else's words. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, error?: unknown): void;
  error(event: string, fields?: LogFields, error?: unknown): void;
}

/** Work that goes on after an answer was given; bounded, and waited for at shutdown. */
export interface Background {
  /** False when too much is waiting: then leave it to whoever finds it due. */
  hasRoom(): boolean;
  run(task: () => Promise<void>): void;
}

export interface Ports {
  readonly play: PlayApi;
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly accountIds: AccountIds;
  readonly intake: Intake;
  readonly licenses: LicenseServer;
  readonly secretBox: SecretBox;
  readonly identity: Identity;
  readonly pushIdentity: PushIdentity;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly background: Background;
}
