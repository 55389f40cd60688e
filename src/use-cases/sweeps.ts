import { HOUR, MINUTE, SECOND } from "../domain/instant.ts";
import type { Sweep, SweepPorts, SweepReport } from "./sweep.ts";
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
        found: "purchases were due to be asked about",
        changed: "had news that no notice had brought",
      },
      run: (ports) => sweepDuePurchases(ports, AT_ONCE),
    },
    {
      name: "voided",
      everyMs: HOUR,
      words: { found: "purchases stand in Google's list of voids", changed: "had voids that were new to us" },
      run: createVoidedSweep(),
    },
    {
      name: "unacknowledged",
      everyMs: MINUTE,
      words: { found: "purchases wait to be acknowledged", changed: "are being acknowledged anew" },
      run: (ports) => sweepUnacknowledged(ports, AT_ONCE),
    },
    {
      name: "licenses",
      everyMs: 5 * MINUTE,
      words: { found: "licences were due to be compared", changed: "stood otherwise than we had them" },
      run: (ports) => sweepLicenses(ports, AT_ONCE),
    },
    {
      name: "refund-reviews",
      everyMs: MINUTE,
      words: { found: "refund reviews are near their deadline", changed: "were decided by default" },
      run: (ports) => sweepRefundReviews(ports, AT_ONCE),
    },
    {
      name: "silence",
      everyMs: 10 * MINUTE,
      words: { found: "unusual silences of Google's", changed: "raised an alarm" },
      run: sweepSilence,
    },
    {
      name: "effects",
      // An empty look at the outbox is one read: often enough that nobody waits long for what another process left.
      everyMs: SECOND,
      words: { found: "effects were due", changed: "are done" },
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
