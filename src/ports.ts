import type { RevocationReason } from "./domain/access.ts";
import type { Language } from "./domain/contact.ts";
import type { Policy } from "./domain/desired-grants.ts";
import type { Effect, EffectRequest, Queue } from "./domain/effect.ts";
import type { CustomerFile } from "./domain/entitlements.ts";
import type { Grant, GrantStatus } from "./domain/grant.ts";
import type { GrantEvent } from "./domain/grant-events.ts";
import type {
  CustomerId,
  DeliveryId,
  EffectId,
  EndpointId,
  EventId,
  GrantId,
  LicenseKeyId,
  MailId,
  PurchaseId,
  ReviewId,
  SlotId,
} from "./domain/ids.ts";
import type { Instant } from "./domain/instant.ts";
import type { NoticeRhythm } from "./domain/notice-rhythm.ts";
import type { NamedCustomer } from "./domain/ownership.ts";
import type { PurchaseState } from "./domain/purchase.ts";
import type {
  AuditEntry,
  Cause,
  Decision,
  FileIds,
  LicenseOrphan,
  PurchaseFile,
  PurchaseRecord,
  PurchaseRef,
  SealedLicenseKey,
} from "./domain/purchase-file.ts";
import type { Secret } from "./domain/secret.ts";
import type { WebhookDelivery } from "./domain/webhook-delivery.ts";
import type { WebhookEndpoint } from "./domain/webhook-endpoint.ts";

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
  /**
   * Tells Google that the purchase was granted. May be repeated.
   *
   * @param accountId Told with it for a subscription that lacks one: bought again in Play, outside the app.
   * @throws AppError as {@link getPurchase}.
   */
  acknowledge(ref: PurchaseRef, productId: string, accountId?: string | null): Promise<void>;
  /** Uses a consumable up, which also acknowledges it. A second time Google refuses: read before repeating. */
  consume(ref: PurchaseRef, productId: string): Promise<void>;
  /** A page of an app's refunds and chargebacks, as JSON that nobody has checked. @throws AppError as {@link getPurchase}. */
  voidedPurchases(query: VoidedQuery): Promise<unknown>;
  /** Our view of a refund; Google counts the first one only. @throws AppError as {@link getPurchase}. */
  reviewRefund(review: RefundReview, preference: RefundPreference): Promise<void>;
}

/** Google filters on when it recorded a void, keeps 30 days of them, and tells the oldest first (google-play.md section 7). */
export interface VoidedQuery {
  readonly packageName: string;
  readonly since: Instant;
  /** From the page before; null for the first one. */
  readonly pageToken: string | null;
}

// ---------------------------------------------------------------- Store

/** A file as it was read. The store knows the object again, and so whether the file has changed since. */
export interface LoadedFile {
  readonly file: PurchaseFile;
  /** Milliseconds since Google's last answer was stored, by the store's own clock; null if none is stored. */
  readonly answeredAgoMs: number | null;
}

export interface UpdateOptions {
  /** What was read before: the first decision is made on it, without another read. */
  readonly basis?: LoadedFile;
  /** The caller will run the effects put down: they are leased to it in the commit. */
  readonly run?: boolean;
  /** The effect on whose behalf this is; a decision that completes it finishes it in the same commit. */
  readonly effect?: LeasedEffect;
}

export interface Committed<T> {
  readonly result: T;
  /** The effects put down, where `run` was asked for and nobody else holds them. */
  readonly leased: readonly LeasedEffect[];
  /** Whether `effect` was finished with it. */
  readonly completed: boolean;
  /** The file as it stands after this. */
  readonly after: LoadedFile;
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
  /** On this process's monotonic clock: until then the lease is surely ours. */
  readonly leasedUntil: number;
  /** What the commit that asked for it left, where that commit was our own: saves a read. */
  readonly basis?: LoadedFile;
}

