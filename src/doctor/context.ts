import { randomUUID } from "node:crypto";
import { GOOGLE_ROOT_URL } from "../adapters/google-play/play-api.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { Config, ConfigResult } from "../config.ts";
import { allIssues } from "../config-files.ts";
import { readCatalogFile } from "./catalog-file.ts";
import type { DoctorContext, DoctorStore, GoogleRoots } from "./check.ts";
import { createGoogleAccess } from "./google-access.ts";

export const GOOGLE: GoogleRoots = {
  pubsub: "https://pubsub.googleapis.com",
  firestore: "https://firestore.googleapis.com",
  rules: "https://firebaserules.googleapis.com",
  resourceManager: "https://cloudresourcemanager.googleapis.com",
  kms: "https://cloudkms.googleapis.com",
  play: GOOGLE_ROOT_URL,
};

/** What the checks work with, from the settings as they were read: wrong ones are told, the rest is used. */
export function createContext(read: ConfigResult): DoctorContext {
  const config = read.ok ? read.config : read.rest;
  let opening: Promise<DoctorStore> | null = null;
  return {
    config,
    issues: allIssues(read),
    catalog: readCatalogFile(config.CATALOG_FILE),
    google: createGoogleAccess(),
    roots: GOOGLE,
    clock: systemClock,
    store() {
      opening ??= openStore(config);
      return opening;
    },
  };
}

/** Google's client is heavy, and without Firestore nobody needs it. */
async function openStore(config: Config): Promise<DoctorStore> {
  const { createFirestoreStore } = await import("../adapters/firestore/index.ts");
  return createFirestoreStore(config.GOOGLE_CLOUD_PROJECT ?? "", {
    clock: systemClock,
    chance: Math.random,
    leaseMs: config.EFFECT_LEASE_SECONDS * 1000,
    newLease: randomUUID,
  });
}
