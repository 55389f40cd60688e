import { HOUR, type Instant, MINUTE, SECOND } from "../domain/instant.ts";
import {
  addReports,
  NOTHING_FOUND,
  noteFailure,
  type Sweep,
  type SweepPorts,
  type SweepReport,
} from "./sweep.ts";
import { sweepDuePurchases } from "./sweep-due-purchases.ts";
import { sweepEffects } from "./sweep-effects.ts";
import { sweepLicenses } from "./sweep-licenses.ts";
import { sweepRefundReviews } from "./sweep-refund-reviews.ts";
import { sweepSilence } from "./sweep-silence.ts";
import { sweepUnacknowledged } from "./sweep-unacknowledged.ts";
import { createVoidedSweep } from "./sweep-voided.ts";

/** Things handled in a pass. */
const AT_ONCE = 100;
const EFFECTS_AT_ONCE = 50;

/**
 * Every sweep of a process, in the order in which they are best run one after the other: what Google and the licence server
 * say first, then what follows from it. A new one is a file and an entry here.
 */
export function createSweeps(): readonly Sweep[] {
  return [
    {
      name: "due",
      // A period that ended is settled within a minute (contract section 5).
      everyMs: 20 * SECOND,
      words: {
        found: "due to be asked about",
        changed: "with news that no notice had brought",
      },
      run: (ports) => sweepDuePurchases(ports, AT_ONCE),
    },
    {
      name: "voided",
      everyMs: HOUR,
      words: { found: "in Google's list of voids", changed: "with voids new to us" },
      run: createVoidedSweep(),
    },
    {
      name: "unacknowledged",
      everyMs: MINUTE,
      words: { found: "waiting to be acknowledged", changed: "to be acknowledged anew" },
      run: (ports) => sweepUnacknowledged(ports, AT_ONCE),
    },
    {
      name: "licenses",
      everyMs: 5 * MINUTE,
      words: { found: "due to be compared", changed: "standing otherwise than we had it" },
      run: (ports) => sweepLicenses(ports, AT_ONCE),
    },
    {
      name: "refund-reviews",
      everyMs: MINUTE,
      words: { found: "near the deadline", changed: "decided by default" },
      run: (ports) => sweepRefundReviews(ports, AT_ONCE),
    },
    {
      name: "silence",
      everyMs: 10 * MINUTE,
      words: { found: "longer than usual", changed: "told as an alarm" },
      run: sweepSilence,
    },
    {
      name: "effects",
      // An empty look at the outbox is one read: often enough that nobody waits long for what another process left.
      everyMs: SECOND,
      words: { found: "due", changed: "done" },
      run: (ports) => sweepEffects(ports, EFFECTS_AT_ONCE),
    },
  ];
}

/** One pass, with a line in the log where there was anything. */
export async function runSweep(ports: SweepPorts, { name, run }: Sweep): Promise<SweepReport> {
  const report = await run(ports);
  const { found, changed, failed } = report;
  if (found + failed > 0) ports.log.info("sweep", { kind: name, found, changed, failed });
  return report;
}

/**
 * Pass after pass, until nothing more is due or no time is left. One sweep that fails doesn't keep others from running.
 *
 * @param until No pass begins after it; null: as long as it takes.
 */
export async function runSweepThrough(
  ports: SweepPorts,
  sweep: Sweep,
  until: Instant | null = null,
): Promise<SweepReport> {
  let total = NOTHING_FOUND;
  try {
    for (let more = true; more; ) {
      const report = await runSweep(ports, sweep);
      total = addReports(total, report);
      more = report.more && (until === null || ports.clock.now() < until);
    }
    return total;
  } catch (error) {
    noteFailure(ports.log, { kind: sweep.name }, error);
    return addReports(total, { ...NOTHING_FOUND, failed: 1 });
  }
}

/**
 * What a schedule of one run a minute has to begin in this minute: each sweep as often as a worker runs it, but never twice
 * a minute. No run needs to know of another.
 *
 * @param at Any time within the minute.
 */
export function dueInMinute(sweeps: readonly Sweep[], at: Instant): readonly Sweep[] {
  const minute = Math.floor(at / MINUTE);
  return sweeps.filter(({ everyMs }) => minute % Math.max(1, Math.round(everyMs / MINUTE)) === 0);
}
