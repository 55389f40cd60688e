import { Firestore, Timestamp } from "@google-cloud/firestore";
import { z } from "zod";
import { type Customer, type Entitlement, entitlementShape, type Grant, grantShape } from "./customer.ts";

/** What a customer holds, as somebody sees it who is not the app that bought: the proof of each step. */
export interface Holdings {
  /** Whose word it is. */
  readonly name: string;
  entitlement(id: string): Promise<Entitlement | null>;
  /** Newest first: access that comes back is a new grant. */
  grants(entitlementId: string): Promise<readonly Grant[]>;
  /** All that is kept, with the time each was written: equal means that nothing was. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

/** The documents that a client may read, and for the fingerprint every document there is. */
export function holdingsInFirestore(projectId: string, uid: string): Holdings {
  const db = new Firestore({ projectId });
  const customer = db.collection("customers").doc(uid);
  return {
    name: "Firestore",
    async entitlement(id) {
      const document = await customer.collection("entitlements").doc(id).get();
      return document.exists ? entitlementShape.parse(withTexts(document.data())) : null;
    },
    async grants(entitlementId) {
      const query = customer.collection("grants").where("entitlement_id", "==", entitlementId);
      const { docs } = await query.get();
      const grants = docs.map((doc) => grantShape.parse(withTexts(doc.data())));
      return grants.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
    },
    async fingerprint() {
      // The outbox is work in hand, not a result; what lies under a customer is found by its own name.
      const roots = (await db.listCollections()).filter(({ id }) => id !== "outbox" && id !== "customers");
      const places = [...roots, db.collectionGroup("entitlements"), db.collectionGroup("grants")];
      const found = await Promise.all(places.map((place) => place.get()));
      const lines = found.flatMap(({ docs }) =>
        docs.map(
          ({ ref, updateTime }) =>
            `${ref.path} ${updateTime.toDate().toISOString()} ${updateTime.nanoseconds}`,
        ),
      );
      return lines.sort().join("\n");
    },
    close: () => db.terminate(),
  };
}

function withTexts(data: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      value instanceof Timestamp ? value.toDate().toISOString() : value,
    ]),
  );
}

/** With the embedded store nobody else can look inside: the API is asked. */
export function holdingsInApi(customer: Customer): Holdings {
  const entitlements = async () =>
    z.object({ entitlements: z.array(entitlementShape) }).parse(await customer.get("/v1/entitlements"))
      .entitlements;
  const grants = async () =>
    z.object({ data: z.array(grantShape) }).parse(await customer.get("/v1/grants")).data;
  return {
    name: "The API",
    entitlement: async (id) =>
      (await entitlements()).find(({ entitlement_id }) => entitlement_id === id) ?? null,
    grants: async (id) => (await grants()).filter(({ entitlement_id }) => entitlement_id === id),
    async fingerprint() {
      const paths = ["/v1/entitlements", "/v1/grants", "/v1/purchases"];
      return JSON.stringify(await Promise.all(paths.map((path) => customer.get(path))));
    },
    close: async () => undefined,
  };
}
