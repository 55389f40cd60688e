import { randomBytes, randomUUID } from "node:crypto";
import type { Hono } from "hono";
import {
  createHmacAccountIds,
  createNoAccountIds,
  createUidAccountIds,
} from "./adapters/account-ids/account-ids.ts";
import { createEnvelopeSecretBox } from "./adapters/crypto/envelope-secret-box.ts";
import { createKmsKeyWrapper } from "./adapters/crypto/kms-key-wrapper.ts";
import { createLocalSecretBox, type EncryptionKey } from "./adapters/crypto/local-secret-box.ts";
import { combineSecretBoxes } from "./adapters/crypto/secret-boxes.ts";
import { createFirestoreStore } from "./adapters/firestore/index.ts";
import { createPlayApi } from "./adapters/google-play/play-api.ts";
import { createFirebaseAccounts, nobodyKnown } from "./adapters/identity/account-lookup.ts";
import { createIdentity, firebaseIssuer, nobodySignsIn } from "./adapters/identity/id-token-identity.ts";
import { createPushIdentity } from "./adapters/identity/push-identity.ts";
import { createKeyThaiClient } from "./adapters/keythai/keythai-client.ts";
import { createLicenseServer } from "./adapters/keythai/license-server.ts";
import { createLog } from "./adapters/log/log.ts";
import { createMemoryStore } from "./adapters/memory/memory-store.ts";
import { meteredLog } from "./adapters/metrics/metered-log.ts";
import { createMetrics } from "./adapters/metrics/metrics.ts";
import { createRateLimiter } from "./adapters/rate-limit/rate-limiter.ts";
import { createJoin } from "./adapters/shared/single-flight.ts";
import { createMailer } from "./adapters/smtp/mailer.ts";
import { createBackground } from "./adapters/system/background.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { createRecentAsks } from "./adapters/system/recent-asks.ts";
import { createLazySender } from "./adapters/webhook/lazy-sender.ts";
import type { Config } from "./config.ts";
import { readFiles } from "./config-files.ts";
import type { Queue } from "./domain/effect.ts";
import { Secret } from "./domain/secret.ts";
import type { HttpEnv, HttpPorts } from "./http/context.ts";
import { createDeliveries } from "./integrations/registry.ts";
import type { AccountLookup, LicenseServer, Log, SecretBox } from "./ports.ts";
import { type EffectPorts, startEffects } from "./use-cases/run-effects.ts";

/** How much of a queue may run at once, and wait, in this process. */
export type Room = (queue: Queue) => { readonly atOnce: number; readonly waiting: number };

const PROCESS_ROOM: Room = (queue) => {
  if (queue === "core") return { atOnce: 24, waiting: 400 };
  return { atOnce: queue === "mail" ? 4 : 8, waiting: 16 };
};

/** Webhooks and letters are left to others: for who may not go on once its answer is out. */
export const ONLY_CORE: Room = (queue) =>
  queue === "core" ? PROCESS_ROOM(queue) : { atOnce: 1, waiting: 0 };

export interface Service {
  readonly ports: HttpPorts & EffectPorts;
  /** The HTTP side, loaded only where somebody asks for it: neither a worker nor most functions do. */
  app(): Promise<Hono<HttpEnv>>;
  /** Loads what sends webhooks and letters, so that the first one is as quick as the others; for processes that stay. */
  warmUp(): Promise<void>;
  /** Resolves when nothing that was begun is under way any more. */
  idle(): Promise<void>;
  /** Waits for work after answers, then lets go of the store. */
  close(): Promise<void>;
}

/**
 * Puts everything together: settings in, a service out that has not begun to listen or work yet.
 *
 * @param output Where log lines go; tests read them.
 * @param room For work after answers.
 */
export function compose(
  config: Config,
  output: Log = createLog(config.LOG_LEVEL),
  room: Room = PROCESS_ROOM,
): Service {
  const { catalog, encryptionKeys } = readFiles(config);
  const clock = systemClock;
  const chance = Math.random;
  const leaseMs = config.EFFECT_LEASE_SECONDS * 1000;
  const storeOptions = { clock, chance, leaseMs, newLease: randomUUID };
  const store = createStore(config, storeOptions);
  const metrics = createMetrics({ outbox: store.outbox, clock });
  const log = meteredLog(output, metrics);
  const background = createBackground({ limits: room, log, clock });
  const licenses = createLicenses(config, leaseMs, log);
  const mailer = createLetters(config, leaseMs);
  const webhooks = createLazySender({
    timeoutMs: callTime(leaseMs),
    allowLoopback: config.WEBHOOK_ALLOW_LOOPBACK,
    clock,
  });
  const secretBox = createSecretBox(config, encryptionKeys);
  const ports: HttpPorts & EffectPorts = {
    ...store,
    settings: {
      policy: {
        catalog,
        renewalLeewayHours: config.RENEWAL_LEEWAY_HOURS,
        transfers: config.PURCHASE_TRANSFER === "allow",
      },
      verifyFreshMs: config.VERIFY_FRESH_SECONDS * 1000,
      verifyWaitMs: config.VERIFY_WAIT_MS,
      leaseMs,
      refundReviewDefault: config.REFUND_REVIEW_DEFAULT === "none" ? null : config.REFUND_REVIEW_DEFAULT,
    },
    play: createPlayApi({
      ...(config.PLAY_API_ROOT_URL === undefined ? {} : { rootUrl: config.PLAY_API_ROOT_URL }),
      quotaPerMinute: config.PLAY_QUOTA_PER_MINUTE,
      clock,
      chance,
      log,
    }),
    accountIds: createAccountIds(config, store.accountDirectory),
    licenses,
    secretBox,
    ...createIdentities(config),
    webhooks,
    mailer,
    accounts: createAccounts(config),
    clock,
    chance,
    entropy: randomBytes,
    log,
    background,
    effects: { start: (leased) => startEffects(ports, leased) },
    join: createJoin(),
    recentAsks: createRecentAsks(clock),
    deliveries: createDeliveries({ licenses, secretBox, clock }),
    verifyRate: createRateLimiter(config.VERIFY_RATE_PER_MINUTE),
    adminKeys: config.ADMIN_API_KEYS,
    metrics,
  };
  return {
    ports,
    app: async () => (await import("./http/app.ts")).createApp(ports),
    warmUp: async () => void (await Promise.all([webhooks.load(), mailer?.load()])),
    idle: background.idle,
    close: async () => {
      await background.drain();
      await webhooks.close();
      await store.close();
    },
  };
}