export interface Outbox {
  /** Leases what is due and not leased to anybody alive, in one queue or in all. Oldest first. */
  lease(now: Instant, limit: number, queue?: Queue): Promise<LeasedEffect[]>;
  /** Takes the lease anew; null when it was lost. */
  renew(effect: LeasedEffect): Promise<LeasedEffect | null>;
  /**
   * Done. A lost lease changes nothing.
   *
   * @returns The effect as it is now, leased anew, where it was asked for again in the meantime and is due: run it once more.
   */
  finish(effect: LeasedEffect): Promise<LeasedEffect | null>;
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

/** Obfuscated account ids: what the app passes to Google at a purchase, and whom it names (`OBFUSCATED_ACCOUNT_ID`). */
export interface AccountIds {
  /** The id for this customer, null where none is used. Whose it is will be known from now on, also to notices. */
  give(customerId: CustomerId): Promise<string | null>;
  /** @param asker Who presents the purchase, if anybody: known without having asked for an id. */
  whose(accountId: string | null, asker: CustomerId | null): Promise<NamedCustomer>;
}

/** What the shop's people look through: all customers. Lists are newest first. */
export interface AdminRecords {
  purchases(ids: readonly PurchaseId[]): Promise<PurchaseRecord[]>;
  /** @throws AppError `invalid_request` on a cursor that isn't ours; so do all lists here. */
  findPurchases(filter: PurchaseFilter, page: PageRequest): Promise<Page<PurchaseRecord>>;
  findGrant(id: GrantId): Promise<Grant | null>;
  findGrants(filter: GrantFilter, page: PageRequest): Promise<Page<Grant>>;
  /** What happened to a customer, each with its cause. A commit with many changes may be cut by a page. */
  timeline(customerId: CustomerId, page: PageRequest): Promise<Page<TimelineEntry>>;
}

/** All that are given must hold. */
export interface PurchaseFilter {
  readonly customerId?: CustomerId;
  /** Any order that ever paid for it. */
  readonly orderId?: string;
  readonly state?: PurchaseState;
}

export interface GrantFilter {
  readonly customerId?: CustomerId;
  readonly status?: GrantStatus;
  readonly entitlementId?: string;
}

export interface TimelineEntry {
  readonly at: Instant;
  readonly kind: string;
  readonly cause: Cause;
  /** The name of the admin key, where a person did it. */
  readonly actor: string | null;
  readonly purchaseId: PurchaseId | null;
  readonly grantId: GrantId | null;
  readonly summary: string;
}

/** What sweeps remember and find. */
export interface SweepRecords {
  /** How far a sweep has come; null: it never ran. */
  mark(name: string): Promise<Instant | null>;
  /** Marks only move forward: of two sweeps that overlap the further one counts. */
  setMark(name: string, at: Instant): Promise<void>;
  /** Purchases that Google has not been told of and takes back between the two moments, the most urgent first. */
  unacknowledged(from: Instant, by: Instant, limit: number): Promise<UnacknowledgedPurchase[]>;
  /** Licence keys whose licence must be compared with the licence server, the longest due first. */
  keysToCheck(now: Instant, limit: number): Promise<SealedLicenseKey[]>;
  /** @param at null: never again, its licence is over. */
  checkKeyAgain(id: LicenseKeyId, at: Instant | null): Promise<void>;
  /** Refund reviews without an answer whose deadline is `by` or earlier, the most urgent first. */
  openReviews(by: Instant, limit: number): Promise<StoredReview[]>;
  /** How often Google tells us anything; null: it never has. */
  noticeRhythm(): Promise<NoticeRhythm | null>;
  /** Takes note that Google was heard. Of many at once one is enough: the others may be lost. */
  heardGoogle(now: Instant): Promise<void>;
}

export interface UnacknowledgedPurchase extends PurchaseRef {
  readonly acknowledgeBy: Instant;
}

/** A message that will never work. A redelivery of it (the same message id, or else the same data) is the same letter. */
export interface DeadLetter {
  readonly reason: string;
  readonly messageId: string | null;
  readonly source: "push" | "pull";
  readonly receivedAt: Instant;
  readonly packageName: string | null;
  readonly data: string;
}

/** Google asks for our view of a refund. The same refund is the same review. */
export interface RefundReview {
  readonly packageName: string;
  readonly pendingRefundToken: Secret;
  readonly orderId: string;
  readonly refundReason: number | null;
  readonly receivedAt: Instant;
  /** Google's deadline: 24 h after the notice. */
  readonly answerBy: Instant;
}

/** What is put aside for a person. All of it may be repeated: what is there already stays as it is. */
export interface Intake {
  addDeadLetter(letter: DeadLetter): Promise<void>;
  addOrphan(orphan: LicenseOrphan): Promise<void>;
  addRefundReview(review: RefundReview): Promise<void>;
}

export interface StoredLetter extends DeadLetter {
  readonly id: string;
}

export type RefundPreference = "approve" | "decline" | "neutral";

export interface StoredReview extends RefundReview {
  readonly id: ReviewId;
  /** Decided on, by a person or by default; it goes to Google by an effect. */
  readonly preference: RefundPreference | null;
  /** When Google took it. */
  readonly answeredAt: Instant | null;
}

/** The desk on which {@link Intake} lays things: looked through and settled by the shop's people. Lists are newest first. */
export interface Desk {
  listDeadLetters(page: PageRequest): Promise<Page<StoredLetter>>;
  deadLetter(id: string): Promise<StoredLetter | null>;
  /** It was replayed and worked. */
  removeDeadLetter(id: string, audit: AuditEntry): Promise<void>;
  listOrphans(page: PageRequest): Promise<Page<LicenseOrphan>>;
  orphan(id: string): Promise<LicenseOrphan | null>;
  /** @returns The orphan as it stands then: the first time counts. Null: there is none. */
  resolveOrphan(id: string, audit: AuditEntry): Promise<LicenseOrphan | null>;
  listReviews(page: PageRequest): Promise<Page<StoredReview>>;
  review(id: ReviewId): Promise<StoredReview | null>;
  /**
   * Decides a review, with the effect that tells Google, in one commit: the first decision stays.
   *
   * @returns The review as it stands then. Null: there is none.
   */
  decideReview(
    id: ReviewId,
    preference: RefundPreference,
    effect: EffectRequest,
    audit: AuditEntry,
  ): Promise<StoredReview | null>;
  /** Google took the answer. */
  closeReview(id: ReviewId, at: Instant): Promise<void>;
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
  /** Null for a gift. */
  readonly purchaseId: PurchaseId | null;
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
  /** How a licence stands there. */
  standing(key: Secret): Promise<LicenseStanding>;
}

export interface LicenseStanding {
  /** `gone`: revoked for good, or unknown there. One that ran out is `active`: its end tells. */
  readonly status: "active" | "suspended" | "gone";
  /** Null where it has none, or none was told. */
  readonly expiresAt: Instant | null;
}

/** Seals what is kept, bound to what it belongs to: moved elsewhere it doesn't open. */
export interface SecretBox {
  seal(secret: Secret, boundTo: string): Promise<string>;
  open(sealed: string, boundTo: string): Promise<Secret>;
}

// ---------------------------------------------------------------- The owner's systems

/** What is kept of webhooks: endpoints, what happened, and what became of telling it. Lists are newest first. */
export interface WebhookRecords {
  /** All there are: few. */
  endpoints(): Promise<WebhookEndpoint[]>;
  endpoint(id: EndpointId): Promise<WebhookEndpoint | null>;
  /** @throws AppError `invalid_request` on a cursor that isn't ours; so do all lists here. */
  listEndpoints(page: PageRequest): Promise<Page<WebhookEndpoint>>;
  addEndpoint(endpoint: WebhookEndpoint, audit: AuditEntry): Promise<void>;
  /**
   * Changes an endpoint as it stands by then.
   *
   * @param change Pure; may be called again. The same object: nothing is written.
   * @param audit Null where no person did it.
   * @returns The endpoint as it stands then. Null: there is none.
   */
  changeEndpoint(
    id: EndpointId,
    change: (endpoint: WebhookEndpoint) => WebhookEndpoint,
    audit: AuditEntry | null,
  ): Promise<WebhookEndpoint | null>;
  /** @returns False: there was none. */
  removeEndpoint(id: EndpointId, audit: AuditEntry): Promise<boolean>;
  /** In the order of their commits, and within one as {@link inCommitOrder} has it; those that aren't there are left out. */
  events(ids: readonly EventId[]): Promise<GrantEvent[]>;
  /** Events that occurred at `from.at` or later, oldest first and of equals by id, after `from.after` where it is given. */
  eventsSince(from: EventPosition, limit: number): Promise<GrantEvent[]>;
  /** In the order asked for; those that aren't there are left out. */
  deliveries(ids: readonly DeliveryId[]): Promise<WebhookDelivery[]>;
  /** Of one endpoint, by when they were planned. */
  listDeliveries(endpoint: EndpointId, page: PageRequest): Promise<Page<WebhookDelivery>>;
  /**
   * Puts deliveries down, with the effects that make them, in one commit (or a few, where there are very many). One that is
   * there already stays as it is.
   *
   * @param run The effects are leased to the caller, where nobody else holds them.
   * @returns What was leased.
   */
  plan(
    deliveries: readonly WebhookDelivery[],
    effects: readonly EffectRequest[],
    run: boolean,
  ): Promise<readonly LeasedEffect[]>;
  /** As {@link changeEndpoint}; `effects` are asked for in the same commit where something changed. */
  changeDelivery(
    id: DeliveryId,
    change: (delivery: WebhookDelivery) => WebhookDelivery,
    effects: readonly EffectRequest[],
  ): Promise<WebhookDelivery | null>;
}

export interface EventPosition {
  readonly at: Instant;
  readonly after: EventId | null;
}

export interface WebhookMessage {
  readonly url: string;
  /** The `webhook-id`: the same however often it is sent. */
  readonly id: string;
  readonly body: string;
  /** `whsec_…`, all that are in force: each signs. */
  readonly secrets: readonly Secret[];
}

/** How sending ended; whatever the receiver does is an answer here and never an exception. */
export interface WebhookAnswer {
  /** Null: no answer came. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** The first KiB of the answer's text, or why there is none: one of our own words, like `timeout`. */
  readonly excerpt: string;
  /** How long the receiver asked us to stay away. */
  readonly retryAfterMs: number | null;
}

export interface WebhookSender {
  /** Longest time in which `send` answers. */
  readonly timeoutMs: number;
  /** Signs by Standard Webhooks 1.0.0 and posts. The address is checked as it connects; redirects are not followed. */
  send(message: WebhookMessage): Promise<WebhookAnswer>;
  /** @returns Why nothing may ever be sent to this URL, in a sentence for a person; null: it may. */
  refusal(url: string): Promise<string | null>;
}

// ---------------------------------------------------------------- Mail

/** What a customer is told about a licence by mail. */
export interface LicenseLetter {
  readonly to: string;
  /** Names the letter: the same in every copy of it, so that mail systems know a copy again. */
  readonly id: MailId;
  /** Null: it is written in all of them. */
  readonly language: Language | null;
  /** What the licence is for, in the owner's words. */
  readonly productName: string;
  readonly news: /** `formerMasked`: the key that this one takes the place of. */
    | {
        readonly kind: "delivered";
        readonly key: Secret;
        readonly formerMasked: string | null;
        readonly until: Instant | null;
      }
    /** The same key works again. */
    | { readonly kind: "restored"; readonly masked: string; readonly until: Instant | null }
    | { readonly kind: "revoked"; readonly masked: string; readonly reason: RevocationReason };
}

export interface Mailer {
  /** Longest time in which `send` ends, in ms. */
  readonly timeoutMs: number;
  /** @throws OutsideError `refused` (a bounce: 5yz to the recipient or the message), `busy`, `unknown`. */
  send(letter: LicenseLetter): Promise<void>;
}

/** Who customers are, for those who never spoke to us: Firebase Auth. */
export interface AccountLookup {
  /** A verified address only; null where there is none, or no such customer. @throws OutsideError */
  email(customerId: CustomerId): Promise<string | null>;
}

/** What became of letters. */
export interface MailRecords {
  /** True when it went out. One that was given up may still go, to another address. */
  isSent(id: MailId): Promise<boolean>;
  /** With the customer's history. Of each outcome the first time counts. */
  settle(id: MailId, outcome: "sent" | "given_up", audit: AuditEntry): Promise<void>;
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
  sleep(ms: number): Promise<void>;
}

/** Uniform in [0, 1). */
export type Chance = () => number;

/** Random bytes that nobody can guess. */
export type Entropy = (bytes: number) => Buffer;

export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** One structured line per thing that happened. Ids and outcomes only: never a token, a key or somebody else's words. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, error?: unknown): void;
  error(event: string, fields?: LogFields, error?: unknown): void;
}

