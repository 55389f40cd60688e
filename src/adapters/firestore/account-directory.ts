import type { Firestore } from "@google-cloud/firestore";
import { z } from "zod";
import type { AccountDirectory } from "../account-ids/account-ids.ts";
import { guarded, isAlreadyThere } from "./errors.ts";
import { paths } from "./paths.ts";
import { customerIdSchema } from "./schemas.ts";

const accountSchema = z.object({ customer_id: customerIdSchema });

/** Which customer an obfuscated account id was given to: one document an id. */
export function createFirestoreAccountDirectory(db: Firestore): AccountDirectory {
  const { accountIds } = paths(db);
  return {
    async remember(accountId, customerId) {
      await guarded(async () => {
        try {
          await accountIds.doc(accountId).create({ customer_id: customerId });
        } catch (error) {
          // An id derives from its customer, so what is there says the same.
          if (!isAlreadyThere(error)) throw error;
        }
      });
    },

    async find(accountId) {
      const snapshot = await guarded(() => accountIds.doc(accountId).get());
      return snapshot.exists ? accountSchema.parse(snapshot.data()).customer_id : null;
    },
  };
}
