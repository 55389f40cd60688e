import { randomBytes } from "node:crypto";
import { Firestore } from "@google-cloud/firestore";
import { createUidAccountIds } from "../../src/adapters/account-ids/account-ids.ts";
import { createLocalSecretBox } from "../../src/adapters/crypto/local-secret-box.ts";
import { createFirestoreStore } from "../../src/adapters/firestore/index.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { DAY, HOUR, type Instant } from "../../src/domain/instant.ts";
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
import { type AllPorts, assemblePorts, createBackground, createLog } from "../../test/support/ports.ts";
import { FakeLicenses } from "../../test/use-cases/support/fake-licenses.ts";
import { FakePlay } from "../../test/use-cases/support/fake-play.ts";
import { stock } from "./stock.ts";

/** Of each kind of thing that sweeps look for. */
export const DUE = 100;

const KEYS = [{ id: "bench", key: new Secret(randomBytes(32).toString("base64")) }];
const LATER = 25 * HOUR;

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

  await sellAll(ports, play, at);
  await forgetEffects(db);
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

/** What will be due; what is to be told to Google of the second kind is left in the outbox. */
async function sellAll(ports: AllPorts, play: FakePlay, at: Instant): Promise<void> {
  const buy = async (name: string, purchase: Purchase) => {
    play.put(refOf(name, purchase.type), purchase);
    const { productId } = must(purchase.items[0]);
    const customerId = customer(`customer-of-${name}`);
    await verifyPurchase(ports, { customerId, packageName: PACKAGE, productId, token: token(name) });
  };
  for (const name of names("ending")) {
    const items = [lineItem({ orderId: `GPA.${name}`, expiresAt: at + 20 * HOUR })];
    await buy(name, subscription({ items }));
  }
  while ((await runDueEffects(ports, 50)) > 0);
  for (const name of names("untold")) {
    const items = [product({ productId: "lumen_v2", orderId: `GPA.${name}` })];
    await buy(name, oneTime({ items, acknowledged: false, startedAt: at }));
  }
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