/**
 * Calls with one key that meet in this process share one run, but only one that begins after they came.
 * Errors reach all who share.
 */
export type Join = <T>(key: string, run: () => Promise<T>) => Promise<T>;

/** When this process last asked Google about a purchase and found nothing new. */
export interface RecentAsks {
  note(id: PurchaseId, revision: number): void;
  /** Milliseconds since then; null if it didn't, or the purchase has another revision now. */
  ageMs(id: PurchaseId, revision: number): number | null;
}

/** What a commit set going. */
export interface Started {
  /** Resolves, and never rejects, when every delivery was tried once. Null: there is none to make. */
  readonly delivered: Promise<void> | null;
  /** What the effects that have ended by now left behind, as far as it is surely the newest: saves reading it again. */
  latest(): Latest;
}

export interface Latest {
  readonly purchase: PurchaseRecord | null;
  readonly customer: CustomerFile | null;
  readonly keys: readonly SealedLicenseKey[];
}

/** Runs what a commit leased to this process, after the answer if need be. */
export interface EffectStarter {
  start(leased: readonly LeasedEffect[]): Started;
}

/** Work that goes on after an answer was given; bounded, and waited for at shutdown. */
export interface Background {
  /** False when too much of the queue (`core`) is waiting here, or it is paused: leave it to whoever finds it due. */
  hasRoom(queue?: Queue): boolean;
  run(task: () => Promise<void>, queue?: Queue): void;
  /** No room in this queue for so long: the other side asked to be left alone. */
  pause(queue: Queue, ms: number): void;
}

