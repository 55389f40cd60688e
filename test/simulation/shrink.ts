import type { Act } from "./acts.ts";
import { type Report, type SimulateOptions, simulate } from "./simulate.ts";

/** As many runs as shrinking may take. */
const MAX_RUNS = 400;

/**
 * Leaves out acts as long as something is still wrong in the same way: halves first, then smaller and smaller parts.
 *
 * @returns The report of the shortest life found.
 */
export async function shrink(options: SimulateOptions, failed: Report): Promise<Report> {
  let best = failed;
  let runs = 0;
  const kind = kindOf(failed);
  for (let size = Math.ceil(best.acts.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.acts.length && runs < MAX_RUNS; ) {
      const acts: readonly Act[] = [...best.acts.slice(0, from), ...best.acts.slice(from + size)];
      runs += 1;
      const report = await simulate({ ...options, acts });
      if (kindOf(report) === kind) best = report;
      else from += size;
    }
  }
  return best;
}

/** Problems are alike when their words are, whatever names and times they are about. */
function kindOf({ problems }: Report): string {
  return (problems[0] ?? "").replace(/customer-\d+|p\d+|[a-z]{3}_\w+|[\dT:.Z-]+/g, "#").slice(0, 80);
}
