import { defineConfig } from "vitest/config";

/** Mutants of the domain meet the domain's own tests alone: nothing that talks to anybody, nothing slow. */
export default defineConfig({
  test: { include: ["test/domain/**/*.test.ts"] },
});
