import { type Check, type CheckContext, type DoctorStore, type Finding, skipped } from "./check.ts";

/** A check of what lies in Firestore: nothing to look at without it, and nothing new to say where it doesn't answer. */
export function storeCheck(
  name: string,
  look: (store: DoctorStore, context: CheckContext) => Promise<readonly Finding[]>,
): Check {
  return {
    name,
    needs: () => ["firestore"],
    async run(context) {
      const { PLAYGRANT_STORE: store, GOOGLE_CLOUD_PROJECT: project } = context.config;
      if (store === "memory") return [skipped("the store is in memory")];
      if (project === undefined) return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
      return look(await context.store(), context);
    },
  };
}
