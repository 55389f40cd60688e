import { Firestore } from "@google-cloud/firestore";
import { writeDelivery, writeGrantEvent } from "../../src/adapters/firestore/documents.ts";
import { askEffect } from "../../src/adapters/firestore/outbox-documents.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { requestEffect } from "../../src/domain/effect.ts";
import { openGrant } from "../../src/domain/grant.ts";
import { grantEvents } from "../../src/domain/grant-events.ts";
import { endpointId, grantId, type SlotId } from "../../src/domain/ids.ts";
import { HOUR } from "../../src/domain/instant.ts";
import { planDelivery } from "../../src/domain/webhook-delivery.ts";
import { customer } from "../../test/support/builders.ts";
import { PACKAGE } from "./shop.ts";

/** Customers whose documents go out in one batch, and batches under way at once. */
const BATCH = 100;
const BATCHES_AT_ONCE = 4;
/** A purchase of a feature: `created` and `delivered`. */
export const EVENTS_EACH = 2;

export interface Stock {
  readonly customers: number;
  /** With what an endpoint that hangs leaves lying about: a delivery for each event, not due yet. */
  readonly leftovers: boolean;
}

/** What purchases of so many customers leave in Firestore for webhooks: the events, and the effect that publishes them. */
export async function stockEvents(
  projectId: string,
  { customers, leftovers }: Stock,
  now: number,
): Promise<void> {
  const db = new Firestore({ projectId });
  let next = 0;
  const lane = async () => {
    for (let from = next; from < customers; from = next) {
      next += BATCH;
      const batch = db.batch();
      for (let index = from; index < Math.min(from + BATCH, customers); index += 1) {
        for (const { ref, data } of documentsOf(db, index, now)) batch.set(ref, data);
        if (leftovers) for (const { ref, data } of leftoversOf(db, index, now)) batch.set(ref, data);
      }
      await batch.commit();
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, lane));
  await db.terminate();
}

function documentsOf(db: Firestore, index: number, now: number) {
  const at = paths(db);
  const events = eventsOf(index, now);
  const customerId = customerOf(index);
  const eventIds = events.map(({ id }) => id);
  const asked = requestEffect({ kind: "publish_events", customerId, eventIds }, now);
  return [
    ...events.map((event) => ({ ref: at.grantEvents.doc(event.id), data: writeGrantEvent(event) as object })),
    { ref: at.outbox.doc(asked.id), data: { ...askEffect(asked), attempts: 0 } as object },
  ];
}

const NOBODY = endpointId("0".repeat(32));

function leftoversOf(db: Firestore, index: number, now: number) {
  const at = paths(db);
  const deliveries = eventsOf(index, now).map((event) => planDelivery(event, NOBODY, now + HOUR));
  const eventIds = deliveries.map((delivery) => delivery.eventId);
  const lane = {
    kind: "send_webhooks",
    endpointId: NOBODY,
    customerId: customerOf(index),
    eventIds,
  } as const;
  const asked = requestEffect(lane, now + HOUR);
  return [
    ...deliveries.map((one) => ({
      ref: at.webhookDeliveries.doc(one.id),
      data: writeDelivery(one, now) as object,
    })),
    { ref: at.outbox.doc(asked.id), data: { ...askEffect(asked), attempts: 0 } as object },
  ];
}

function customerOf(index: number) {
  return customer(`customer-${String(index).padStart(8, "0")}`);
}

function eventsOf(index: number, now: number) {
  const slotId = `slt_${String(index).padStart(32, "0")}` as SlotId;
  const grant = openGrant(
    {
      id: grantId(slotId, 1),
      slotId,
      customerId: customerOf(index),
      entitlementId: "premium",
      packageName: PACKAGE,
      integrationType: "feature",
      purchaseId: null,
      productId: "one_time_feature",
      orderId: `GPA.${String(index).padStart(8, "0")}`,
      chainId: null,
      regrantOf: null,
      licenseKey: null,
      expiresAt: null,
    },
    "Delivered",
    now,
  );
  return grantEvents(null, grant, now);
}
