import { storeContract } from "../../contracts/store.ts";
import { createEmulatedStore } from "../../support/emulator.ts";

storeContract("Firestore, on the emulator", async (options) => {
  const { db, ...store } = createEmulatedStore(import.meta.url, options);
  const count = async (collection: string) => (await db.collection(collection).count().get()).data().count;
  return {
    ...store,
    corruptPurchase: async (id) => void (await db.doc(`purchases/${id}`).set({ id, revision: "twelve" })),
    entitlementRows: async (id) => {
      const { docs } = await db.collection(`customers/${id}/entitlements`).get();
      return docs.map((doc) => doc.id).sort();
    },
    countIntake: async () => ({
      letters: await count("rtdn_dead_letters"),
      orphans: await count("license_orphans"),
      reviews: await count("refund_reviews"),
    }),
  };
});
