import { seededRandom } from "../../sandbox/random.ts";
import type { Notification } from "../../sandbox/rtdn/publisher.ts";
import type { InProcess } from "../../sandbox/sandbox.ts";
import { createLocalSecretBox } from "../../src/adapters/crypto/local-secret-box.ts";
import type { Contact } from "../../src/domain/contact.ts";
import { type CustomerFile, emptyCustomerFile } from "../../src/domain/entitlements.ts";
import type { GrantEventType } from "../../src/domain/grant-events.ts";
import type { CustomerId } from "../../src/domain/ids.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { type PurchaseRecord, purchaseRef } from "../../src/domain/purchase-file.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { WebhookEndpoint } from "../../src/domain/webhook-endpoint.ts";
import type { AccountIds, Chance, SecretBox, Settings } from "../../src/ports.ts";
import { createEndpoint } from "../../src/use-cases/admin/create-endpoint.ts";
import { type Handled, handleNotification } from "../../src/use-cases/handle-notification.ts";
import { type RestoredPurchases, restorePurchases } from "../../src/use-cases/restore-purchases.ts";
import { type VerifiedPurchase, verifyPurchase } from "../../src/use-cases/verify-purchase.ts";
import { at } from "../support/builders.ts";
import type { LogLine } from "../support/ports.ts";
import { ownedAtGoogle, requestOf } from "./app.ts";
import type { WorldClock } from "./clock.ts";
import type { Mailbox } from "./mailbox.ts";
import { createNoticeChannel, type NoticeChannel, toMessage } from "./notices.ts";
import { createOutside } from "./outside.ts";
import type { Receivers } from "./receivers.ts";
import { createReplica, type Replica, type ReplicaParts } from "./replica.ts";
import { accountIdsOf, settingsOf } from "./setup.ts";
import { type Dump, inMemory, type Storage, type StorageKind } from "./storage.ts";
import { createTime } from "./time.ts";
import type { Trouble } from "./trouble.ts";

export interface WorldOptions {
  /** Where things are kept ({@link inMemory}); `onEmulator(import.meta.url)` is the other one. */
  readonly storage?: StorageKind;
  /** Of all chance (1): the same seed, the same run (in memory). */
  readonly seed?: number;
  readonly start?: Instant;
  readonly catalog?: unknown;
  readonly settings?: Partial<Settings>;
  /** `OBFUSCATED_ACCOUNT_ID` (`uid`). */
  readonly accountIds?: "uid" | "hmac" | "none";
  /** `PURCHASE_TRANSFER=allow` (false). */
  readonly transfers?: boolean;
  /** Google acts by itself as time passes: it renews, holds, ends, takes back what nobody acknowledged (false). */
  readonly automatic?: boolean;
  /** `SMTP_URL`: letters are sent (false). */
  readonly mail?: boolean;
}

/**
 * The whole of playgrant and all it talks to, in one process: replicas of the service over one store, the sandbox's
 * Google and KeyThai, and Pub/Sub in between. Made by {@link createWorld}.
 *
 * Google acts through `sandbox.play` (`buy`, `act`), the app through {@link verify} and {@link restore}. Nothing happens
 * by itself: notices wait in {@link notices} for {@link deliverDue}, {@link settle} or {@link pass}; so do effects that
 * failed, and sweeps. Whatever starts on its own must be run to its end with `clock.run`.
 */
export interface World {
  readonly clock: WorldClock;
  readonly chance: Chance;
  readonly sandbox: InProcess;
  readonly storage: Storage;
  readonly secretBox: SecretBox;
  readonly settings: Settings;
  readonly accountIds: AccountIds;
  readonly notices: NoticeChannel;
  /** The owner's systems; they hear of nothing unless they {@link listen}. */
  readonly receivers: Receivers;
  readonly mailbox: Mailbox;
  /** What Firebase Auth knows, by customer. */
  readonly addresses: Map<string, string>;
  /** How the app says that its customer is reached, by customer. */
  readonly contacts: Map<string, Contact>;
  /** Log lines of all replicas. */
  readonly log: LogLine[];
  /** What befalls calls of replicas; null: nothing. */
  trouble: Trouble | null;
  /** All that were ever started, the dead too. The first one runs from the start. */
  readonly replicas: readonly Replica[];
  /** Another process. */
  start(): Replica;
  /** The first one alive; if there is none, a new one. */
  alive(): Replica;

  /** The owner registers an address; null: for all events. */
  listen(url: string, eventTypes?: readonly GrantEventType[] | null): Promise<WebhookEndpoint>;
  /** Anything that a replica does. Undefined: it died or froze over it. */
  until<T>(by: Replica, work: Promise<T>): Promise<T | undefined>;
  /** The app presents a token. Undefined: the replica died or froze over it. @throws AppError as the use case. */
  verify(
    customer: string,
    productId: string,
    purchaseToken: string,
    by?: Replica,
  ): Promise<VerifiedPurchase | undefined>;
  /** The app presents all that Play tells it the customer owns: not consumed, not over, paid. */
  restore(customer: string, by?: Replica): Promise<RestoredPurchases | undefined>;
  /** One notice reaches a replica. `retry` also when the replica died or froze over it. */
  deliver(notice: Notification, by?: Replica): Promise<Handled>;
  /** Brings all that is due now, one after the other; what is refused comes again later. @returns How many came. */
  deliverDue(by?: Replica): Promise<number>;

