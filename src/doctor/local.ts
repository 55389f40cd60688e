import { isLoopback } from "../adapters/google-play/play-auth.ts";
import type { Config } from "../config.ts";

/** Firestore is asked at Google's. */
export function usesFirestore(config: Config): boolean {
  return config.PLAYGRANT_STORE === "firestore" && config.FIRESTORE_EMULATOR_HOST === undefined;
}

/** Pub/Sub is asked at Google's; the demo's embedded store without a project has none. */
export function usesPubSub(config: Config): boolean {
  return config.GOOGLE_CLOUD_PROJECT !== undefined && config.PUBSUB_EMULATOR_HOST === undefined;
}

/** Play is asked at Google's, and not at a stand-in on this machine. */
export function usesPlay({ PLAY_API_ROOT_URL: root }: Config): boolean {
  return root === undefined || !isLoopback(root);
}

/** Anything needs Google's credentials. */
export function usesGoogle(config: Config): boolean {
  const kms = config.LICENSE_KMS_KEY !== undefined;
  return usesFirestore(config) || usesPubSub(config) || usesPlay(config) || kms;
}
