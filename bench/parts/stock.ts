import { type DocumentData, type Firestore, Timestamp } from "@google-cloud/firestore";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { purchaseId } from "../../src/domain/ids.ts";
import { DAY } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { must, PACKAGE } from "../../test/support/builders.ts";

const BATCH = 250;
const BATCHES_AT_ONCE = 4;

/** Copies of a purchase and its key as the service itself has written them, under other names, due long from now. */
export async function stock(db: Firestore, count: number, now: number): Promise<void> {
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