  /** Notices, effects and sweeps that are due, and the retries they need (time passing for them), until all is quiet. */
  settle(by?: Replica): Promise<void>;
  /** Time passes, and all that falls due on the way happens at its moment: Google's acts, notices, effects, sweeps. */
  pass(ms: number, by?: Replica): Promise<void>;

  customer(id: string): Promise<CustomerFile>;
  /** What we know of a token; null: nothing. */
  purchase(purchaseToken: string): Promise<PurchaseRecord | null>;
  dump(): Promise<Dump>;
  close(): Promise<void>;
}

const START = at("2026-11-22T12:00:00Z");
const KEYS = [{ id: "k1", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }];

export function createWorld(options: WorldOptions = {}): World {
  const kind = options.storage ?? inMemory;
  const clock = kind.clock(options.start ?? START);
  const chance = seededRandom(options.seed ?? 1);
  const settings = settingsOf(options, kind);
  let leases = 0;
  const newLease = () => `lease-${++leases}`;
  const storage = kind.open({ clock, chance, leaseMs: settings.leaseMs, newLease });
  const channel = createNoticeChannel(() => clock.now());
  const log: LogLine[] = [];
  const trouble = () => world.trouble;
  const outside = createOutside({
    clock,
    chance,
    notices: channel.take,
    trouble,
    automatic: options.automatic ?? false,
    issueTimeoutMs: settings.leaseMs / 2,
    tellTimeoutMs: settings.leaseMs / 3,
  });
  const accountIds = accountIdsOf(options, storage);
  const secretBox = createLocalSecretBox(KEYS);
  const common = { settings, clock, chance, accountIds, secretBox };
  const replicas: Replica[] = [];
  const parts: ReplicaParts = { storage, outside, common, log, trouble, mail: options.mail ?? false };
  const start = () => {
    const replica = createReplica(`r${replicas.length + 1}`, parts);
    replicas.push(replica);
    return replica;
  };
  const alive = () => replicas.find(({ state }) => state === "alive") ?? start();
  const { sandbox, receivers, mailbox, addresses } = outside;
  const contacts = new Map<string, Contact>();
  const entropy = (bytes: number) =>
    Buffer.from(Array.from({ length: bytes }, () => Math.floor(chance() * 256)));
  start();

  /** To its end, or to the replica's. */
  const until = async <T>(by: Replica, work: Promise<T>): Promise<T | undefined> => {
    const died = (error: unknown) => {
      if (by.state === "alive") throw error;
      return undefined;
    };
    return clock.run(Promise.race([work.catch(died), by.stopped.then(() => undefined)]));
  };

  const deliver = async (notice: Notification, by = alive()): Promise<Handled> =>
    (await until(by, handleNotification(by.ports, toMessage(notice)))) ?? "retry";

  const deliverDue = async (by?: Replica): Promise<number> => {
    const due = channel.due(clock.now());
    for (const copy of due) {
      if ((await deliver(copy.notice, by)) === "retry") channel.again(copy, clock.now());
    }
    return due.length;
  };

  const time = createTime({
    clock,
    storage,
    channel,
    google: () => sandbox.play.tick(),
    googleNext: () => sandbox.play.nextAt(),
    lastVoid: () => sandbox.play.voids.at(-1)?.voidedAt ?? null,
    alive,
    until,
    deliverDue,
  });

  const world: World = {
    clock,
    chance,
    sandbox,
    storage,
    secretBox,
    settings,
    accountIds,
    notices: channel,
    receivers,
    mailbox,
    addresses,
    contacts,
    log,
    trouble: null,
    replicas,
    start,
    alive,
    listen: async (url, eventTypes = null) => {
      const { webhookRecords } = storage;
      const ports = { webhookRecords, webhooks: receivers, secretBox, entropy, clock };
      return (await createEndpoint(ports, { url, description: "", eventTypes }, "owner")).endpoint;
    },
    until,
    verify: (customer, productId, purchaseToken, by = alive()) => {
      const request = { ...requestOf(productId, purchaseToken), customerId: id(customer) };
      const contact = contacts.get(customer);
      return until(
        by,
        verifyPurchase(by.ports, { ...request, ...(contact === undefined ? {} : { contact }) }),
      );
    },
    restore: (customer, by = alive()) =>
      until(by, restorePurchases(by.ports, id(customer), ownedAtGoogle(sandbox, customer))),
    deliver,
    deliverDue,
    ...time,
    async customer(name) {
      const ids = { purchaseId: null, relatedId: null, formerId: null, customerId: id(name) };
      const { file } = await storage.store.load(ids);
      return file.customer ?? emptyCustomerFile(id(name));
    },
    async purchase(purchaseToken) {
      const { type, packageName } = sandbox.play.purchase(purchaseToken);
      const { id: purchaseId } = purchaseRef(packageName, type, new Secret(purchaseToken));
      const { file } = await storage.store.load({
        purchaseId,
        relatedId: null,
        formerId: null,
        customerId: null,
      });
      return file.purchase;
    },
    dump: () => storage.dump(),
    close: () => storage.close(),
  };
  return world;
}

function id(name: string): CustomerId {
  return name as CustomerId;
}
