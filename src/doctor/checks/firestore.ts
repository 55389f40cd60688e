import { within } from "../../adapters/shared/google-headers.ts";
import { AppError } from "../../domain/errors.ts";
import { type Check, type CheckContext, type Finding, failed, ok, skipped } from "../check.ts";
import { enable, memberOf } from "../google-api.ts";
import { usesFirestore } from "../local.ts";

/** One document is read, in the way of the service. */
export const firestore: Check = {
  name: "firestore",
  needs: ({ config }) => (usesFirestore(config) ? ["google"] : []),
  async run(context) {
    const { config, clock, signal } = context;
    if (config.PLAYGRANT_STORE === "memory") return [skipped("the store is in memory")];
    if (config.GOOGLE_CLOUD_PROJECT === undefined)
      return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const from = clock.monotonic();
    try {
      const { records } = await context.store();
      await within(signal, records.ping());
      return [ok(`a document was read in ${Math.round(clock.monotonic() - from)} ms`)];
    } catch (error) {
      if (signal.aborted || error instanceof AppError) return [await explain(error, context)];
      throw error;
    }
  },
};

/** gRPC's codes, which the adapter keeps of Firestore's errors. */
const CODE = /firestore code (\d+)/;

async function explain(error: unknown, context: CheckContext): Promise<Finding> {
  const { config } = context;
  const project = config.GOOGLE_CLOUD_PROJECT ?? "";
  const cause = error instanceof AppError && error.cause instanceof Error ? error.cause.message : "";
  const emulator = config.FIRESTORE_EMULATOR_HOST;
  switch (CODE.exec(cause)?.[1]) {
    case "5":
      return failed(
        `the project ${project} has no database "(default)"`,
        `gcloud firestore databases create --project=${project} --location=asia-southeast1 --type=firestore-native`,
      );
    case "7":
    case "16":
      return failed(
        "Firestore refuses these credentials, or its API is not enabled",
        `gcloud projects add-iam-policy-binding ${project} --member=${await memberOf(context)} --role=roles/datastore.user; ` +
          `if its API is off: ${enable("firestore.googleapis.com", project)}`,
      );
    case "9":
      return failed(
        `the database "(default)" of ${project} is in Datastore mode`,
        `It must be in Native mode. If it is empty: gcloud firestore databases update --project=${project} --type=firestore-native; else use another project`,
      );
    default:
      return emulator === undefined
        ? failed(
            "Firestore gives no answer",
            "Look whether this machine may reach https://firestore.googleapis.com",
          )
        : failed(
            `nobody answers at FIRESTORE_EMULATOR_HOST (${emulator})`,
            "Start the emulator, or unset FIRESTORE_EMULATOR_HOST",
          );
  }
}
