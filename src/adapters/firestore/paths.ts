import type { Firestore } from "@google-cloud/firestore";

/** Every collection, by name. What a client may read lies under `customers`; the rules close all else. */
export function paths(db: Firestore) {
  const customer = (id: string) => db.collection("customers").doc(id);
  return {
    purchases: db.collection("purchases"),
    /** A customer's slots: private, and so not under `customers`. */
    customerFiles: db.collection("customer_files"),
    entitlements: (customerId: string) => customer(customerId).collection("entitlements"),
    grants: (customerId: string) => customer(customerId).collection("grants"),
    /** Of all customers. */
    allGrants: db.collectionGroup("grants"),
    licenseKeys: db.collection("license_keys"),
    licenseOrphans: db.collection("license_orphans"),
    grantEvents: db.collection("grant_events"),
    auditEvents: db.collection("audit_events"),
    outbox: db.collection("outbox"),
    accountIds: db.collection("account_ids"),
    deadLetters: db.collection("rtdn_dead_letters"),
    refundReviews: db.collection("refund_reviews"),
    sweepMarks: db.collection("sweep_marks"),
    webhookEndpoints: db.collection("webhook_endpoints"),
    webhookDeliveries: db.collection("webhook_deliveries"),
    mails: db.collection("mails"),
  };
}

export type Paths = ReturnType<typeof paths>;
