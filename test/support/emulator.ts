import { createHash } from "node:crypto";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Firestore } from "@google-cloud/firestore";
import { createFirestoreStore, type FirestoreStore } from "../../src/adapters/firestore/index.ts";
import type { StoreOptions } from "../../src/adapters/shared/optimistic-store.ts";

let projects = 0;

/**
 * A Google project of the caller's own: nobody's (`demo-…`), and another one at each call. One emulator serves all, their
 * data apart.
 *
 * @param testFile `import.meta.url`.
 */
export function emulatorProject(testFile: string): string {
  projects += 1;
  const path = relative(fileURLToPath(new URL("..", import.meta.url)), fileURLToPath(testFile));
  const once = `${path} ${process.pid} ${Date.now()} ${projects}`;
  return `demo-${createHash("sha256").update(once).digest("hex").slice(0, 16)}`;
}

export interface EmulatedStore extends FirestoreStore {
  /** A second client, for a test to look at what was written, or to spoil it. */
  readonly db: Firestore;
  readonly projectId: string;
}

/** The Firestore store on the emulator, in a new and empty project. Close it at the end. */
export function createEmulatedStore(testFile: string, options: StoreOptions): EmulatedStore {
  if (!process.env.FIRESTORE_EMULATOR_HOST) {
    throw new Error("FIRESTORE_EMULATOR_HOST is not set: run `npm test`, which starts the emulators.");
  }
  const projectId = emulatorProject(testFile);
  const store = createFirestoreStore(projectId, options);
  const db = new Firestore({ projectId });
  const close = async () => void (await Promise.all([store.close(), db.terminate()]));
  return { ...store, db, projectId, close };
}
