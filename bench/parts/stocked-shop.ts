import { randomBytes } from "node:crypto";
import { type DocumentData, Firestore, Timestamp } from "@google-cloud/firestore";
import { createUidAccountIds } from "../../src/adapters/account-ids/account-ids.ts";
import { createLocalSecretBox } from "../../src/adapters/crypto/local-secret-box.ts";
import { createFirestoreStore } from "../../src/adapters/firestore/index.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { purchaseId } from "../../src/domain/ids.ts";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { Secret } from "../../src/domain/secret.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { verifyPurchase } from "../../src/use-cases/verify-purchase.ts";
import {
  customer,
  lineItem,
  must,
  oneTime,
  PACKAGE,
  POLICY,
  product,
  refOf,
  subscription,
  token,
} from "../../test/support/builders.ts";
import { assemblePorts, createBackground, createLog } from "../../test/support/ports.ts";
import { FakeLicenses } from "../../test/use-cases/support/fake-licenses.ts";
import { FakePlay } from "../../test/use-cases/support/fake-play.ts";

/** Of each kind of thing that sweeps look for. */
export const DUE = 100;

const KEYS = [{ id: "bench", key: new Secret(randomBytes(32).toString("base64")) }];
const LATER = 25 * HOUR;
const BATCH = 250;
const BATCHES_AT_ONCE = 4;

/**
 * A shop on a Firestore emulator, with as many purchases as asked for, each with its licence key. After {@link wait} some of
 * all that sweeps look for is due: {@link DUE} of each kind.
 */
export async function openStockedShop(stored: number) {
  const projectId = `demo-sweeps-${randomBytes(4).toString("hex")}`;
  const clock = shiftedClock();
  const play = new FakePlay();
  const licenses = new FakeLicenses();
  const newLease = () => randomBytes(8).toString("hex");
  const leaseMs = 30_000;
  const store = createFirestoreStore(projectId, { clock, chance: Math.random, leaseMs, newLease });
  /** A process; what a commit sets going is left to the outbox. */
  const start = () =>
    assemblePorts({
      ...store,
      settings: {
        policy: POLICY,
        verifyFreshMs: 0,
        verifyWaitMs: 0,
        leaseMs,
        refundReviewDefault: "neutral" as const,
      },
      clock,
      chance: Math.random,
      accountIds: createUidAccountIds(),
      secretBox: createLocalSecretBox(KEYS),
      background: createBackground("full"),
      play,
      licenses,
      log: createLog([]),
    });
  const ports = start();
  const at = clock.now();
  const db = new Firestore({ projectId });

  const buy = async (name: string, purchase: Purchase) => {
    play.put(refOf(name, purchase.type), purchase);
    const { productId } = must(purchase.items[0]);
    const customerId = customer(`customer-of-${name}`);
    await verifyPurchase(ports, { customerId, packageName: PACKAGE, productId, token: token(name) });
  };
  const settle = async () => {
    while ((await runDueEffects(ports, 50)) > 0);
  };

  for (const name of names("ending")) {
    await buy(
      name,
      subscription({ items: [lineItem({ orderId: `GPA.${name}`, expiresAt: at + 20 * HOUR })] }),
    );
  }
  await settle();
  for (const name of names("untold")) {
    const items = [product({ productId: "lumen_v2", orderId: `GPA.${name}` })];
    await buy(name, oneTime({ items, acknowledged: false, startedAt: at }));
  }
  await forgetEffects(db);
  for (const name of names("review")) {
    await ports.intake.addRefundReview({
      packageName: PACKAGE,
      pendingRefundToken: new Secret(`refund-${name}`),
      orderId: `GPA.${name}`,
      refundReason: 7,
      receivedAt: at,
      answerBy: at + DAY,
    });
  }
  await ports.sweepRecords.heardGoogle(at);
  await stock(db, stored - 2 * DUE, at);

  return {
    /** Another process than the one that sold all this. */
    start,
    /** A day and an hour pass; renewals and refunds come, and no notice does. */
    wait() {
      clock.shift(LATER);
      for (const name of names("ending")) {
        const items = [lineItem({ orderId: `GPA.${name}..0`, expiresAt: at + 30 * DAY })];
        play.put(refOf(name), subscription({ items }));
        const purchaseToken = token(name).reveal();
        const entry = { purchaseToken, orderId: `GPA.${name}`, voidedTimeMillis: String(clock.now()) };
        play.voided.push({ packageName: PACKAGE, recordedAt: clock.now(), entry });
      }
    },
    close: async () => {
      await db.terminate();
      await store.close();
    },
  };
}

function names(kind: string): string[] {
  return Array.from({ length: DUE }, (_, index) => `${kind}-${index}`);
}

function shiftedClock() {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    shift: (ms: number) => {
      ahead += ms;
    },
  };
}

/** Whoever was to run them died, and what they were to do was lost. */
async function forgetEffects(db: Firestore): Promise<void> {
  const { docs } = await paths(db).outbox.get();
  await Promise.all(docs.map((doc) => doc.ref.delete()));
}

/** Copies of a purchase and its key as the service itself has written them, under other names, due long from now. */
async function stock(db: Firestore, count: number, now: number): Promise<void> {
  const { purchases, licenseKeys } = paths(db);
  const [purchase] = (await purchases.where("type", "==", "subscription").limit(1).get()).docs;
  const [key] = (await licenseKeys.limit(1).get()).docs;
  const samples = { purchase: must(purchase).data(), key: must(key).data() };
  let next = 0;
  const lane = async () => {
    for (let from = next; from < count; from = next) {
      next += BATCH;
      const batch = db.batch();
      for (let index = from; index < Math.min(from + BATCH, count); index += 1) {
        const { purchase: one, key: its } = copyOf(samples, index, now);
        batch.create(purchases.doc(one.id), one);
        batch.create(licenseKeys.doc(its.id), its);
      }
      await batch.commit();
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, lane));
}

function copyOf(samples: { purchase: DocumentData; key: DocumentData }, index: number, now: number) {
  const named = new Secret(`token-of-stock-${String(index).padStart(8, "0")}-0123456789`);
  const id = purchaseId(PACKAGE, named);
  const hash = id.slice("pur_".length);
  const customerId = `customer-of-stock-${index}`;
  const later = Timestamp.fromMillis(now + 30 * DAY + index * 1000);
  const times = { created_at: Timestamp.fromMillis(now - index * 1000), next_sync_at: later };
  return {
    purchase: { ...samples.purchase, id, token: named.reveal(), customer_id: customerId, ...times },
    key: {
      ...samples.key,
      id: `key_${hash}`,
      slot_id: `slt_${hash}`,
      customer_id: customerId,
      check_at: later,
    },
  } as { purchase: DocumentData & { id: string }; key: DocumentData & { id: string } };
}