/** What the owner decided: catalogue and settings that the core reads. */
export interface Settings {
  readonly policy: Policy;
  /** How old Google's answer may be for a repeated verify; 0 = always ask. */
  readonly verifyFreshMs: number;
  /** How long verify waits for what is being delivered. */
  readonly verifyWaitMs: number;
  readonly leaseMs: number;
  /** What Google is told of a refund that nobody gave a view of; null: nothing. */
  readonly refundReviewDefault: RefundPreference | null;
}

export interface Ports {
  readonly settings: Settings;
  readonly play: PlayApi;
  readonly store: PurchaseStore;
  readonly outbox: Outbox;
  readonly records: Records;
  readonly adminRecords: AdminRecords;
  readonly sweepRecords: SweepRecords;
  readonly desk: Desk;
  readonly accountIds: AccountIds;
  readonly intake: Intake;
  readonly licenses: LicenseServer;
  readonly secretBox: SecretBox;
  readonly identity: Identity;
  readonly pushIdentity: PushIdentity;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly background: Background;
  readonly webhookRecords: WebhookRecords;
  readonly webhooks: WebhookSender;
  readonly mailRecords: MailRecords;
  /** Null: no letters are sent. */
  readonly mailer: Mailer | null;
  readonly accounts: AccountLookup;
  readonly effects: EffectStarter;
  readonly join: Join;
  readonly recentAsks: RecentAsks;
}
