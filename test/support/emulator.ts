import { createHash } from "node:crypto";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A Google project of a test file's own: nobody's (`demo-…`), the same in each run of that file, new in each run of the
 * emulators. One emulator serves all files, their data apart.
 */
export function emulatorProject(testFile: string): string {
  const path = relative(fileURLToPath(new URL("..", import.meta.url)), fileURLToPath(testFile));
  const once = `${path} ${process.pid} ${Date.now()}`;
  return `demo-${createHash("sha256").update(once).digest("hex").slice(0, 16)}`;
}
