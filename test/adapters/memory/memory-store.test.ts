import { createMemoryStore } from "../../../src/adapters/memory/memory-store.ts";
import { storeContract } from "../../contracts/store.ts";

storeContract("in memory", async (options) => {
  const { tables, ...store } = createMemoryStore(options);
  return {
    ...store,
    entitlementRows: async (id) => Object.keys(tables.customers.get(id)?.value.entitlements ?? {}),
    countIntake: async () => ({
      letters: tables.deadLetters.size,
      orphans: tables.orphans.size,
      reviews: tables.refundReviews.size,
    }),
    close: async () => undefined,
  };
});
