import { expect, test } from "vitest";
import { guarded } from "../../src/adapters/firestore/errors.ts";
import { createMemoryStore } from "../../src/adapters/memory/memory-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { firestore } from "../../src/doctor/checks/firestore.ts";
import { aContext, lines, PROJECT } from "./support.ts";

const memory = createMemoryStore({
  clock: systemClock,
  chance: Math.random,
  leaseMs: 1000,
  newLease: () => "l",
});

/** What Google's client throws, through the adapter's own hands. */
function failing(error: Error, environment: Record<string, string> = {}) {
  const records = { ...memory.records, ping: () => guarded(() => Promise.reject(error)) };
  return aContext(
    { GOOGLE_CLOUD_PROJECT: PROJECT, ...environment },
    { store: async () => ({ ...memory, records }) },
  );
}

test.each([
  [
    5,
    /^failed: the project shop-123 has no database "\(default\)" → gcloud firestore databases create --project=shop-123/,
  ],
  [
    7,
    /^failed: Firestore refuses these credentials.* → .*roles\/datastore\.user.*gcloud services enable firestore\.googleapis\.com/,
  ],
  [16, /^failed: Firestore refuses these credentials/],
  [9, /^failed: the database "\(default\)" of shop-123 is in Datastore mode → It must be in Native mode/],
  [14, /^failed: Firestore gives no answer → Look whether this machine may reach https:\/\/firestore/],
])("Google's code %s: %s", async (code, told) => {
  const context = failing(Object.assign(new Error("words with a document's data"), { code }));
  expect(await lines(firestore, context)).toEqual([expect.stringMatching(told)]);
});

test("nobody at the emulator's address", async () => {
  const context = failing(Object.assign(new Error("m"), { code: 14 }), {
    FIRESTORE_EMULATOR_HOST: "127.0.0.1:9",
  });
  expect(await lines(firestore, context)).toEqual([
    "failed: nobody answers at FIRESTORE_EMULATOR_HOST (127.0.0.1:9) → Start the emulator, or unset FIRESTORE_EMULATOR_HOST",
  ]);
});

test("one that hangs has the check's time", async () => {
  const records = { ...memory.records, ping: () => new Promise<never>(() => undefined) };
  const context = aContext(
    { GOOGLE_CLOUD_PROJECT: PROJECT },
    { store: async () => ({ ...memory, records }) },
  );
  expect(await lines(firestore, context, 100)).toEqual([
    expect.stringMatching(/^failed: Firestore gives no answer/),
  ]);
});

test.each([
  [{ PLAYGRANT_STORE: "memory" }, "skipped: the store is in memory"],
  [{}, "skipped: because GOOGLE_CLOUD_PROJECT is not set"],
])("%j: %s", async (environment, told) => {
  expect(await lines(firestore, aContext(environment))).toEqual([told]);
});
