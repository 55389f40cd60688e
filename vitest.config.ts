import { defineConfig } from "vitest/config";

/** `unit` needs no network and no Java; `emulator` runs against Google's Firestore and Pub/Sub emulators. */
export default defineConfig({
  test: {
    pool: "forks",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.emulator.test.ts"],
        },
      },
      {
        test: {
          name: "emulator",
          include: ["test/**/*.emulator.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
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
