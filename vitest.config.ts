import { configDefaults, defineConfig } from "vitest/config";

/**
 * `unit` needs no network and no Java; `emulator` runs against Google's Firestore and Pub/Sub emulators; `firebase` also
 * needs what test/firebase/package.json lists.
 */
export default defineConfig({
  test: {
    pool: "forks",
    // Much of what tests take is waiting: for emulators, for leases, for processes to start.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "test/**/*.emulator.test.ts", "test/**/*.firebase.test.ts"],
          // Far more than any of them takes, so that a busy machine breaks none.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "emulator",
          include: ["test/**/*.emulator.test.ts"],
          exclude: configDefaults.exclude,
          // A query fails there that firestore.indexes.json has no index for, as it would in production.
          setupFiles: ["test/support/query-indexes/watch.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "firebase",
          include: ["test/firebase/**/*.firebase.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Four emulators and a process per function: they have the machine to themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/domain/**"],
      thresholds: { branches: 100 },
    },
  },
});