type StoreOptions = Parameters<typeof createMemoryStore>[0];

function createStore(config: Config, options: StoreOptions) {
  if (config.PLAYGRANT_STORE === "memory")
    return { ...createMemoryStore(options), close: async () => undefined };
  return createFirestoreStore(config.GOOGLE_CLOUD_PROJECT ?? "", options);
}

function createSecretBox(config: Config, keys: readonly EncryptionKey[]): SecretBox {
  const keyName = config.LICENSE_KMS_KEY;
  return combineSecretBoxes({
    local: keys.length === 0 ? null : createLocalSecretBox(keys),
    kms:
      keyName === undefined ? null : createEnvelopeSecretBox(createKmsKeyWrapper({ keyName }), systemClock),
    sealing: config.LICENSE_SEAL_WITH ?? (keyName === undefined ? "local" : "kms"),
  });
}

type AccountDirectory = ReturnType<typeof createStore>["accountDirectory"];

function createAccountIds(config: Config, directory: AccountDirectory) {
  if (config.OBFUSCATED_ACCOUNT_ID === "none") return createNoAccountIds();
  const key = config.OBFUSCATED_ACCOUNT_KEY;
  return config.OBFUSCATED_ACCOUNT_ID === "hmac" && key !== undefined
    ? createHmacAccountIds(key, directory)
    : createUidAccountIds();
}

/** Half of a lease is for the call, the rest for recording it. */
function callTime(leaseMs: number): number {
  return Math.min(15_000, leaseMs / 2);
}

/** No letters without a mail server. */
function createLetters({ SMTP_URL: smtpUrl, MAIL_FROM: from }: Config, leaseMs: number) {
  if (smtpUrl === undefined || from === undefined) return null;
  return createMailer({ smtpUrl, from, timeoutMs: callTime(leaseMs) });
}

/** Firebase Auth knows its own users; an issuer of the owner's is asked nothing. */
function createAccounts(config: Config): AccountLookup {
  const projectId = config.GOOGLE_CLOUD_PROJECT;
  if (projectId === undefined || config.AUTH_ISSUER !== undefined) return nobodyKnown;
  const emulatorHost = config.FIREBASE_AUTH_EMULATOR_HOST;
  return createFirebaseAccounts({ projectId, ...(emulatorHost === undefined ? {} : { emulatorHost }) });
}

function createLicenses(config: Config, leaseMs: number, log: Log): LicenseServer {
  const client = createKeyThaiClient({
    // Without a licence in the catalogue there is no key, and nobody calls.
    apiKey: config.KEYTHAI_API_KEY ?? new Secret("none"),
    baseUrl: config.KEYTHAI_BASE_URL,
    timeoutMs: Math.min(3000, Math.floor(leaseMs / 6)),
  });
  return createLicenseServer({
    client,
    issueTimeoutMs: callTime(leaseMs),
    maxPages: 200,
    onTruncated: (slotId) => log.warn("license.search_truncated", { slot_id: slotId }),
  });
}

function createIdentities(config: Config) {
  const project = config.GOOGLE_CLOUD_PROJECT;
  const firebase = project === undefined ? null : firebaseIssuer(project);
  const issuer = config.AUTH_ISSUER ?? firebase?.issuer;
  const audience = config.AUTH_AUDIENCE ?? firebase?.audience;
  const jwksUrl = config.AUTH_JWKS_URL ?? firebase?.jwksUrl;
  const known = issuer !== undefined && audience !== undefined && jwksUrl !== undefined;
  const emulator = config.FIREBASE_AUTH_EMULATOR_HOST !== undefined;
  return {
    identity: known
      ? createIdentity({ issuer, audience, jwksUrl, emulator, clock: systemClock })
      : nobodySignsIn,
    pushIdentity: createPushIdentity({
      audience: config.RTDN_PUSH_AUDIENCE ?? null,
      serviceAccount: config.RTDN_PUSH_SERVICE_ACCOUNT ?? null,
      ...(config.RTDN_PUSH_ISSUER === undefined ? {} : { issuer: config.RTDN_PUSH_ISSUER }),
      ...(config.RTDN_PUSH_JWKS_URL === undefined ? {} : { jwksUrl: config.RTDN_PUSH_JWKS_URL }),
      clock: systemClock,
    }),
  };
}
