import { readFileSync } from "node:fs";
import { initializeTestEnvironment, type RulesTestEnvironment } from "@firebase/rules-unit-testing";
import { setLogLevel } from "firebase/firestore";
import { emulatorProject } from "../../support/emulator.ts";
import { type Act, documents, type Expectation, GUEST } from "./expectations.ts";

export const RULES = readFileSync(new URL("../../../firestore.rules", import.meta.url), "utf8");

/** Google's client tells of each refusal, and being refused is what these tests are about. */
setLogLevel("silent");

type Database = ReturnType<ReturnType<RulesTestEnvironment["unauthenticatedContext"]>["firestore"]>;

/** Rules at work over the documents of the table, in a project of their own. */
export interface Stage {
  readonly projectId: string;
  /** Tries what is expected. @returns Whether it is as expected. @throws What else went wrong. */
  holds(expectation: Expectation): Promise<boolean>;
  /** Writes what no client may. */
  write(change: (db: Database) => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

/** Host and port of the emulator that the run was given. */
export function emulatorHost(): { host: string; port: number } {
  const [host, port] = (process.env.FIRESTORE_EMULATOR_HOST ?? "").split(":");
  if (!host || !port)
    throw new Error("FIRESTORE_EMULATOR_HOST is not set: run `npm test`, which starts the emulators.");
  return { host, port: Number(port) };
}

/** @throws Error where the emulator doesn't take the rules. */
export async function createStage(testFile: string, rules: string): Promise<Stage> {
  const projectId = emulatorProject(testFile);
  const environment = await initializeTestEnvironment({ projectId, firestore: { ...emulatorHost(), rules } });
  const write: Stage["write"] = (change) =>
    environment.withSecurityRulesDisabled(async (context) => void (await change(context.firestore())));
  await write(seed);
  const databases = new Map<string | null, Database>();
  const as = (who: string | null): Database => {
    const known = databases.get(who);
    if (known !== undefined) return known;
    const database = contextOf(environment, who).firestore();
    databases.set(who, database);
    return database;
  };
  return {
    projectId,
    write,
    holds: async ({ who, act, at, may }) => (await happens(() => ACTS[act](as(who), at, who))) === may,
    close: () => environment.cleanup(),
  };
}

function contextOf(environment: RulesTestEnvironment, who: string | null) {
  if (who === null) return environment.unauthenticatedContext();
  if (who !== GUEST) return environment.authenticatedContext(who);
  return environment.authenticatedContext(who, { firebase: { sign_in_provider: "anonymous" } });
}

function seed(db: Database): Promise<void> {
  const batch = db.batch();
  for (const [path, data] of Object.entries(documents())) batch.set(db.doc(path), data);
  return batch.commit();
}

const ACTS: Readonly<Record<Act, (db: Database, at: string, who: string | null) => Promise<unknown>>> = {
  get: (db, at) => db.doc(at).get(),
  list: (db, at) => db.collection(at).get(),
  "list own": (db, at, who) => db.collection(at).where("customer_id", "==", who).limit(1).get(),
  group: (db, at) => db.collectionGroup(at).get(),
  "group own": (db, at, who) => db.collectionGroup(at).where("customer_id", "==", who).limit(1).get(),
  create: (db, at) => db.doc(at).set({ active: true }),
  update: (db, at) => db.doc(at).update({ active: false }),
  delete: (db, at) => db.doc(at).delete(),
};

async function happens(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "permission-denied") return false;
    throw error;
  }
}
