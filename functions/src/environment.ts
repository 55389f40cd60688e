import { join } from "node:path";

/**
 * What a function finds in its environment: the settings of `functions/.env` and of Secret Manager as the service names
 * them, and what Firebase says of itself. The only reader of it here.
 */
const environment = process.env;

/** Settings of the functions themselves; they stand in `functions/.env`, which the command line reads before it deploys. */
export const deployment = {
  region: environment.FUNCTIONS_REGION || "asia-southeast1",
  topic: environment.RTDN_TOPIC || "play-rtdn",
  /** Who the functions are: the account that Play and Google Cloud give rights to. */
  serviceAccount: environment.FUNCTIONS_SERVICE_ACCOUNT || null,
  apiMinInstances: wholeNumber("API_MIN_INSTANCES", 0),
  /** An empty list is one too: a shop without licences, admin API and mail has none. */
  secrets: (environment.FUNCTIONS_SECRETS ?? "KEYTHAI_API_KEY,LICENSE_ENCRYPTION_KEYS,ADMIN_API_KEYS")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
};

/** @throws Error at the deploy, where somebody can mend it. */
function wholeNumber(name: string, otherwise: number): number {
  const text = environment[name] || String(otherwise);
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${name} in functions/.env: expected a whole number`);
}

/** The function that this process runs; null while the command line or a test only looks at what there is. */
export const target = environment.K_SERVICE === undefined ? null : (environment.FUNCTION_TARGET ?? null);

/**
 * As the service reads it (contract section 2): Firebase names the project in its own way, says itself what is production,
 * and listens itself; the catalogue is the one that was bundled. Whatever `functions/.env` says of these doesn't count: it
 * may have been copied from a process.
 */
export function serviceEnvironment(): NodeJS.ProcessEnv {
  const { PORT: _, ...given } = environment;
  return {
    ...given,
    NODE_ENV: environment.FUNCTIONS_EMULATOR === "true" ? "development" : "production",
    GOOGLE_CLOUD_PROJECT: environment.GCLOUD_PROJECT,
    CATALOG_FILE: join(import.meta.dirname, "catalog.json"),
  };
}
